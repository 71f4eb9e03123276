//! What befalls engines and the wires to them: each scenario once, on one stack.

use octavo_chaos::{Scenario, hurt_in_turn};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_library_keeps_its_promises_when_engines_are_hurt() -> anyhow::Result<()> {
    hurt_in_turn(&Scenario::OF_ENGINES, 2).await
}
