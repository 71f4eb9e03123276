//! A binary of the workspace as a process.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use octavo_engines::{binary, free_address};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::NamedTempFile;
use tokio::time::sleep;

use crate::root;

/// Generous: tests share the machine, and a first start loads the sample.
const READY_WITHIN: Duration = Duration::from_mins(4);
const STOP_WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);
/// Longer than a pause between two events.
const QUIET: Duration = Duration::from_secs(2);

/// A server that answers; it is killed when this is dropped.
pub struct Running {
    name: String,
    child: Child,
    address: SocketAddr,
    log: NamedTempFile,
    ready_after: Duration,
}

impl Running {
    /// Starts a binary, which listens on a free port, and waits until it is ready.
    pub async fn start(name: &str, arguments: &[&str]) -> anyhow::Result<Self> {
        Self::start_in(name, arguments, &[]).await
    }

    /// The same, in an environment with these variables.
    pub async fn start_in(
        name: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let started = Instant::now();
        let mut running = Self::spawn(name, arguments, variables)?;
        running.wait_until_ready(started).await?;
        running.ready_after = started.elapsed();
        Ok(running)
    }

    /// The same, and waits for nothing: it may end before it is ready.
    pub fn spawn(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let address = free_address()?;
        let log = NamedTempFile::new()?;
        let child = Command::new(binary(name)?)
            .args(arguments)
            .args(["--listen", &address.to_string()])
            // A service says each statement that it sends to its database; the gateway has another variable.
            .env("RUST_LOG", "info,sqlx::query=debug")
            .env("OCTAVO_LOG", "info,sqlx::query=debug")
            .env_remove("DATABASE_URL")
            .env_remove("BUS_URL")
            .env_remove("JWKS")
            .env_remove("ADMIN_PASSWORD")
            .envs(variables.iter().copied())
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(log.reopen()?)
            .stderr(File::options().append(true).open(log.path())?)
            .spawn()?;
        Ok(Self { name: name.to_owned(), child, address, log, ready_after: Duration::ZERO })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long it took to be ready.
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// What it has written so far.
    pub fn log(&self) -> anyhow::Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(self.log.path())?).into_owned())
    }

    /// How many statements it has sent to an SQL database, without those that look for messages.
    pub fn statements(&self) -> anyhow::Result<usize> {
        let of_messages = |line: &str| {
            ["outbox", "inbox", "messages", "waiting", "due_at", "processes"]
                .iter()
                .any(|table| line.contains(table))
        };
        let log = self.log()?;
        Ok(log.lines().filter(|line| line.contains("sqlx::query") && !of_messages(line)).count())
    }

    /// Waits until it sends no statement by itself: events of what it has just loaded are still on their way.
    pub async fn settle(&self) -> anyhow::Result<()> {
        let (mut before, began) = (self.statements()?, Instant::now());
        while began.elapsed() < READY_WITHIN {
            sleep(QUIET).await;
            let now = self.statements()?;
            if now == before {
                return Ok(());
            }
            before = now;
        }
        bail!("{} does not come to rest", self.name)
    }

    /// Whether the process lives.
    pub fn is_alive(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Asks it to stop as Ctrl-C does, and waits until it has ended.
    pub async fn interrupt(mut self) -> anyhow::Result<ExitStatus> {
        self.signal(Signal::INT)?;
        self.ended(STOP_WITHIN).await
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        let asked = Instant::now();
        while asked.elapsed() < within {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            sleep(POLL).await;
        }
        bail!("{} does not end within {} s:\n{}", self.name, within.as_secs(), self.log()?)
    }

    /// The id of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it from running, as a machine that hangs does.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it run on.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = Pid::from_raw(self.child.id().cast_signed()).context("a process has an id")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill9(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    async fn wait_until_ready(&mut self, started: Instant) -> anyhow::Result<()> {
        let url = format!("http://{}/ready", self.address);
        while started.elapsed() < READY_WITHIN {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended while it started ({status}):\n{}", self.name, self.log()?);
            }
            if reqwest::get(&url).await.is_ok_and(|response| response.status().is_success()) {
                return Ok(());
            }
            sleep(POLL).await;
        }
        bail!("{} was not ready within {} s:\n{}", self.name, READY_WITHIN.as_secs(), self.log()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended before.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs a binary to its end.
pub fn finish(name: &str, arguments: &[&str]) -> anyhow::Result<Output> {
    let mut command = Command::new(binary(name)?);
    command.args(arguments).current_dir(root()).env_remove("DATABASE_URL").stdin(Stdio::null());
    Ok(command.output()?)
}
