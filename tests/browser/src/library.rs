//! The whole library as a process, as `cargo run` starts it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use octavo_engines::{binary, free_address};
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// An unoptimised build loads the sample on its first start.
const READY_WITHIN: Duration = Duration::from_mins(3);

/// A library of its own for one test; it ends when this is dropped.
pub struct Library {
    process: Child,
    address: SocketAddr,
}

impl Library {
    /// Starts the library on this data, and waits until it is ready.
    pub async fn start(data: &Path) -> anyhow::Result<Self> {
        let data = data.to_str().context("a path is text")?;
        Self::run("lms", &["--data", data]).await
    }

    /// A gateway whose supergraph has no sagas, and whose services are away.
    pub async fn without_sagas() -> anyhow::Result<Self> {
        let small = concat!(env!("CARGO_MANIFEST_DIR"), "/../suites/keys-several/supergraph.graphql");
        Self::run("octavo", &["serve", "--supergraph", small]).await
    }

    async fn run(name: &str, arguments: &[&str]) -> anyhow::Result<Self> {
        let address = free_address()?;
        let process = Command::new(binary(name)?)
            .args(arguments)
            .args(["--listen", &address.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut library = Self { process, address };
        library.wait_until_ready().await?;
        Ok(library)
    }

    /// The address of a page.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        while started.elapsed() < READY_WITHIN {
            if let Some(status) = self.process.try_wait()? {
                bail!("the library ended while it started: {status}");
            }
            let answer = reqwest::get(self.url("/ready")).await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        bail!("the library was not ready within {} s", READY_WITHIN.as_secs())
    }
}
