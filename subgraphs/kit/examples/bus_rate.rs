//! The bare rate of a bus: messages of 400 bytes, one publisher, one subscriber.
//!
//! `cargo run --release --example bus_rate -- --bus-url sqlite:bus.sqlite`, or with `--features pulsar`
//! `-- --bus-url pulsar://… --bus-admin-url http://…`.
#![expect(clippy::print_stdout, reason = "the rates are what it is for")]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use clap::Parser;
use lms_kit::bus::{self, BusOptions, Outgoing, SharedBus, Subscription, SubscriptionName, Topic};

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    bus: BusOptions,
    /// How many messages.
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// How many messages are published, or received and acknowledged, in one call.
    #[arg(long, default_value_t = 100)]
    batch: usize,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let flags = Flags::parse();
    let bus = bus::open(&flags.bus).await?;
    let topic = Topic::events("rate");
    let subscription = SubscriptionName { topic: topic.clone(), name: "rate".to_owned() };
    bus.declare(&[topic], std::slice::from_ref(&subscription)).await?;

    let mut open = bus.subscribe(&subscription).await?;
    let started = Instant::now();
    let publisher = tokio::spawn(publish(bus.clone(), flags.messages, flags.batch));
    receive(&mut open, flags.messages, flags.batch).await?;
    print("received while it is published", flags.messages, started.elapsed());
    print("published", flags.messages, publisher.await??);

    drop(open);
    publish(bus.clone(), flags.messages, flags.batch).await?;
    let mut open = bus.subscribe(&subscription).await?;
    let started = Instant::now();
    receive(&mut open, flags.messages, flags.batch).await?;
    print("received afterwards", flags.messages, started.elapsed());
    drop(open);
    bus.close().await;
    Ok(())
}

async fn publish(bus: SharedBus, messages: usize, batch: usize) -> Result<Duration, bus::BusError> {
    let started = Instant::now();
    for start in (0..messages).step_by(batch) {
        let some = start..(start + batch).min(messages);
        for result in bus.publish(some.map(message).collect()).await {
            result?;
        }
    }
    Ok(started.elapsed())
}

async fn receive(
    subscription: &mut Box<dyn Subscription>,
    messages: usize,
    batch: usize,
) -> Result<(), bus::BusError> {
    let mut received = 0;
    while received < messages {
        let some = subscription.receive(batch).await?;
        received += some.len();
        let receipts: Vec<_> = some.iter().map(|delivery| delivery.receipt).collect();
        subscription.acknowledge(&receipts).await?;
    }
    Ok(())
}

fn message(number: usize) -> Outgoing {
    let body = format!("{number:0>400}");
    Outgoing { topic: Topic::events("rate"), key: (number % 50).to_string(), id: number.to_string(), body }
}

fn print(what: &str, messages: usize, took: Duration) {
    let count = u32::try_from(messages).unwrap_or(u32::MAX);
    println!("{what}: {:.0} messages a second", f64::from(count) / took.as_secs_f64());
}
