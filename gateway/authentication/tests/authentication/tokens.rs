//! Which tokens are believed.

use futures::FutureExt;
use futures::future::BoxFuture;
use http::HeaderMap;
use jsonwebtoken::{EncodingKey, Header};
use octavo_authentication::{
    Algorithm, Authenticator, Caller, FetchError, InvalidTokens, KeySource, Options, Provider, Refusal,
};
use serde_json::{Value, json};

use crate::kit::{ISSUER, authenticator, bearer, claims, ed_key, now, provider, published, rsa_key, signed};

/// Keys that are always there.
struct Fixed(Value);

impl KeySource for Fixed {
    fn fetch(&self) -> BoxFuture<'_, Result<bytes::Bytes, FetchError>> {
        futures::future::ready(Ok(self.0.to_string().into())).boxed()
    }
}

fn keys() -> Fixed {
    let keys =
        [published(&ed_key(1), Algorithm::EdDSA, "ed"), published(&rsa_key(), Algorithm::RS256, "rsa")];
    Fixed(json!({ "keys": keys }))
}

fn good() -> String {
    signed(&ed_key(1), Algorithm::EdDSA, Some("ed"), &claims())
}

async fn refused(authenticator: &Authenticator, token: &str) -> Option<Refusal> {
    authenticator.caller(&bearer(token)).await.err()
}

#[tokio::test]
async fn a_token_that_a_published_key_signed_tells_the_caller() {
    let authenticator = authenticator(provider(keys()));
    let rsa = signed(&rsa_key(), Algorithm::RS256, Some("rsa"), &claims());
    let unnamed = signed(&rsa_key(), Algorithm::RS256, None, &claims());
    for token in [good(), rsa, unnamed] {
        let caller = authenticator.caller(&bearer(&token)).await.expect("it is good");
        assert!(caller.has_scope("read") && caller.has_scope("write") && !caller.has_scope("admin"));
    }
    assert_eq!(authenticator.caller(&HeaderMap::new()).await, Ok(Caller::Anonymous));
}

#[tokio::test]
async fn claims_that_do_not_fit_are_refused() {
    let authenticator = authenticator(provider(keys()));
    let cases = [
        ("exp", json!(now() - 31), Refusal::Expired),
        ("exp", Value::Null, Refusal::Claims),
        ("exp", json!("tomorrow"), Refusal::Claims),
        ("nbf", json!(now() + 60), Refusal::Early),
        ("iss", json!("https://issuer.example.evil/"), Refusal::Issuer),
        ("iss", Value::Null, Refusal::Issuer),
        ("aud", json!("other"), Refusal::Audience),
        ("aud", json!(["other", "shop2"]), Refusal::Audience),
        ("aud", Value::Null, Refusal::Claims),
    ];
    for (claim, value, why) in cases {
        let mut claims = claims();
        claims[claim] = value;
        let token = signed(&ed_key(1), Algorithm::EdDSA, Some("ed"), &claims);
        assert_eq!(refused(&authenticator, &token).await, Some(why), "{claims}");
    }
    let mut claims = claims();
    (claims["exp"], claims["aud"]) = (json!(now() - 20), json!(["other", "shop"]));
    let token = signed(&ed_key(1), Algorithm::EdDSA, Some("ed"), &claims);
    assert_eq!(refused(&authenticator, &token).await, None, "clocks may differ by 30 seconds");
}

#[tokio::test]
async fn what_no_published_key_signed_is_refused() {
    let authenticator = authenticator(provider(keys()));
    let other = signed(&ed_key(2), Algorithm::EdDSA, Some("ed"), &claims());
    assert_eq!(refused(&authenticator, &other).await, Some(Refusal::Signature));
    let unknown = signed(&ed_key(1), Algorithm::EdDSA, Some("new"), &claims());
    assert_eq!(refused(&authenticator, &unknown).await, Some(Refusal::UnknownKey));
    let (head, signature) =
        good().rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a JWT");
    let body = signed(
        &ed_key(2),
        Algorithm::EdDSA,
        Some("ed"),
        &json!({ "iss": ISSUER, "aud": "shop", "exp": now() + 60, "scope": "admin" }),
    );
    let body = body.split('.').nth(1).expect("claims");
    let changed = format!("{}.{body}.{signature}", head.split('.').next().expect("a header"));
    assert_eq!(refused(&authenticator, &changed).await, Some(Refusal::Signature));
}

#[tokio::test]
async fn a_token_without_a_signature_or_with_rubbish_is_none() {
    let authenticator = authenticator(provider(keys()));
    let body = good().split('.').nth(1).expect("claims").to_owned();
    // {"alg":"none","kid":"ed"}, in two spellings.
    for head in ["eyJhbGciOiJub25lIiwia2lkIjoiZWQifQ", "eyJhbGciOiJOb05lIiwia2lkIjoiZWQifQ"] {
        assert_eq!(refused(&authenticator, &format!("{head}.{body}.")).await, Some(Refusal::Malformed));
    }
    for rubbish in ["a", "a.b.c", "....", &good()[1..], "é"] {
        assert_eq!(refused(&authenticator, rubbish).await.map(|_| ()), Some(()), "{rubbish}");
    }
    let critical =
        Header { crit: Some(vec!["b64".into()]), kid: Some("ed".into()), ..Header::new(Algorithm::EdDSA) };
    let critical = jsonwebtoken::encode(&critical, &claims(), &ed_key(1)).expect("a token");
    assert_eq!(refused(&authenticator, &critical).await, Some(Refusal::Critical));
}

#[tokio::test]
async fn a_public_key_is_no_shared_secret() {
    let Fixed(published) = keys();
    let (point, modulus) = (&published["keys"][0]["x"], &published["keys"][1]["n"]);
    let secrets = [point, modulus].map(|text| text.as_str().expect("base64").to_owned());
    let open = Provider {
        algorithms: vec![Algorithm::HS256, Algorithm::EdDSA, Algorithm::RS256],
        ..provider(keys())
    };
    let (open, closed) = (authenticator(open), authenticator(provider(keys())));
    for (secret, id) in secrets.iter().zip(["ed", "rsa"]) {
        let decoded = EncodingKey::from_base64_secret(&secret.replace('-', "+").replace('_', "/"));
        let keys = [Some(EncodingKey::from_secret(secret.as_bytes())), decoded.ok()];
        for key in keys.into_iter().flatten() {
            let forged = signed(&key, Algorithm::HS256, Some(id), &claims());
            assert_eq!(refused(&open, &forged).await, Some(Refusal::UnknownKey), "another kind of key");
            assert_eq!(
                refused(&closed, &forged).await,
                Some(Refusal::Algorithm),
                "it is not among the allowed"
            );
        }
    }
    let pss = signed(&rsa_key(), Algorithm::PS256, Some("rsa"), &claims());
    let all = Provider { algorithms: vec![Algorithm::PS256, Algorithm::RS256], ..provider(keys()) };
    assert_eq!(
        refused(&authenticator(all), &pss).await,
        Some(Refusal::UnknownKey),
        "the key is for RS256 alone"
    );
}

#[tokio::test]
async fn each_provider_vouches_for_its_own_issuer() {
    let second = || Provider {
        issuers: vec!["https://second.example/".to_owned()],
        audiences: Vec::new(),
        ..provider(Fixed(json!({ "keys": [published(&ed_key(2), Algorithm::EdDSA, "ed")] })))
    };
    let both = Authenticator::new(Options::default(), vec![provider(keys()), second()]);
    let of = |seed, issuer: &str| {
        let mut claims = claims();
        claims["iss"] = json!(issuer);
        signed(&ed_key(seed), Algorithm::EdDSA, Some("ed"), &claims)
    };
    assert_eq!(refused(&both, &of(1, ISSUER)).await, None);
    assert_eq!(refused(&both, &of(2, "https://second.example/")).await, None);
    assert_eq!(
        refused(&both, &of(2, ISSUER)).await,
        Some(Refusal::Signature),
        "the second signs as the first"
    );
    assert_eq!(refused(&both, &of(1, "https://third.example/")).await, Some(Refusal::Issuer));
}

#[tokio::test]
async fn header_and_prefix_can_be_others_and_invalid_tokens_left_out_of_account() {
    let options = Options {
        header: http::HeaderName::from_static("x-token"),
        prefix: String::new(),
        ..Options::default()
    };
    let plain = Authenticator::new(options, vec![provider(keys())]);
    let mut headers = bearer("nonsense");
    headers.insert("x-token", good().parse().expect("a value"));
    assert!(plain.caller(&headers).await.expect("it is good").is_authenticated());
    headers.append("x-token", good().parse().expect("a value"));
    assert_eq!(plain.caller(&headers).await, Err(Refusal::NoToken), "two tokens");

    let strict = authenticator(provider(keys()));
    for value in ["Basic YTpi", "Bearer", "Bearer ", &good()] {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", value.parse().expect("a value"));
        assert_eq!(strict.caller(&headers).await, Err(Refusal::NoToken), "{value}");
    }
    let options = Options { on_invalid: InvalidTokens::Ignore, ..Options::default() };
    let lenient = Authenticator::new(options, vec![provider(keys())]);
    assert_eq!(lenient.caller(&bearer("nonsense")).await, Ok(Caller::Anonymous));
    assert!(lenient.caller(&bearer(&good())).await.expect("it is good").is_authenticated());
}
