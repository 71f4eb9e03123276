//! Fifty times, some process is killed at some time; all is checked after every tenth.

use octavo_chaos::{Scenario, hurt_in_turn};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_library_keeps_its_promises_whichever_process_is_killed() -> anyhow::Result<()> {
    hurt_in_turn(&[Scenario::KillCycles; 5], 40).await
}
