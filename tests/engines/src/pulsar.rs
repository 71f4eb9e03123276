//! Apache Pulsar: the real broker, alone in one process.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use rustix::process::Signal;

use crate::artefacts::pulsar_jars;
use crate::engine::Engine;
use crate::folder::Folder;
use crate::health::Health;
use crate::ports::free_address;
use crate::programs::require;
use crate::server::{Recipe, Server};

const SETTINGS: &str = include_str!("../pulsar/standalone.conf");

/// What the broker reaches into.
const OPENED: [&str; 5] = [
    "java.base/sun.net",
    "java.base/java.lang",
    "java.base/java.util.zip",
    "java.management/sun.management",
    "jdk.management/com.sun.management.internal",
];

/// A Pulsar broker of this test run.
pub struct Pulsar {
    server: Server,
    broker: SocketAddr,
    admin: SocketAddr,
}

impl Pulsar {
    /// Brings the broker's jars when that was not done before.
    pub async fn prepare() -> anyhow::Result<()> {
        pulsar_jars().await.map(drop)
    }

    /// Starts a broker and waits until its own health check passes.
    pub async fn start() -> anyhow::Result<Self> {
        let jars = pulsar_jars().await?;
        let (broker, admin) = (free_address()?, free_address()?);
        let folder = Folder::new("pulsar")?;
        let recipe = Recipe {
            name: "Pulsar",
            program: require("java")?,
            arguments: arguments(&jars, &folder, broker, admin)?,
            health: Health::http(admin, "/admin/v2/brokers/health"),
            ready_within: Duration::from_mins(4),
            stop: Signal::TERM,
            abort: Signal::KILL,
        };
        Ok(Self { server: Server::start(recipe, folder).await?, broker, admin })
    }

    /// The broker's URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("pulsar://{}", self.broker)
    }

    /// The URL of the admin API.
    #[must_use]
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.admin)
    }
}

impl Engine for Pulsar {
    fn server(&mut self) -> &mut Server {
        &mut self.server
    }
}

fn arguments(
    jars: &Path,
    folder: &Folder,
    broker: SocketAddr,
    admin: SocketAddr,
) -> anyhow::Result<Vec<String>> {
    let conf = folder.path().join("standalone.conf");
    let ports = format!("{SETTINGS}\nbrokerServicePort={}\nwebServicePort={}\n", broker.port(), admin.port());
    fs::write(&conf, ports).with_context(|| format!("cannot write {}", conf.display()))?;
    let metadata = folder.inside("metadata")?.join("db");
    let bookkeeper = folder.inside("bookkeeper")?;

    let mut arguments: Vec<String> =
        ["-Xmx1g", "-XX:MaxDirectMemorySize=1g", "-XX:TieredStopAtLevel=1"].map(str::to_owned).to_vec();
    for module in OPENED {
        arguments.extend(["--add-opens".to_owned(), format!("{module}=ALL-UNNAMED")]);
    }
    arguments.extend(["-cp".to_owned(), format!("{}/*", jars.display())]);
    arguments.push("org.apache.pulsar.PulsarStandaloneStarter".to_owned());
    arguments.extend(["-nfw", "-nss", "-a", "127.0.0.1", "-c"].map(str::to_owned));
    arguments.push(conf.display().to_string());
    arguments.extend(["--metadata-dir".to_owned(), metadata.display().to_string()]);
    arguments.extend(["--bookkeeper-dir".to_owned(), bookkeeper.display().to_string()]);
    Ok(arguments)
}
