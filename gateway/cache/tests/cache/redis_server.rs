//! A Redis server of the test's own.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use octavo_cache::{EntityCache, Options, RedisOptions};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::sleep;

pub(crate) struct Redis {
    port: u16,
    folder: TempDir,
    process: Child,
}

impl Redis {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let folder = tempfile::tempdir().expect("a folder");
        let process = Self::spawn(port, &folder).await;
        Self { port, folder, process }
    }

    async fn spawn(port: u16, folder: &TempDir) -> Child {
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"])
            .arg("--dir")
            .arg(folder.path())
            .stdout(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("redis-server is installed");
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
        process
    }

    /// How many commands of a kind the server has had.
    pub(crate) async fn count(&self, command: &str) -> u64 {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).expect("a URL of Redis");
        let mut connection = client.get_multiplexed_async_connection().await.expect("it runs");
        let statistics: String =
            redis::cmd("INFO").arg("commandstats").query_async(&mut connection).await.expect("an answer");
        let calls = statistics.split(&format!("cmdstat_{command}:calls=")).nth(1);
        calls.and_then(|rest| rest.split(',').next()?.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn cache(&self) -> EntityCache {
        let redis = RedisOptions::at(self.url());
        EntityCache::new(&Options { redis: Some(redis), ..Options::default() }).expect("a URL of Redis")
    }

    pub(crate) async fn kill(&mut self) {
        self.process.kill().await.expect("it runs");
    }

    /// Starts it anew, empty.
    pub(crate) async fn restart(&mut self) {
        self.process = Self::spawn(self.port, &self.folder).await;
    }

    /// Stops it where it is, as a network that is cut does, or lets it go on.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.process.id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args([signal, &pid]).status().expect("kill is there");
        assert!(sent.success());
    }

    pub(crate) async fn forget_marks(&self) {
        let client = redis::Client::open(self.url()).expect("a URL of Redis");
        let mut connection = client.get_multiplexed_async_connection().await.expect("it runs");
        redis::cmd("DEL").arg("octavo:marks").exec_async(&mut connection).await.expect("an answer");
    }
}

/// Waits until something holds.
pub(crate) async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < Duration::from_secs(10), "not within ten seconds: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
