//! What befalls engines and the wires to them: each scenario once, on one stack.

use octavo_chaos::{Scenario, hurt_in_turn};
use octavo_engines::may_have_disks;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_library_keeps_its_promises_when_engines_are_hurt() -> anyhow::Result<()> {
    let has_disks = may_have_disks()?;
    if !has_disks {
        println!("{}: left out, since disks may not be mounted here", Scenario::DisksFull.name());
    }
    let can_be = |scenario: &Scenario| has_disks || *scenario != Scenario::DisksFull;
    let scenarios: Vec<Scenario> = Scenario::OF_ENGINES.into_iter().filter(can_be).collect();
    hurt_in_turn(&scenarios, 2).await
}
