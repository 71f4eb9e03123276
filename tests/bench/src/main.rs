//! Figures of the messages between services: `cargo xtask bench` starts the engines and runs this.
//!
//! 1. The bare rate of the bus: messages of an event's size, published and consumed.
//! 2. The rate of events from a business transaction each to the effect in another service's database; afterwards
//!    nothing waits, and both databases are compared.
//! 3. The time from commit to the effect's commit at a steady hundred events a second, on one monotonic clock; with
//!    the relay woken by each commit, and with it left to look by itself. Producers and consumers are open before the
//!    first event that counts.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

mod bare;
mod latency;
mod throughput;
mod timed;
mod world;

use std::time::Duration;

use clap::Parser;

use world::World;

/// What to measure.
#[derive(Parser)]
struct Options {
    /// How long each part writes.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How many aggregates the events are of.
    #[arg(long, default_value_t = 1_000)]
    aggregates: usize,
    /// How many transactions are open at once.
    #[arg(long, default_value_t = 8)]
    writers: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let length = Duration::from_secs(options.seconds);
    let bare = bare::rate(length / 4).await?;
    println!("bare bus: {bare:.0} messages a second, published and consumed");
    let world = World::open().await?;
    let events = throughput::rate(&world, length, options.writers, options.aggregates).await?;
    println!("{events}, {:.0} % of the bare rate", events.per_second * 100.0 / bare);
    for relay in [latency::Relaying::Woken, latency::Relaying::Looking] {
        let world = World::open().await?;
        println!("{}", latency::measure(&world, length, relay).await?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All parts run, and what they check holds; how fast depends on the machine.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_written_is_applied_whether_the_relay_is_woken_or_looks() {
        let length = Duration::from_secs(2);
        assert!(bare::rate(length).await.unwrap() > 0.0);
        let world = World::open().await.unwrap();
        assert!(throughput::rate(&world, length, 2, 50).await.unwrap().events > 0);
        for relay in [latency::Relaying::Woken, latency::Relaying::Looking] {
            let world = World::open().await.unwrap();
            assert!(latency::measure(&world, length, relay).await.unwrap().at(500) > Duration::ZERO);
        }
    }
}
