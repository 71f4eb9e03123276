//! A bus on a broker of its own: one that dies, one that hangs, one that asks for certificates and tokens.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use lms_kit::bus::{BusError, Delivery, PulsarOptions, SharedBus, Token};
use octavo_engines::{Engine, Pulsar, Security};
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    place::{
        assert_all, assert_complete, collect, declare, is_quiet, message, number, publish, subscription,
        topic,
    },
    pulsar::open,
};

/// Brokers are large: one at a time beside the shared one.
async fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::const_new(());
    ONE.lock().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_dies_or_hangs_loses_nothing() {
    let _alone = alone().await;
    let mut broker = Pulsar::start().await.unwrap();
    let options = PulsarOptions {
        admin_url: Some(broker.admin_url()),
        timeout: Duration::from_secs(5),
        ..PulsarOptions::new(broker.url())
    };
    let bus = open(&options);
    declare(&bus, &["a", "b", "stopped"]).await;
    let traffic = Traffic::start(&bus, &["a", "b"]).await;

    traffic.flows().await;
    broker.kill9().unwrap();
    traffic.is_refused().await;
    broker.restart().await.unwrap();
    traffic.flows().await;

    broker.pause().unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    broker.resume().unwrap();
    traffic.flows().await;

    let (published, received) = traffic.stop().await;
    for deliveries in received {
        assert_all(&deliveries, 0..published);
    }
    // The log itself has kept the order.
    let mut stopped = bus.subscribe(&subscription("stopped")).await.unwrap();
    assert_complete(&collect(&mut stopped, published).await, 0..published);
}

/// A publisher and some subscribers that go on whatever happens.
struct Traffic {
    going: Arc<AtomicBool>,
    /// Whether nothing more will be published.
    complete: Arc<AtomicBool>,
    published: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    writer: tokio::task::JoinHandle<()>,
    readers: Vec<tokio::task::JoinHandle<Vec<Delivery>>>,
}

impl Traffic {
    const KEYS: usize = 10;

    async fn start(bus: &SharedBus, names: &[&str]) -> Self {
        let (going, published) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let complete = Arc::new(AtomicBool::new(false));
        let refused = Arc::new(AtomicUsize::new(0));
        let writer = Self::publish(bus.clone(), going.clone(), published.clone(), refused.clone());
        let writer = tokio::spawn(writer);
        let mut readers = Vec::new();
        for name in names {
            let mut subscription = bus.subscribe(&subscription(name)).await.unwrap();
            let (complete, published) = (complete.clone(), published.clone());
            readers.push(tokio::spawn(async move {
                let (mut all, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
                while !complete.load(Ordering::SeqCst) || seen.len() < published.load(Ordering::SeqCst) {
                    let wait = tokio::time::timeout(Duration::from_secs(2), subscription.receive(20));
                    let Ok(received) = wait.await else { continue };
                    let received = received.unwrap();
                    let receipts: Vec<_> = received.iter().map(|delivery| delivery.receipt).collect();
                    seen.extend(received.iter().map(number));
                    all.extend(received);
                    // What cannot be acknowledged comes again.
                    drop(subscription.acknowledge(&receipts).await);
                }
                all
            }));
        }
        Self { going, complete, published, refused, writer, readers }
    }

    /// One message of each key at a time, each until it is taken.
    async fn publish(
        bus: SharedBus,
        going: Arc<AtomicBool>,
        published: Arc<AtomicUsize>,
        refused: Arc<AtomicUsize>,
    ) {
        while going.load(Ordering::SeqCst) {
            let first = published.load(Ordering::SeqCst);
            let mut left: Vec<_> =
                (first..first + Self::KEYS).map(|number| message(number, Self::KEYS)).collect();
            while !left.is_empty() {
                let results = bus.publish(left.clone()).await;
                assert!(results.iter().flatten().count() <= left.len());
                let mut results = results.into_iter();
                left.retain(|_| match results.next().unwrap() {
                    Ok(()) => false,
                    Err(error) => {
                        assert!(matches!(error, BusError::Away(_) | BusError::Timeout(_)), "{error}");
                        refused.fetch_add(1, Ordering::SeqCst);
                        true
                    }
                });
                if !left.is_empty() {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
            published.fetch_add(Self::KEYS, Ordering::SeqCst);
        }
    }

    /// Waits until some more messages were published.
    async fn flows(&self) {
        let goal = self.published.load(Ordering::SeqCst) + 500;
        Self::until(|| self.published.load(Ordering::SeqCst) >= goal).await;
    }

    async fn is_refused(&self) {
        Self::until(|| self.refused.load(Ordering::SeqCst) > 0).await;
    }

    async fn until(condition: impl Fn() -> bool) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(90);
        while !condition() {
            assert!(tokio::time::Instant::now() < deadline, "the traffic stands still");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn stop(self) -> (usize, Vec<Vec<Delivery>>) {
        self.going.store(false, Ordering::SeqCst);
        self.writer.await.unwrap();
        self.complete.store(true, Ordering::SeqCst);
        let mut received = Vec::new();
        for reader in self.readers {
            received.push(reader.await.unwrap());
        }
        (self.published.load(Ordering::SeqCst), received)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_and_tokens_are_asked_for() {
    let _alone = alone().await;
    let secret = [7; 32];
    let admin_token = token("admin", &secret);
    let issued = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let security = Security {
        certificate: issued.cert.pem(),
        key: issued.signing_key.serialize_pem(),
        secret: secret.to_vec(),
        admin_token: admin_token.clone(),
    };
    let broker = Pulsar::start_secured(&security).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, token("admin", &[8; 32])).unwrap();
    let options = PulsarOptions {
        admin_url: Some(broker.admin_url()),
        token: Some(Token::File(file.clone())),
        ca: Some(security.certificate.clone().into_bytes()),
        ..PulsarOptions::new(broker.url())
    };

    let bus = open(&options);
    let Err(BusError::Refused(reason)) = bus.declare(&[topic()], &[]).await else {
        panic!("it was declared")
    };
    assert!(reason.to_string().contains("the token is missing or wrong, or its owner may not"), "{reason}");
    let Err(BusError::Away(reason)) = bus.ping().await else { panic!("it answers") };
    assert!(reason.to_string().contains("the token may be wrong"), "{reason}");

    // The file is read again.
    std::fs::write(&file, format!("{admin_token}\n")).unwrap();
    declare(&bus, &["a"]).await;
    bus.ping().await.unwrap();
    let mut reading = bus.subscribe(&subscription("a")).await.unwrap();
    publish(&bus, 0..100, 10).await;
    assert_complete(&collect(&mut reading, 100).await, 0..100);
    assert!(is_quiet(&mut reading).await);

    let stranger = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let distrusting = open(&PulsarOptions { ca: Some(stranger.cert.pem().into_bytes()), ..options.clone() });
    assert!(matches!(distrusting.ping().await, Err(BusError::Away(_))));
    assert!(matches!(distrusting.declare(&[topic()], &[]).await, Err(BusError::Away(_))));

    let nobody = open(&PulsarOptions { token: Some(Token::Value(token("nobody", &secret))), ..options });
    let Err(BusError::Refused(reason)) = nobody.declare(&[topic()], &[]).await else {
        panic!("it was declared")
    };
    assert!(reason.to_string().contains("clientAppId [nobody]"), "{reason}");
    let refused = nobody.publish(vec![message(0, 1)]).await.remove(0);
    assert!(matches!(refused, Err(BusError::Refused(_))), "{refused:?}");
}

fn token(role: &str, secret: &[u8]) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &json!({ "sub": role }), &key).unwrap()
}
