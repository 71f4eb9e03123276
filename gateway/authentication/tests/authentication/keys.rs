//! Keys that are published over HTTP and HTTPS, change, and are away.

use std::time::Duration;

use octavo_authentication::{Algorithm, HttpKeys, Provider, Refusal};
use serde_json::json;

use crate::kit::{Publisher, authenticator, bearer, claims, ed_key, provider, published, signed};

fn set(seed: u8, id: &str) -> serde_json::Value {
    json!({ "keys": [published(&ed_key(seed), Algorithm::EdDSA, id)] })
}

fn token(seed: u8, id: &str) -> http::HeaderMap {
    bearer(&signed(&ed_key(seed), Algorithm::EdDSA, Some(id), &claims()))
}

#[tokio::test]
async fn keys_come_over_tls_from_whom_an_authority_vouches_for() {
    let (publisher, authority) = Publisher::secure(set(1, "one")).await;
    let trusting = authenticator(provider(publisher.https(Some(&authority))));
    assert!(trusting.caller(&token(1, "one")).await.expect("it is good").is_authenticated());
    let (_, another) = Publisher::secure(set(1, "one")).await;
    for authorities in [None, Some(another.as_str())] {
        let wary = authenticator(provider(publisher.https(authorities)));
        let failed =
            wary.fetch_keys().await.into_iter().map(|(_, error)| error.to_string()).collect::<String>();
        assert!(failed.contains("certificate"), "nobody vouches for the server: {failed}");
        assert_eq!(wary.caller(&token(1, "one")).await, Err(Refusal::Away));
    }
}

#[tokio::test]
async fn keys_are_fetched_once_and_kept_while_the_provider_is_away() {
    let publisher = Publisher::open(set(1, "one")).await;
    let provider = Provider { refresh: Duration::ZERO, ..provider(publisher.http()) };
    let authenticator = authenticator(provider);
    assert!(authenticator.fetch_keys().await.is_empty());
    publisher.stop();
    for _ in 0..3 {
        assert!(authenticator.caller(&token(1, "one")).await.is_ok());
    }
    assert_eq!(authenticator.caller(&token(1, "two")).await, Err(Refusal::UnknownKey));
    assert_eq!(publisher.asked(), 1);
}

#[tokio::test]
async fn a_key_that_is_new_is_fetched_for_but_not_for_each_token() {
    let publisher = Publisher::open(set(2, "new")).await;
    let authenticator = authenticator(provider(publisher.http()));
    for _ in 0..3 {
        assert_eq!(authenticator.caller(&token(1, "forged")).await, Err(Refusal::UnknownKey));
    }
    assert_eq!(publisher.asked(), 1);
    assert!(authenticator.caller(&token(2, "new")).await.is_ok());
    assert_eq!(publisher.asked(), 1);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(authenticator.caller(&token(1, "forged")).await, Err(Refusal::UnknownKey));
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test]
async fn old_keys_are_fetched_again_behind_the_answer() {
    let publisher = Publisher::open(set(1, "one")).await;
    let authenticator =
        authenticator(Provider { refresh: Duration::from_millis(1), ..provider(publisher.http()) });
    assert!(authenticator.caller(&token(1, "one")).await.is_ok());
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert!(authenticator.caller(&token(1, "one")).await.is_ok());
    for _ in 0..100 {
        if publisher.asked() == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the keys were asked for {} times", publisher.asked());
}

#[tokio::test]
async fn keys_that_cannot_be_used_are_told() {
    for (keys, why) in [
        (json!({}), "it is not a JSON Web Key Set"),
        (json!({ "keys": [{ "kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB" }, 7] }), "no key in it"),
    ] {
        let publisher = Publisher::open(keys).await;
        let authenticator = authenticator(provider(publisher.http()));
        let failed = authenticator.fetch_keys().await;
        assert_eq!(failed.len(), 1);
        assert!(failed[0].0 == "keys" && failed[0].1.to_string().contains(why), "{failed:?}");
        assert_eq!(authenticator.caller(&token(1, "one")).await, Err(Refusal::Away));
    }
    for (url, open) in [("http://a/keys", true), ("https://a/keys", false), ("http://127.0.0.1/keys", false)]
    {
        assert_eq!(HttpKeys::new(url, None).expect("a URL").are_open(), open, "{url}");
    }
    for url in ["", "keys.json", "ftp://a/keys", "https://"] {
        assert!(HttpKeys::new(url, None).is_err(), "{url}");
    }
    assert!(HttpKeys::new("https://a/keys", Some(b"no certificate")).is_err());
}
