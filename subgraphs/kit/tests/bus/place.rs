//! Where a bus of a test is, and what tests do with any bus.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use lms_kit::bus::{
    BusError, Delivery, LocalBus, Outgoing, SharedBus, Subscription, SubscriptionName, Topic,
};
use tokio::time::timeout;

/// Longer than any bus takes to deliver what is there.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

/// A bus that can be opened several times: each time, as another process would.
pub(crate) enum Place {
    Local {
        path: PathBuf,
        _folder: tempfile::TempDir,
    },
    #[cfg(feature = "pulsar")]
    Pulsar(Box<lms_kit::bus::PulsarOptions>),
}

impl Place {
    pub(crate) fn local() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::Local { path: folder.path().join("bus.sqlite"), _folder: folder }
    }

    /// A namespace of its own on the shared broker.
    #[cfg(feature = "pulsar")]
    pub(crate) fn pulsar() -> Self {
        use octavo_engines::shared;
        let mut options = lms_kit::bus::PulsarOptions::new(shared::pulsar().unwrap());
        options.admin_url = Some(shared::pulsar_admin().unwrap());
        options.namespace = shared::unique("bus");
        options.partitions = 4;
        Self::Pulsar(Box::new(options))
    }

    pub(crate) async fn open(&self) -> SharedBus {
        match self {
            Self::Local { path, .. } => Arc::new(LocalBus::open(path).await.unwrap()),
            #[cfg(feature = "pulsar")]
            Self::Pulsar(options) => Arc::new(lms_kit::bus::PulsarBus::open((**options).clone()).unwrap()),
        }
    }
}

pub(crate) fn topic() -> Topic {
    Topic::events("books")
}

pub(crate) fn subscription(name: &str) -> SubscriptionName {
    SubscriptionName { topic: topic(), name: name.to_owned() }
}

/// Declares the topic and its subscriptions.
pub(crate) async fn declare(bus: &SharedBus, names: &[&str]) {
    let subscriptions: Vec<_> = names.iter().map(|name| subscription(name)).collect();
    bus.declare(&[topic()], &subscriptions).await.unwrap();
}

/// Message `number` of the test, which belongs to one of `keys` keys.
pub(crate) fn message(number: usize, keys: usize) -> Outgoing {
    Outgoing {
        topic: topic(),
        key: format!("key-{}", number % keys),
        id: format!("id-{number}"),
        body: number.to_string(),
    }
}

pub(crate) async fn publish(bus: &SharedBus, numbers: std::ops::Range<usize>, keys: usize) {
    let messages: Vec<_> = numbers.map(|number| message(number, keys)).collect();
    for batch in messages.chunks(100) {
        for result in bus.publish(batch.to_vec()).await {
            result.unwrap();
        }
    }
}

pub(crate) fn number(delivery: &Delivery) -> usize {
    std::str::from_utf8(&delivery.body).unwrap().parse().unwrap()
}

/// Receives and acknowledges until this many different messages have come, or nothing more does.
pub(crate) async fn collect(subscription: &mut Box<dyn Subscription>, count: usize) -> Vec<Delivery> {
    collect_more(subscription, Vec::new(), count, |acknowledged| acknowledged.unwrap()).await
}

/// The same with what has come already, of which some may come again; whatever `check` makes of the acknowledgements: what could
/// not be acknowledged comes again too.
pub(crate) async fn collect_more(
    subscription: &mut Box<dyn Subscription>,
    mut all: Vec<Delivery>,
    count: usize,
    check: impl Fn(Result<(), BusError>),
) -> Vec<Delivery> {
    let mut seen: std::collections::BTreeSet<_> = all.iter().map(number).collect();
    while seen.len() < count {
        let Ok(received) = timeout(PATIENCE, subscription.receive(64)).await else { break };
        let received = received.unwrap();
        assert!((1..=64).contains(&received.len()));
        seen.extend(received.iter().map(number));
        let receipts: Vec<_> = received.iter().map(|delivery| delivery.receipt).collect();
        check(subscription.acknowledge(&receipts).await);
        all.extend(received);
    }
    all
}

/// Whether nothing comes for a while.
pub(crate) async fn is_quiet(subscription: &mut Box<dyn Subscription>) -> bool {
    timeout(Duration::from_millis(1500), subscription.receive(1)).await.is_err()
}

/// All numbers came, and each key's came in order when repeats are left out.
pub(crate) fn assert_complete(deliveries: &[Delivery], numbers: std::ops::Range<usize>) {
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen = std::collections::BTreeSet::new();
    for delivery in deliveries {
        let number = number(delivery);
        if seen.insert(number) {
            let before = last.insert(&delivery.key, number);
            assert!(
                before.is_none_or(|before| before < number),
                "{number} of {} came after {before:?}",
                delivery.key
            );
        }
    }
    assert_all(deliveries, numbers);
}

/// All numbers came, in whatever order: what is promised to a reader whose broker fails.
pub(crate) fn assert_all(deliveries: &[Delivery], numbers: std::ops::Range<usize>) {
    let seen: std::collections::BTreeSet<_> = deliveries.iter().map(number).collect();
    let missing: Vec<_> = numbers.filter(|number| !seen.contains(number)).collect();
    assert!(missing.is_empty(), "{} are missing: {:?}", missing.len(), &missing[..missing.len().min(20)]);
}

/// Publishes until the bus takes the message.
#[cfg(feature = "pulsar")]
pub(crate) async fn publish_until_taken(bus: &SharedBus, message: Outgoing) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(90);
    loop {
        match bus.publish(vec![message.clone()]).await.remove(0) {
            Ok(()) => return,
            Err(error) => {
                assert!(!error.is_final(), "{error}");
                assert!(tokio::time::Instant::now() < deadline, "the bus is still away: {error}");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}
