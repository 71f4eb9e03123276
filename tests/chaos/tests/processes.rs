//! What befalls processes and messages: each scenario once, on one stack.

use octavo_chaos::{Scenario, hurt_in_turn};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_library_keeps_its_promises_when_processes_are_hurt() -> anyhow::Result<()> {
    hurt_in_turn(&Scenario::OF_PROCESSES, 20).await
}
