//! `PostgreSQL`: a cluster of the test run's own, never the system's.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::process::{Signal, geteuid};
use tokio::process::Command;

use crate::engine::Engine;
use crate::folder::Folder;
use crate::health::Health;
use crate::ports::free_address;
use crate::programs::require;
use crate::server::{Recipe, Server};
use crate::sql;

/// The role that owns everything in the cluster; connections need no password.
pub(crate) const ROLE: &str = "octavo";

/// A `PostgreSQL` cluster of this test run.
pub struct Postgres {
    server: Server,
    address: SocketAddr,
}

impl Postgres {
    /// Makes a cluster, starts it and waits until it answers. What it commits outlives its processes, not this machine.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(Synced::Later, Folder::new("postgres")?).await
    }

    /// The same, on a disk that can be filled.
    pub async fn start_on_a_disk() -> anyhow::Result<Self> {
        Self::start_with(Synced::Later, Folder::on_a_disk("postgres")?).await
    }

    /// The same, with every commit on the disk before it is answered, as it is where data count: for what is measured.
    pub async fn start_durable() -> anyhow::Result<Self> {
        Self::start_with(Synced::AtCommit, Folder::new("postgres")?).await
    }

    async fn start_with(synced: Synced, folder: Folder) -> anyhow::Result<Self> {
        let postgres = require("postgres")?.canonicalize()?;
        let address = free_address()?;
        let user = unprivileged_user()?;
        let data = match &user {
            Some(user) => folder.inside_for("data", user.id)?,
            None => folder.inside("data")?,
        };
        make_cluster(&postgres, &data, user.as_ref()).await?;

        let (program, mut arguments) = as_user(postgres, user.as_ref())?;
        arguments.extend(["-D".to_owned(), data.display().to_string()]);
        for setting in settings(address, synced) {
            arguments.extend(["-c".to_owned(), setting]);
        }
        let recipe = Recipe {
            name: "PostgreSQL",
            program,
            arguments,
            health: Health { address, question: sql::startup(ROLE, "postgres"), answer: b"R" },
            ready_within: Duration::from_secs(30),
            stop: Signal::INT,
            // A killed server would leave its backends behind for a moment.
            abort: Signal::QUIT,
        };
        Ok(Self { server: Server::start(recipe, folder).await?, address })
    }

    /// The URL of the database that every cluster has.
    #[must_use]
    pub fn url(&self) -> String {
        self.database_url("postgres")
    }

    /// The URL of one database.
    #[must_use]
    pub fn database_url(&self, name: &str) -> String {
        format!("postgres://{ROLE}@{}/{name}", self.address)
    }

    /// Makes an empty database, and answers its URL.
    pub async fn create_database(&self, name: &str) -> anyhow::Result<String> {
        sql::create_database(self.address, ROLE, name).await?;
        Ok(self.database_url(name))
    }
}

impl Engine for Postgres {
    fn server(&mut self) -> &mut Server {
        &mut self.server
    }
}

/// When the server sees to it that a commit is on the disk.
#[derive(Clone, Copy)]
enum Synced {
    /// When it has time: tests are faster.
    Later,
    /// Before it answers.
    AtCommit,
}

/// Whom the server runs as: it refuses to run as root.
struct User {
    name: &'static str,
    id: u32,
}

fn unprivileged_user() -> anyhow::Result<Option<User>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let accounts = std::fs::read_to_string("/etc/passwd").context("cannot read the machine's accounts")?;
    for name in ["postgres", "nobody"] {
        let id =
            accounts.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":x:")?.split(':').next());
        if let Some(id) = id.and_then(|id| id.parse().ok()) {
            return Ok(Some(User { name, id }));
        }
    }
    anyhow::bail!("PostgreSQL does not run as root, and there is no account `postgres` to run it as")
}

/// The program and the arguments that run it as this user, under its own process id.
fn as_user(program: PathBuf, user: Option<&User>) -> anyhow::Result<(PathBuf, Vec<String>)> {
    let Some(user) = user else { return Ok((program, Vec::new())) };
    let setpriv = require("setpriv")?;
    let id = format!("--reuid={}", user.name);
    Ok((setpriv, vec![id, "--clear-groups".to_owned(), "--".to_owned(), program.display().to_string()]))
}

async fn make_cluster(postgres: &Path, data: &Path, user: Option<&User>) -> anyhow::Result<()> {
    let (program, arguments) = as_user(postgres.with_file_name("initdb"), user)?;
    let output = Command::new(program)
        .args(arguments)
        .args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--username", ROLE, "--pgdata"])
        .arg(data)
        // A server's usual order of text is that of a language; what must not depend on it shows here.
        .args(["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"])
        .current_dir(data)
        .stdin(Stdio::null())
        .output()
        .await
        .context("cannot start initdb")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "PostgreSQL cannot make its cluster:\n{said}");
    Ok(())
}

/// Committed rows outlive `kill -9`; only the machine's own end is not guarded against.
fn settings(address: SocketAddr, synced: Synced) -> [String; 5] {
    let fsync = match synced {
        Synced::Later => "off",
        Synced::AtCommit => "on",
    };
    [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={}", address.port()),
        "unix_socket_directories=".to_owned(),
        format!("fsync={fsync}"),
        "max_connections=300".to_owned(),
    ]
}
