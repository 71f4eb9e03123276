//! The engines of docker-compose.yml in place of this machine's own: on free ports, as a project of this run alone.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command as Blocking, Stdio};

use anyhow::{Context, ensure};
use octavo_engines::{free_address, shared};
use tokio::process::Command;

const DOCKER: &str = "docker";
const ENGINES: [&str; 4] = ["postgres", "mongo", "redis", "pulsar"];

/// Engines in containers; dropping this removes them with their data.
pub(crate) struct Containers {
    project: String,
    ports: Ports,
}

struct Ports {
    postgres: SocketAddr,
    mongo: SocketAddr,
    redis: SocketAddr,
    pulsar: SocketAddr,
    pulsar_admin: SocketAddr,
}

/// Whether this user can start containers.
pub(crate) async fn work() -> bool {
    let asked = Command::new(DOCKER).arg("info").stdin(Stdio::null()).output().await;
    asked.is_ok_and(|output| output.status.success())
}

impl Containers {
    /// Starts the engines and waits until each is healthy.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let ports = Ports::free()?;
        let containers = Self { project: format!("octavo-test-{}", std::process::id()), ports };
        let mut child = Command::new(DOCKER)
            .args(containers.compose(&["--file", "-"]))
            .args(["up", "--detach", "--wait", "--quiet-pull"])
            .args(ENGINES)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start docker")?;
        let mut input = child.stdin.take().context("docker reads nothing")?;
        tokio::io::AsyncWriteExt::write_all(&mut input, containers.ports.overrides().as_bytes()).await?;
        drop(input);
        let output = child.wait_with_output().await.context("docker went away")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "docker compose cannot start the engines:\n{said}");
        Ok(containers)
    }

    /// The variables by which tests find the engines.
    pub(crate) fn variables(&self) -> [(&'static str, String); 5] {
        let Ports { postgres, mongo, redis, pulsar, pulsar_admin } = self.ports;
        [
            (shared::POSTGRES, format!("postgres://octavo@{postgres}/postgres")),
            (shared::MONGO, format!("mongodb://{mongo}/")),
            (shared::REDIS, format!("redis://{redis}")),
            (shared::PULSAR, format!("pulsar://{pulsar}")),
            (shared::PULSAR_ADMIN, format!("http://{pulsar_admin}")),
        ]
    }

    /// The beginning of a command about this run's project, which is nobody else's.
    fn compose(&self, more: &[&str]) -> Vec<String> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("docker-compose.yml");
        let file = file.display().to_string();
        let begin = ["compose", "--project-name", &self.project, "--file", &file];
        begin.into_iter().chain(more.iter().copied()).map(str::to_owned).collect()
    }
}

impl Drop for Containers {
    fn drop(&mut self) {
        let down = ["down", "--volumes", "--remove-orphans", "--timeout", "1"];
        let mut command = Blocking::new(DOCKER);
        command.args(self.compose(&[])).args(down);
        // What cannot be removed is named by the project, and nothing is left to do here.
        let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

impl Ports {
    fn free() -> anyhow::Result<Self> {
        Ok(Self {
            postgres: free_address()?,
            mongo: free_address()?,
            redis: free_address()?,
            pulsar: free_address()?,
            pulsar_admin: free_address()?,
        })
    }

    /// What differs from docker-compose.yml: ports of this run's own, no password, and a broker that tells clients an
    /// address which this machine knows.
    fn overrides(&self) -> String {
        let mut text = String::from("services:\n");
        let mut service = |name: &str, ports: &[(SocketAddr, u16)], rest: &str| {
            let ports: Vec<_> = ports.iter().map(|(here, there)| format!("\"{here}:{there}\"")).collect();
            // Writing to a text cannot fail.
            let _ = write!(text, "  {name}:\n    ports: !override [{}]\n{rest}", ports.join(", "));
        };
        let Self { postgres, mongo, redis, pulsar, pulsar_admin } = *self;
        service("postgres", &[(postgres, 5432)], "    environment: { POSTGRES_HOST_AUTH_METHOD: trust }\n");
        service("mongo", &[(mongo, 27017)], "");
        service("redis", &[(redis, 6379)], "");
        let port = pulsar.port();
        let broker = format!(
            "    environment: {{ brokerServicePort: \"{port}\" }}\n    command: [\"bash\", \"-c\", \
             \"bin/apply-config-from-env.py conf/standalone.conf && exec bin/pulsar standalone -nfw -nss -a 127.0.0.1\"]\n"
        );
        service("pulsar", &[(pulsar, port), (pulsar_admin, 8080)], &broker);
        text
    }
}
