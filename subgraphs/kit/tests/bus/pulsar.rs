//! A bus on Pulsar: the suite, what is created there, and what a broker does to topics and consumers.

use std::{sync::Arc, time::Duration};

use lms_kit::bus::{BusError, PulsarBus, PulsarOptions, SharedBus, WhenFull};
use octavo_engines::shared;
use serde_json::{Value, json};

use crate::{
    place::{
        Place, assert_all, assert_complete, collect, collect_more, declare, message, number, publish,
        publish_until_taken, subscription, topic,
    },
    suite::suite,
};

suite!(Place::pulsar());

fn options() -> PulsarOptions {
    let Place::Pulsar(options) = Place::pulsar() else { unreachable!() };
    *options
}

pub(crate) fn open(options: &PulsarOptions) -> SharedBus {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_somebody_deletes_is_made_anew_and_all_who_declared_it_are_told() {
    let options = options();
    let (one, other) = (open(&options), open(&options));
    declare(&one, &["a"]).await;
    declare(&other, &["b"]).await;
    for bus in [&one, &other] {
        assert_eq!(bus.lost().await.unwrap(), [topic()], "what was not there before is new");
        assert_eq!(bus.lost().await.unwrap(), [], "it is said once");
    }
    publish(&one, 0..10, 5).await;
    let topics = format!("persistent/public/{}/books.events/partitions?force=true", options.namespace);
    // The second time nothing is left of what was declared: the broker is as one that was set up anew.
    for namespace in [None, Some(format!("namespaces/public/{}", options.namespace))] {
        for path in [Some(topics.clone()), namespace].into_iter().flatten() {
            admin(reqwest::Method::DELETE, path, json!({})).await;
        }
        assert_eq!(one.lost().await.unwrap(), [topic()], "it was not there");
        assert_eq!(other.lost().await.unwrap(), [topic()], "another has made it anew");
    }
    for bus in [&one, &other] {
        assert_eq!(bus.lost().await.unwrap(), []);
    }
    for number in 10..20 {
        publish_until_taken(&one, message(number, 5)).await;
    }
    for (bus, name) in [(&one, "a"), (&other, "b")] {
        let mut reading = bus.subscribe(&subscription(name)).await.unwrap();
        assert_all(&collect(&mut reading, 10).await, 10..20);
    }
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
    assert_all(&collect(&mut two, 10).await, 0..10);
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
    all_is_acknowledged(&options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledgements_arrive_though_the_subscription_is_dropped_at_once() {
    let options = PulsarOptions { partitions: 1, ..options() };
    let bus = open(&options);
    declare(&bus, &["a"]).await;
    publish(&bus, 0..2_000, 1).await;
    let mut reading = bus.subscribe(&subscription("a")).await.unwrap();
    let mut receipts = Vec::new();
    while receipts.len() < 2_000 {
        receipts.extend(reading.receive(500).await.unwrap().iter().map(|delivery| delivery.receipt));
    }
    reading.acknowledge(&receipts).await.unwrap();
    drop(reading);
    all_is_acknowledged(&options).await;
}

/// Waits until the broker knows of nothing that `a` has not acknowledged.
async fn all_is_acknowledged(options: &PulsarOptions) {
    let path = format!("persistent/public/{}/books.events-partition-0/stats", options.namespace);
    let all = async {
        while admin(reqwest::Method::GET, path.clone(), json!({})).await["subscriptions"]["a"]["msgBacklog"]
            != 0
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), all).await.expect("the broker hears of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_are_unloaded_lose_nothing() {
    let options = options();
    let bus = open(&options);
    declare(&bus, &["a"]).await;
    let mut reading = bus.subscribe(&subscription("a")).await.unwrap();
    let reader = tokio::spawn(async move { collect_more(&mut reading, Vec::new(), 300, drop).await });
    for turn in 0..3 {
        for number in turn * 100..(turn + 1) * 100 {
            publish_until_taken(&bus, message(number, 10)).await;
        }
        let path = format!("persistent/public/{}/books.events/unload", options.namespace);
        admin(reqwest::Method::PUT, path, json!({})).await;
    }
    assert_all(&reader.await.unwrap(), 0..300);
}
