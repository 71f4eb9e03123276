//! One engine's process: started from a recipe, asked until it answers, stopped by its id.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use crate::disk::Disk;
use crate::folder::Folder;
use crate::health::Health;

const POLL: Duration = Duration::from_millis(20);
const STOP_WITHIN: Duration = Duration::from_secs(15);
/// What PostgreSQL says while processes of one that was killed still end.
const STILL_ENDING: &str = "pre-existing shared memory block";

/// How an engine is started and known to be up.
pub(crate) struct Recipe {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) health: Health,
    pub(crate) ready_within: Duration,
    /// What asks this engine to stop without losing anything.
    pub(crate) stop: Signal,
    /// What ends it at once, its children included, when its data is of no use any more.
    pub(crate) abort: Signal,
}

/// A running engine, its folder included: both go away when this is dropped.
pub struct Server {
    recipe: Recipe,
    folder: Folder,
    child: Option<Child>,
}

impl Server {
    pub(crate) async fn start(recipe: Recipe, folder: Folder) -> anyhow::Result<Self> {
        let mut server = Self { recipe, folder, child: None };
        server.restart().await?;
        Ok(server)
    }

    /// The id of the process, while there is one.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Where it keeps all that it writes: its data, and its log.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(crate) fn disk(&self) -> Option<&Disk> {
        self.folder.disk()
    }

    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        self.stop().await?;
        let deadline = Instant::now() + STOP_WITHIN;
        loop {
            self.child = Some(self.spawn()?);
            match self.wait_until_healthy().await {
                // What a killed PostgreSQL leaves of itself ends a moment later, and a new one does not start beside it.
                Err(error) if Instant::now() < deadline && error.to_string().contains(STILL_ENDING) => {
                    self.kill9()?;
                    sleep(POLL).await;
                }
                started => return started,
            }
        }
    }

    pub(crate) fn kill9(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().with_context(|| format!("cannot kill {}", self.recipe.name))?;
            child.wait()?;
        }
        Ok(())
    }

    pub(crate) fn pause(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    pub(crate) fn resume(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        if self.child.is_none() {
            return Ok(());
        }
        self.resume()?;
        self.signal(self.recipe.stop)?;
        let deadline = Instant::now() + STOP_WITHIN;
        while Instant::now() < deadline {
            if self.exited()?.is_some() {
                self.child = None;
                return Ok(());
            }
            sleep(POLL).await;
        }
        self.kill9()
    }

    fn spawn(&self) -> anyhow::Result<Child> {
        let log = File::options().create(true).append(true).open(self.folder.log())?;
        Command::new(&self.recipe.program)
            .args(&self.recipe.arguments)
            .current_dir(self.folder.path())
            // A group of its own: Ctrl-C at the terminal reaches whoever started the engine, who then stops it.
            .process_group(0)
            .stdin(std::process::Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", self.recipe.program.display()))
    }

    async fn wait_until_healthy(&mut self) -> anyhow::Result<()> {
        let name = self.recipe.name;
        let started = Instant::now();
        while started.elapsed() < self.recipe.ready_within {
            if let Some(status) = self.exited()? {
                bail!("{name} ended while it started ({status}):\n{}", self.folder.end_of_log());
            }
            if self.recipe.health.is_up().await {
                return Ok(());
            }
            sleep(POLL).await;
        }
        let waited = self.recipe.ready_within.as_secs();
        bail!("{name} did not answer within {waited} s:\n{}", self.folder.end_of_log())
    }

    fn exited(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        let Some(child) = &mut self.child else { return Ok(None) };
        Ok(child.try_wait()?)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let name = self.recipe.name;
        ensure!(self.child.is_some(), "{name} does not run");
        let pid = self.pid().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        kill_process(pid.with_context(|| format!("{name} has no process id"))?, signal)
            .with_context(|| format!("cannot signal {name}"))
    }
}

impl Drop for Server {
    /// The data goes away anyway, so nothing is waited for but the end of the process.
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // A paused process must run to hear it.
        let asked = Pid::from_raw(child.id().cast_signed()).is_some_and(|pid| {
            kill_process(pid, Signal::CONT).is_ok() && kill_process(pid, self.recipe.abort).is_ok()
        });
        let deadline = Instant::now() + Duration::from_secs(2);
        while asked && Instant::now() < deadline && matches!(child.try_wait(), Ok(None)) {
            std::thread::sleep(POLL);
        }
        drop(child.kill());
        drop(child.wait());
    }
}
