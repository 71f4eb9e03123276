//! The services and the gateway as processes, over engines that belong to them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;

use anyhow::Context;
use octavo_e2e::{Door, Running};
use octavo_engines::{Mongo, Postgres, Pulsar, Redis};
use tempfile::TempDir;

/// The services, in the order in which they start.
const SERVICES: [&str; 9] =
    ["authors", "books", "genres", "lendings", "node", "reports", "sagas", "students", "users"];
/// How long the gateway takes what it has read of an entity for true, in seconds.
const MAX_AGE: u32 = 5;

/// Everything that runs.
pub struct Stack {
    /// Where SQL services keep their data.
    postgres: Postgres,
    /// Where students keep theirs.
    mongo: Mongo,
    /// The gateway's shared cache.
    redis: Redis,
    /// The bus.
    pulsar: Pulsar,
    /// In front of each service and of the gateway.
    doors: BTreeMap<&'static str, Door>,
    databases: BTreeMap<&'static str, String>,
    processes: BTreeMap<&'static str, Running>,
    folder: TempDir,
}

impl Stack {
    /// Starts all of it, empty.
    pub async fn start() -> anyhow::Result<Self> {
        let (postgres, mongo, redis, pulsar) =
            tokio::try_join!(Postgres::start(), Mongo::start(), Redis::start(), Pulsar::start())?;
        let mut doors = BTreeMap::new();
        for name in SERVICES.into_iter().chain(["gateway"]) {
            doors.insert(name, Door::open().await?);
        }
        let (databases, processes, folder) = (BTreeMap::new(), BTreeMap::new(), TempDir::new()?);
        let mut stack = Self { postgres, mongo, redis, pulsar, doors, databases, processes, folder };
        for name in SERVICES {
            let url = match name {
                "node" => continue,
                "students" => stack.mongo.database_url(name),
                "reports" => format!("tantivy:{}", stack.folder.path().join(name).display()),
                _ => stack.postgres.create_database(name).await?,
            };
            stack.databases.insert(name, url);
        }
        for name in SERVICES {
            stack.start_process(name).await?;
        }
        stack.start_process("gateway").await?;
        Ok(stack)
    }

    /// The door in front of a process or an engine.
    fn door(&self, name: &str) -> anyhow::Result<&Door> {
        self.doors.get(name).with_context(|| format!("{name} has no door"))
    }

    /// Where the gateway is, whichever process it is.
    pub fn gateway(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.door("gateway")?.address())
    }

    /// A service's database without a door.
    pub fn direct(&self, service: &str) -> anyhow::Result<&str> {
        Ok(self.databases.get(service).with_context(|| format!("{service} keeps nothing"))?)
    }

    async fn start_process(&mut self, name: &'static str) -> anyhow::Result<()> {
        let arguments = self.arguments(name)?;
        let process = Running::start(&binary(name), &as_texts(&arguments)).await?;
        self.door(name)?.lead(Some(process.address()));
        self.processes.insert(name, process);
        Ok(())
    }

    fn arguments(&self, name: &str) -> anyhow::Result<Vec<String>> {
        if name == "gateway" {
            let config = self.gateway_config()?;
            return Ok(["serve", "--supergraph", "schema/supergraph.graphql", "--config", &config]
                .map(str::to_owned)
                .to_vec());
        }
        let mut arguments = Vec::new();
        if let Some(url) = self.databases.get(name) {
            arguments.extend(["--database-url".to_owned(), url.clone()]);
            arguments.extend(["--bus-url".to_owned(), self.pulsar.url()]);
            arguments.extend(["--bus-admin-url".to_owned(), self.pulsar.admin_url()]);
        }
        for peer in SERVICES.into_iter().filter(|peer| *peer != name) {
            arguments.extend(["--peer".to_owned(), format!("{peer}=http://{}/", self.door(peer)?.address())]);
        }
        Ok(arguments)
    }

    fn gateway_config(&self) -> anyhow::Result<String> {
        let mut config = format!(
            "authorization: {{ enforce: false }}\ncache:\n  default_max_age: {MAX_AGE}\n  \
             redis: {{ url: \"{}\", timeout_ms: 300 }}\nsubgraphs:\n",
            self.redis.url()
        );
        for name in SERVICES {
            writeln!(config, "  {name}: {{ url: \"http://{}/graphql\" }}", self.door(name)?.address())?;
        }
        let file = self.folder.path().join("gateway.yaml");
        fs::write(&file, config)?;
        Ok(file.to_string_lossy().into_owned())
    }
}

fn binary(name: &str) -> String {
    if name == "gateway" { "octavo".to_owned() } else { format!("lms-{name}") }
}

fn as_texts(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}
