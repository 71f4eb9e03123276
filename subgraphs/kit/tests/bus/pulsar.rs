//! A bus on Pulsar: the suite, what is created there, and what a broker can go through.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use lms_kit::bus::{BusError, PulsarBus, PulsarOptions, SharedBus, Token, WhenFull};
use octavo_engines::{Engine, Pulsar, Security, shared};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    place::{
        Place, assert_complete, collect, collect_though, declare, is_quiet, message, number, publish,
        publish_until_taken, subscription, topic,
    },
    suite::suite,
};

suite!(Place::pulsar());

fn options() -> PulsarOptions {
    let Place::Pulsar(options) = Place::pulsar() else { unreachable!() };
    *options
}

fn open(options: &PulsarOptions) -> SharedBus {
    Arc::new(PulsarBus::open(options.clone()).unwrap())
}

/// Asks the shared broker's admin API.
async fn admin(method: reqwest::Method, path: String, body: Value) -> Value {
    let url = format!("{}/admin/v2/{path}", shared::pulsar_admin().unwrap());
    let answer = reqwest::Client::new().request(method, url).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn a_namespace_is_made_so_that_nothing_goes_away() {
    let options = PulsarOptions {
        retention: Duration::from_hours(2),
        backlog: 1 << 20,
        when_full: WhenFull::Refuse,
        ..options()
    };
    declare(&open(&options), &["a"]).await;
    let policies =
        admin(reqwest::Method::GET, format!("namespaces/public/{}", options.namespace), json!({})).await;
    assert_eq!(policies["retention_policies"]["retentionTimeInMinutes"], 120);
    let quota = &policies["backlog_quota_map"]["destination_storage"];
    assert_eq!((&quota["limitSize"], &quota["policy"]), (&json!(1 << 20), &json!("producer_exception")));
    assert_eq!(policies["inactive_topic_policies"]["deleteWhileInactive"], false);
    assert_eq!(policies["subscription_expiration_time_minutes"], 0);
    assert_eq!(policies["deduplicationEnabled"], false);
    assert_eq!(policies["autoTopicCreationOverride"]["allowAutoTopicCreation"], false);
}

#[tokio::test]
async fn a_full_backlog_refuses_and_evicts_nothing() {
    let options = PulsarOptions {
        backlog: 1 << 20,
        when_full: WhenFull::Refuse,
        partitions: 1,
        timeout: Duration::from_secs(5),
        ..options()
    };
    let bus = open(&options);
    declare(&bus, &["slow"]).await;
    let large = |number: usize| lms_kit::bus::Outgoing {
        body: "0".repeat(200_000) + &number.to_string(),
        ..message(number, 1)
    };
    let mut taken = 0;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(100);
    // The broker looks at the backlog now and then, so the limit is passed before it is felt. What is under way
    // then waits in vain; what comes later hears why.
    loop {
        assert!(tokio::time::Instant::now() < deadline, "{taken} messages were taken");
        match bus.publish(vec![large(taken)]).await.remove(0) {
            Ok(()) => taken += 1,
            Err(BusError::Away(reason)) if reason.to_string().contains("backlog quota") => break,
            Err(error) => assert!(matches!(error, BusError::Away(_) | BusError::Timeout(_)), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let mut slow = bus.subscribe(&subscription("slow")).await.unwrap();
    assert_complete(&collect(&mut slow, taken).await, 0..taken);
    publish_until_taken(&bus, large(taken)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_partitions_that_changes_loses_nothing() {
    let options = PulsarOptions { partitions: 2, ..options() };
    let before = open(&options);
    declare(&before, &["a"]).await;
    let mut reading = before.subscribe(&subscription("a")).await.unwrap();
    publish(&before, 0..200, 50).await;
    let path = format!("persistent/public/{}/books.events", options.namespace);
    admin(reqwest::Method::POST, format!("{path}/partitions"), json!(6)).await;

    let after = open(&options);
    declare(&after, &["a"]).await;
    publish(&after, 200..400, 50).await;
    let found = admin(reqwest::Method::GET, format!("{path}/partitions"), json!({})).await;
    assert_eq!(found["partitions"], 6, "a number that is there is kept");
    let last = admin(reqwest::Method::GET, format!("{path}-partition-5/stats"), json!({})).await;
    assert!(last["msgInCounter"].as_u64().unwrap() > 0, "no key went to a new partition");
    let all = collect(&mut reading, 400).await;
    let mut numbers: Vec<_> = all.iter().map(number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..400).collect::<Vec<_>>());
}

#[tokio::test]
async fn without_the_admin_api_what_is_missing_is_said() {
    let options = options();
    let blind = open(&PulsarOptions { admin_url: None, ..options.clone() });
    let Err(BusError::Refused(reason)) = blind.declare(&[topic()], &[]).await else {
        panic!("it was declared")
    };
    let name = format!("persistent://public/{}/books.events", options.namespace);
    assert!(reason.to_string().contains(&format!("there is no topic `{name}`")), "{reason}");

    declare(&open(&options), &[]).await;
    publish(&blind, 0..10, 2).await;
    blind.declare(&[topic()], &[subscription("a")]).await.unwrap();
    let mut first = blind.subscribe(&subscription("a")).await.unwrap();
    assert_complete(&collect(&mut first, 10).await, 0..10);
}

#[tokio::test]
async fn a_topic_without_partitions_is_refused() {
    let options = options();
    declare(&open(&options), &[]).await;
    let path = format!("persistent/public/{}/plain.events", options.namespace);
    admin(reqwest::Method::PUT, path, json!({})).await;
    let plain = lms_kit::bus::Topic::events("plain");
    let Err(BusError::Refused(reason)) = open(&options).declare(&[plain], &[]).await else { panic!() };
    assert!(reason.to_string().contains("`plain.events` is there without partitions"), "{reason}");
}

/// When each consumer of the subscription has connected, by its name.
async fn connections(options: &PulsarOptions) -> std::collections::BTreeMap<String, String> {
    let path = format!("persistent/public/{}/books.events-partition-0/stats", options.namespace);
    let stats = admin(reqwest::Method::GET, path, json!({})).await;
    let consumers = stats["subscriptions"]["a"]["consumers"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    consumers.iter().map(|found| (text(&found["consumerName"]), text(&found["connectedSince"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_to_which_nothing_comes_is_built_anew() {
    let options = PulsarOptions { partitions: 1, ..options() };
    let bus = open(&options);
    declare(&bus, &["a"]).await;
    publish(&bus, 0..10, 1).await;
    let mut one = bus.subscribe(&subscription("a")).await.unwrap();
    let mut given = 0;
    while given < 10 {
        given += one.receive(10).await.unwrap().len();
    }
    // It waits for the messages that the first one has and does not acknowledge.
    let mut two = bus.subscribe(&subscription("a")).await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(90);
    let mut first = connections(&options).await;
    loop {
        assert!(tokio::time::Instant::now() < deadline, "{first:?} are as they were");
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = connections(&options).await;
        let anew = now.iter().filter(|(name, since)| first.get(*name).is_some_and(|before| before != *since));
        let anew: Vec<_> = anew.map(|(name, _)| name.clone()).collect();
        first.extend(now.into_iter().filter(|(name, _)| !anew.contains(name)));
        if let [name] = anew.as_slice() {
            // Names are in the order in which the subscriptions were opened.
            assert_eq!(Some(name), first.keys().next_back(), "the one that has messages was built anew");
            break;
        }
    }
    drop(one);
    assert_complete(&collect(&mut two, 10).await, 0..10);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sender_puts_together_is_acknowledged_and_holds_nothing_up() {
    let options = PulsarOptions { partitions: 1, timeout: Duration::from_secs(5), ..options() };
    let bus = open(&options);
    declare(&bus, &["a"]).await;
    let client = pulsar::Pulsar::builder(&options.url, pulsar::TokioExecutor).build().await.unwrap();
    let together = pulsar::ProducerOptions { batch_size: Some(500), ..pulsar::ProducerOptions::default() };
    let topic = format!("persistent://public/{}/books.events-partition-0", options.namespace);
    let sender = client.producer().with_topic(topic).with_options(together).build();
    let mut sender = Box::pin(sender).await.unwrap();
    for number in 0..10_000 {
        let message = pulsar::producer::Message {
            payload: number.to_string().into_bytes(),
            partition_key: Some("key-0".to_owned()),
            ..pulsar::producer::Message::default()
        };
        Box::pin(sender.send_non_blocking(message)).await.unwrap();
    }
    sender.send_batch().await.unwrap();

    let mut reading = bus.subscribe(&subscription("a")).await.unwrap();
    let all = collect(&mut reading, 10_000).await;
    assert_complete(&all, 0..10_000);
    assert_eq!(all.len(), 10_000, "a consumer was lost on the way");
    let path = format!("persistent/public/{}/books.events-partition-0/stats", options.namespace);
    let stats = admin(reqwest::Method::GET, path, json!({})).await;
    assert_eq!(stats["subscriptions"]["a"]["msgBacklog"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_is_known_when_it_returns() {
    let options = PulsarOptions { partitions: 1, ..options() };
    let bus = open(&options);
    declare(&bus, &["a"]).await;
    publish(&bus, 0..2_000, 1).await;
    let mut reading = bus.subscribe(&subscription("a")).await.unwrap();
    let mut receipts = Vec::new();
    while receipts.len() < 2_000 {
        receipts.extend(reading.receive(500).await.unwrap().iter().map(|delivery| delivery.receipt));
    }
    let path = format!("persistent/public/{}/books.events-partition-0/stats", options.namespace);
    reading.acknowledge(&receipts).await.unwrap();
    let stats = admin(reqwest::Method::GET, path, json!({})).await;
    assert_eq!(stats["subscriptions"]["a"]["msgBacklog"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_are_unloaded_lose_nothing() {
    let options = options();
    let bus = open(&options);
    declare(&bus, &["a"]).await;
    let mut reading = bus.subscribe(&subscription("a")).await.unwrap();
    let reader = tokio::spawn(async move { collect_though(&mut reading, 300, drop).await });
    for turn in 0..3 {
        for number in turn * 100..(turn + 1) * 100 {
            publish_until_taken(&bus, message(number, 10)).await;
        }
        let path = format!("persistent/public/{}/books.events/unload", options.namespace);
        admin(reqwest::Method::PUT, path, json!({})).await;
    }
    assert_complete(&reader.await.unwrap(), 0..300);
}

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
        assert_complete(&deliveries, 0..published);
    }
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
    readers: Vec<tokio::task::JoinHandle<Vec<lms_kit::bus::Delivery>>>,
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

    async fn stop(self) -> (usize, Vec<Vec<lms_kit::bus::Delivery>>) {
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
