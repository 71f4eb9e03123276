//! The whole library in one process, and its services alone, as whoever starts them meets them.

mod hostile;
mod kept;
mod lendings;
mod nodes;
mod operations;
mod refusals;
mod registration;
mod reports;
mod sagas;
mod suggested;
mod watched;

use octavo_e2e::Running;
use tempfile::TempDir;

/// A library of the test's own.
async fn open(folder: &TempDir) -> anyhow::Result<Running> {
    let data = folder.path().to_string_lossy();
    Running::start("lms", &["--data", &data]).await
}
