//! The bus alone.

use std::time::{Duration, Instant};

use lms_kit::bus::{Outgoing, SubscriptionName, Topic};

use crate::world::bus;

/// How many messages are published in one call.
const BATCH: usize = 100;
/// The length of a message: that of an event of this bench.
const BYTES: usize = 400;

/// Messages a second, published and consumed at the same time.
pub(crate) async fn rate(length: Duration) -> anyhow::Result<f64> {
    let (bus, topic) = (bus().await?, Topic::events("bare"));
    let subscription = SubscriptionName { topic: topic.clone(), name: "bare".to_owned() };
    bus.declare(std::slice::from_ref(&topic), std::slice::from_ref(&subscription)).await?;
    let mut open = bus.subscribe(&subscription).await?;
    let started = Instant::now();
    let publishing = tokio::spawn({
        let bus = bus.clone();
        async move {
            let mut published = 0_usize;
            while started.elapsed() < length {
                let batch = (0..BATCH).map(|place| message(&topic, published + place)).collect();
                for result in bus.publish(batch).await {
                    result?;
                }
                published += BATCH;
            }
            anyhow::Ok(published)
        }
    });
    let (mut received, mut published) = (0, None);
    let mut publishing = publishing;
    while published.is_none_or(|all| received < all) {
        tokio::select! {
            some = open.receive(500) => {
                let some = some?;
                received += some.len();
                let receipts: Vec<_> = some.iter().map(|delivery| delivery.receipt).collect();
                open.acknowledge(&receipts).await?;
            }
            ended = &mut publishing, if published.is_none() => published = Some(ended??),
        }
    }
    let took = started.elapsed().as_secs_f64();
    drop(open);
    bus.close().await;
    Ok(f64::from(u32::try_from(received)?) / took)
}

fn message(topic: &Topic, number: usize) -> Outgoing {
    let body = format!("{number:0>BYTES$}");
    Outgoing { topic: topic.clone(), key: (number % 1_000).to_string(), id: number.to_string(), body }
}
