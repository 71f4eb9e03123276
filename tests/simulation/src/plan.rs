//! The faults of a run that befall it as a whole, beside those that its steps meet.

use std::time::Duration;

use tokio::time::sleep;

use crate::world::{HOUR_MS, World};

/// How far an engine's clock jumps, in ms: further than any lease, pause or timeout. What waits by it waits for that long as well.
pub(crate) const JUMP_MS: i64 = HOUR_MS / 6;

/// Runs the weather of one run, until it is calm.
pub(crate) async fn storm(world: &World) {
    let weather = &world.common.weather;
    let faults = weather.draw(|chance| chance.between(5, 10));
    for _ in 0..faults {
        let pause = weather.draw(|chance| chance.between(500, 9_000));
        sleep(Duration::from_millis(pause)).await;
        strike(world);
        weather.see(|seen| seen.faults += 1);
    }
    // What was asked for the last time may be given up before the weather ends.
    let rest = weather.draw(|chance| chance.between(2_000, 20_000));
    sleep(Duration::from_millis(rest)).await;
    weather.calm_down();
    weather.tell(|| "the weather is calm".to_owned());
}

/// One fault.
fn strike(world: &World) {
    let weather = &world.common.weather;
    let node = weather.draw(|chance| chance.between(0, world.nodes.len() as u64 - 1));
    let node = &world.nodes[usize::try_from(node).unwrap_or(0)];
    let replica = weather.draw(|chance| chance.between(0, node.replicas.len() as u64 - 1));
    let replica = &node.replicas[usize::try_from(replica).unwrap_or(0)];
    let short = weather.draw(|chance| chance.between(500, 15_000));
    let long = weather.draw(|chance| chance.between(5_000, 45_000));
    let until = |millis: u64| weather.elapsed_ms() + i64::try_from(millis).unwrap_or(0);
    let skew = weather.draw(|chance| *chance.pick(&[0, HOUR_MS, -HOUR_MS]));
    let kind = weather.draw(|chance| chance.between(0, 60));
    weather.tell(|| format!("fault {kind} befalls {}, {short} ms or {long} ms", node.name));
    match kind {
        0..=17 => replica.kill(until(short)),
        18..=29 => replica.freeze(Duration::from_millis(short)),
        30..=38 => node.replicas.iter().for_each(|replica| replica.kill(until(long))),
        39..=47 => world.common.bus.leave(until(long)),
        48..=53 => node.database.leave(until(long)),
        54..=59 => replica.skew(skew),
        _ => node.database.jump(skew / HOUR_MS * JUMP_MS),
    }
}
