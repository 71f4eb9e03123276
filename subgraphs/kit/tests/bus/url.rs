//! Which bus the flags open, and what is said of wrong ones.

use clap::Parser;
use lms_kit::bus::{self, BusOptions};

use crate::place::{message, subscription, topic};

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    bus: BusOptions,
}

fn flags(line: &str) -> BusOptions {
    Flags::parse_from(std::iter::once("service").chain(line.split_whitespace())).bus
}

async fn refusal(line: &str) -> String {
    match bus::open(&flags(line)).await {
        Ok(_) => panic!("{line} opened a bus"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn without_a_url_nothing_is_kept_and_nothing_comes() {
    let bus = bus::open(&flags("")).await.unwrap();
    bus.declare(&[topic()], &[subscription("a")]).await.unwrap();
    assert!(bus.publish(vec![message(0, 1), message(1, 1)]).await.iter().all(Result::is_ok));
    let mut open = bus.subscribe(&subscription("a")).await.unwrap();
    assert!(crate::place::is_quiet(&mut open).await);
    bus.ping().await.unwrap();
}

#[tokio::test]
async fn a_file_is_a_bus() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.sqlite");
    let bus = bus::open(&flags(&format!("--bus-url sqlite:{}", path.display()))).await.unwrap();
    bus.ping().await.unwrap();
    assert!(path.is_file());
}

#[tokio::test]
async fn a_wrong_url_is_named() {
    for (url, reason) in [
        ("broker:6650", "the scheme is none of pulsar, pulsar+ssl and sqlite"),
        ("broker", "it has no scheme"),
        ("kafka://user:secret@broker", "the scheme is none of"),
        ("sqlite:", "a path is missing"),
        ("sqlite::memory:", "in memory"),
    ] {
        let said = refusal(&format!("--bus-url {url}")).await;
        assert!(said.starts_with("bus URL `") && said.contains(reason), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_named() {
    let said = refusal("--bus-url sqlite:/no/such/folder/bus.sqlite").await;
    assert!(said.contains("bus `sqlite:/no/such/folder/bus.sqlite` cannot be opened"), "{said}");
}

#[tokio::test]
async fn a_flag_without_effect_is_refused() {
    let said = refusal("--bus-namespace public/library").await;
    assert!(said.contains("--bus-namespace `public/library`: it is for Pulsar alone"), "{said}");
    let said = refusal("--bus-url sqlite:bus.sqlite --bus-admin-url http://h").await;
    assert!(said.contains("--bus-admin-url `http://h`"), "{said}");
}

#[cfg(not(feature = "pulsar"))]
#[tokio::test]
async fn a_program_without_pulsar_says_so() {
    let said = refusal("--bus-url pulsar://broker:6650").await;
    assert!(said.contains("built without Pulsar"), "{said}");
}

#[cfg(feature = "pulsar")]
#[tokio::test]
async fn a_wrong_flag_of_pulsar_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let no_certificate = format!("--bus-ca-file {}", empty.display());
    for (flags, reason) in [
        ("--bus-admin-url ftp://h", "--bus-admin-url `ftp://h`: it begins with neither http:// nor https://"),
        ("--bus-namespace library", "--bus-namespace `library`: write TENANT/NAMESPACE"),
        ("--bus-namespace a/b/c", "--bus-namespace `a/b/c`: write TENANT/NAMESPACE"),
        ("--bus-token-file /no/token", "--bus-token-file `/no/token`: No such file"),
        ("--bus-ca-file /no/ca.pem", "--bus-ca-file `/no/ca.pem`: No such file"),
        (&no_certificate, "there is no certificate in it"),
    ] {
        let said = refusal(&format!("--bus-url pulsar://h:1 {flags}")).await;
        assert!(said.contains(reason), "{said}");
    }
    assert!(refusal("--bus-url pulsar://").await.contains("a host is missing"));
}
