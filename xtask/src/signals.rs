//! Ctrl-C and the system's request to end.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::progress;

/// Waits for a request to stop; the exit code then is the shell's for an interrupted command.
pub(crate) async fn stop() -> anyhow::Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    progress::note("stopping the engines");
    Ok(ExitCode::from(130))
}
