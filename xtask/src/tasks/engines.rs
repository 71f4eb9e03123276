//! `cargo xtask engines`: the engines alone, for tests that are run by hand.

use std::future;
use std::process::ExitCode;

use crate::engines::{Engines, Purpose};
use crate::{install, progress};

pub(crate) async fn run() -> anyhow::Result<ExitCode> {
    let engines = Engines::start(install::means().await?, Purpose::Tests).await?;
    for (name, url) in engines.variables() {
        progress::note(&format!("export {name}={url}"));
    }
    progress::note("running until Ctrl-C");
    future::pending().await
}
