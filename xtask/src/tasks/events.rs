//! `cargo xtask events`: a sample of each kind and version of event, as the library says it, in `schema/events/`.

use std::process::ExitCode;

use crate::{cargo, progress};

/// The test that has each kind of event said, and compares it with its sample; without one, it writes it.
const TEST: [&str; 5] = ["-p", "octavo-e2e", "--test", "changes", "an_event_of_each_kind"];

pub(crate) async fn run() -> anyhow::Result<ExitCode> {
    progress::step("build of the library", cargo::build_packages(&["lms".to_owned()])).await?;
    let recorded = cargo::test(&TEST.map(str::to_owned), [("RECORD_EVENTS", "1".to_owned())]).await?;
    Ok(if recorded.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
