//! What every bus does.

use std::time::Duration;

use lms_kit::bus::{BusError, Outgoing, SubscriptionName, Topic};
use tokio::time::timeout;

use crate::place::{
    Place, assert_all, assert_complete, collect, collect_more, declare, is_quiet, message, number, publish,
    subscription, topic,
};

/// Makes a test of each function of this module, for a bus.
macro_rules! suite {
    ($place:expr) => {
        $crate::suite::suite! { $place;
            messages_of_a_key_keep_their_order,
            every_subscription_gets_every_message,
            a_closed_subscription_gets_what_it_missed,
            what_is_not_acknowledged_comes_again,
            declaring_again_changes_nothing,
            a_new_subscription_begins_at_the_earliest,
            another_takes_over_when_one_is_dropped,
            a_message_too_large_is_refused_and_the_next_goes_through,
            what_was_not_declared_is_refused,
            a_call_that_is_dropped_loses_nothing,
            publishers_at_once_lose_nothing,
        }
    };
    ($place:expr; $($name:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                $crate::suite::$name(&$place).await;
            }
        )*
    };
}
pub(crate) use suite;

pub(crate) async fn messages_of_a_key_keep_their_order(place: &Place) {
    let bus = place.open().await;
    declare(&bus, &["a"]).await;
    let mut subscription = bus.subscribe(&subscription("a")).await.unwrap();
    publish(&bus, 0..2_000, 50).await;
    let deliveries = collect(&mut subscription, 2_000).await;
    assert_complete(&deliveries, 0..2_000);
    assert_eq!(deliveries.len(), 2_000, "without a failure nothing comes twice");
    assert!(is_quiet(&mut subscription).await);
}

pub(crate) async fn every_subscription_gets_every_message(place: &Place) {
    let bus = place.open().await;
    let names = ["a", "b", "c"];
    declare(&bus, &names).await;
    publish(&bus, 0..300, 10).await;
    for name in names {
        let mut subscription = bus.subscribe(&subscription(name)).await.unwrap();
        assert_complete(&collect(&mut subscription, 300).await, 0..300);
    }
}

pub(crate) async fn a_closed_subscription_gets_what_it_missed(place: &Place) {
    let bus = place.open().await;
    declare(&bus, &["a", "b"]).await;
    publish(&bus, 0..100, 10).await;
    let mut first = bus.subscribe(&subscription("a")).await.unwrap();
    assert_complete(&collect(&mut first, 100).await, 0..100);
    drop(first);
    publish(&bus, 100..200, 10).await;
    bus.close().await;

    let bus = place.open().await;
    publish(&bus, 200..300, 10).await;
    let mut second = bus.subscribe(&subscription("a")).await.unwrap();
    let missed = collect(&mut second, 200).await;
    assert_complete(&missed, 100..300);
    assert!(missed.iter().all(|delivery| number(delivery) >= 100), "what was acknowledged came again");
}

pub(crate) async fn what_is_not_acknowledged_comes_again(place: &Place) {
    let bus = place.open().await;
    declare(&bus, &["a"]).await;
    publish(&bus, 0..30, 1).await;
    let mut first = bus.subscribe(&subscription("a")).await.unwrap();
    let mut received = Vec::new();
    while received.len() < 30 {
        received.extend(first.receive(7).await.unwrap());
    }
    let odd: Vec<_> = received.iter().filter(|delivery| number(delivery) % 2 == 1).collect();
    first.acknowledge(&odd.iter().map(|delivery| delivery.receipt).collect::<Vec<_>>()).await.unwrap();
    drop(first);
    bus.close().await;

    let bus = place.open().await;
    let mut second = bus.subscribe(&subscription("a")).await.unwrap();
    let again = collect(&mut second, 15).await;
    let again: Vec<_> = again.iter().map(number).collect();
    assert_eq!(again, (0..30).step_by(2).collect::<Vec<_>>());
    assert!(is_quiet(&mut second).await);
}

pub(crate) async fn declaring_again_changes_nothing(place: &Place) {
    let bus = place.open().await;
    declare(&bus, &["a"]).await;
    publish(&bus, 0..20, 5).await;
    declare(&bus, &["a"]).await;
    let mut open = bus.subscribe(&subscription("a")).await.unwrap();
    assert_complete(&collect(&mut open, 20).await, 0..20);
    place.open().await.declare(&[topic()], &[subscription("a")]).await.unwrap();
    assert!(is_quiet(&mut open).await, "what was acknowledged came again");
    publish(&bus, 20..40, 5).await;
    assert_complete(&collect(&mut open, 20).await, 20..40);
}

pub(crate) async fn a_new_subscription_begins_at_the_earliest(place: &Place) {
    let bus = place.open().await;
    declare(&bus, &["a"]).await;
    publish(&bus, 0..50, 5).await;
    let mut first = bus.subscribe(&subscription("a")).await.unwrap();
    assert_complete(&collect(&mut first, 50).await, 0..50);
    declare(&bus, &["late"]).await;
    publish(&bus, 50..60, 5).await;
    let mut late = bus.subscribe(&subscription("late")).await.unwrap();
    assert_complete(&collect(&mut late, 60).await, 0..60);
}

pub(crate) async fn another_takes_over_when_one_is_dropped(place: &Place) {
    let (bus, other) = (place.open().await, place.open().await);
    // In one process, one bus; a broker also serves several.
    let other = if matches!(place, Place::Local { .. }) { bus.clone() } else { other };
    declare(&bus, &["a"]).await;
    let mut one = bus.subscribe(&subscription("a")).await.unwrap();
    let mut two = other.subscribe(&subscription("a")).await.unwrap();
    publish(&bus, 0..400, 20).await;
    let mut all = Vec::new();
    // Both are read; what the first to be dropped has and did not acknowledge comes to the second.
    while all.len() < 200 {
        let (received, active) = tokio::select! {
            received = one.receive(16) => (received.unwrap(), &mut one),
            received = two.receive(16) => (received.unwrap(), &mut two),
        };
        let receipts: Vec<_> = received.iter().map(|delivery| delivery.receipt).collect();
        active.acknowledge(&receipts).await.unwrap();
        all.extend(received);
    }
    drop(one);
    publish(&bus, 400..500, 20).await;
    let before = all.len();
    all = collect_more(&mut two, all, 500, |acknowledged| acknowledged.unwrap()).await;
    assert!(all.len() > before);
    // What the first held comes again, and may come after what was published later.
    assert_all(&all, 0..500);
}

pub(crate) async fn a_message_too_large_is_refused_and_the_next_goes_through(place: &Place) {
    let bus = place.open().await;
    declare(&bus, &["a"]).await;
    // Key and identifier count as well: 5 MiB, but for 16 KiB that a broker adds to.
    let limit = 5 * 1024 * 1024 - 16 * 1024 - "key-0id-0".len();
    let large = Outgoing { body: "x".repeat(limit + 1), ..message(0, 1) };
    let fits = Outgoing { body: "1".repeat(limit), ..message(1, 1) };
    let results = bus.publish(vec![large, fits, message(2, 1)]).await;
    let [Err(refused), Ok(()), Ok(())] = results.as_slice() else { panic!("{results:?}") };
    assert!(refused.is_final());
    assert_eq!(refused.to_string(), "the message has 5226497 bytes, and the bus takes 5226496");
    let mut open = bus.subscribe(&subscription("a")).await.unwrap();
    let first = open.receive(1).await.unwrap().remove(0);
    assert_eq!(first.body.len(), limit);
    assert_eq!(number(&open.receive(1).await.unwrap()[0]), 2);
}

pub(crate) async fn what_was_not_declared_is_refused(place: &Place) {
    let bus = place.open().await;
    declare(&bus, &["a"]).await;
    let unknown = Topic::commands("nobody");
    let sent = bus.publish(vec![Outgoing { topic: unknown.clone(), ..message(0, 1) }, message(1, 1)]).await;
    let [Err(BusError::Refused(reason)), Ok(())] = sent.as_slice() else { panic!("{sent:?}") };
    assert!(reason.to_string().contains("nobody.commands"), "{reason}");
    let subscribed = bus.subscribe(&SubscriptionName { topic: unknown, name: "a".to_owned() }).await;
    let Err(BusError::Refused(reason)) = subscribed else { panic!("it is open") };
    assert!(reason.to_string().contains("nobody.commands"), "{reason}");
}

pub(crate) async fn a_call_that_is_dropped_loses_nothing(place: &Place) {
    let bus = place.open().await;
    declare(&bus, &["a"]).await;
    let mut open = bus.subscribe(&subscription("a")).await.unwrap();
    let publisher = tokio::spawn(async move {
        for start in (0..400).step_by(20) {
            publish(&bus, start..start + 20, 4).await;
        }
    });
    let mut all = Vec::new();
    let mut dropped = 0;
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while all.len() < 400 && tokio::time::Instant::now() < deadline {
        match timeout(Duration::from_micros(300), open.receive(8)).await {
            Ok(received) => all.extend(received.unwrap()),
            Err(_) => dropped += 1,
        }
    }
    publisher.await.unwrap();
    assert!(dropped > 0, "no call was dropped");
    assert_complete(&all, 0..400);
}

pub(crate) async fn publishers_at_once_lose_nothing(place: &Place) {
    let bus = place.open().await;
    declare(&bus, &["a"]).await;
    let publishers = (0..4).map(|publisher| {
        let bus = bus.clone();
        tokio::spawn(async move {
            let messages = (0..250).map(|turn| turn * 4 + publisher).map(|number| message(number, 4));
            for batch in messages.collect::<Vec<_>>().chunks(25) {
                assert!(bus.publish(batch.to_vec()).await.iter().all(Result::is_ok));
            }
        })
    });
    for publisher in publishers.collect::<Vec<_>>() {
        publisher.await.unwrap();
    }
    let mut open = bus.subscribe(&subscription("a")).await.unwrap();
    assert_complete(&collect(&mut open, 1_000).await, 0..1_000);
}
