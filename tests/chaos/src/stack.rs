//! The services and the gateway as processes, over engines that belong to them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use octavo_e2e::{Door, Running, Wire, root};
use octavo_engines::{Engine, Mongo, Postgres, Pulsar, Redis};
use tempfile::TempDir;
use tokio::time::sleep;

/// The services, in the order in which they start.
pub(crate) const SERVICES: [&str; 9] =
    ["authors", "books", "genres", "lendings", "node", "reports", "sagas", "students", "users"];
/// Those with tables that take part in sagas.
pub(crate) const PARTICIPANTS: [&str; 5] = ["authors", "books", "genres", "lendings", "users"];
/// The doors of engines.
pub(crate) const POSTGRES: &str = "PostgreSQL";
pub(crate) const DOCUMENTS: &str = "documents";
pub(crate) const REDIS: &str = "Redis";
const STOPS_WITHIN: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(1);
/// How long connections take to notice that they are cut.
const NOTICED_WITHIN: Duration = Duration::from_millis(50);
/// How long the gateway takes what it has read of an entity for true, in seconds.
pub const MAX_AGE: u32 = 5;
/// How often the coordinator asks for sagas that it has lost, in seconds.
const FIND_LOST_EVERY: u32 = 10;

/// Everything that runs.
pub struct Stack {
    /// Where SQL services keep their data.
    pub postgres: Postgres,
    /// Where students keep theirs.
    pub mongo: Mongo,
    /// The gateway's shared cache.
    pub redis: Redis,
    /// The bus.
    pub pulsar: Pulsar,
    /// In front of each service, of the gateway, and of every engine but the bus, which tells clients its own address.
    doors: BTreeMap<&'static str, Door>,
    databases: BTreeMap<&'static str, String>,
    processes: BTreeMap<&'static str, Running>,
    folder: TempDir,
}

impl Stack {
    /// Starts all of it, empty.
    pub async fn start() -> anyhow::Result<Self> {
        let (postgres, mongo, redis, pulsar) = tokio::try_join!(
            Postgres::start_on_a_disk(),
            Mongo::start_on_a_disk(),
            Redis::start(),
            Pulsar::start()
        )?;
        let mut doors = BTreeMap::new();
        for name in SERVICES.into_iter().chain(["gateway", POSTGRES, DOCUMENTS, REDIS]) {
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
        for (name, url) in
            [(POSTGRES, stack.postgres.url()), (DOCUMENTS, stack.mongo.url()), (REDIS, stack.redis.url())]
        {
            stack.door(name)?.lead(Some(address_in(&url)?));
        }
        for name in SERVICES {
            stack.start_process(name).await?;
        }
        stack.start_process("gateway").await?;
        Ok(stack)
    }

    /// The door in front of a process or an engine.
    pub(crate) fn door(&self, name: &str) -> anyhow::Result<&Door> {
        self.doors.get(name).with_context(|| format!("{name} has no door"))
    }

    /// Where the gateway is, whichever process it is.
    pub fn gateway(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.door("gateway")?.address())
    }

    /// Where the services that keep files of their own have them.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What each process has logged so far.
    pub fn logs(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        self.processes.iter().map(|(name, process)| Ok((*name, process.log()?))).collect()
    }

    /// Asks every process to end, as whoever stops a server does; the engines run on.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        for (name, process) in std::mem::take(&mut self.processes) {
            let status = process.interrupt().await?;
            ensure!(status.success(), "{name} ended with {status}");
        }
        Ok(())
    }

    /// A service's database without a door.
    pub fn direct(&self, service: &str) -> anyhow::Result<&str> {
        Ok(self.databases.get(service).with_context(|| format!("{service} keeps nothing"))?)
    }

    /// The process of this name.
    pub(crate) fn process(&mut self, name: &str) -> anyhow::Result<&mut Running> {
        self.processes.get_mut(name).with_context(|| format!("{name} does not run"))
    }

    /// Leads everybody who asks a service to another process of it, those who have a connection as well.
    pub(crate) async fn divert(&self, name: &str, to: SocketAddr) -> anyhow::Result<()> {
        let door = self.door(name)?;
        door.lead(Some(to));
        door.set(Wire::Cut);
        sleep(NOTICED_WITHIN).await;
        door.set(Wire::Open);
        Ok(())
    }

    /// Ends a process as `kill -9` does.
    pub(crate) fn kill9(&mut self, name: &str) -> anyhow::Result<()> {
        self.door(name)?.lead(None);
        let process = self.processes.remove(name).with_context(|| format!("{name} does not run"))?;
        let pid = process.pid();
        process.kill9()?;
        ensure!(state_of(pid).is_none(), "{name} runs on as {pid}");
        Ok(())
    }

    /// Starts a service, or the gateway, in place of the one that was there.
    pub(crate) async fn start_process(&mut self, name: &'static str) -> anyhow::Result<()> {
        let process = self.another(name).await?;
        self.door(name)?.lead(Some(process.address()));
        self.processes.insert(name, process);
        Ok(())
    }

    /// One more process of a service, beside the one that is asked.
    pub(crate) async fn another(&self, name: &str) -> anyhow::Result<Running> {
        Running::start(&binary(name), &as_texts(&self.arguments(name)?)).await
    }

    /// Kills a service, and starts one that ends at a place of `kit::fault`.
    pub(crate) fn start_dying(&mut self, name: &'static str, place: &str) -> anyhow::Result<()> {
        self.kill9(name)?;
        let variables = [("ABORT_AT", place)];
        let process = Running::spawn(&binary(name), &as_texts(&self.arguments(name)?), &variables)?;
        self.door(name)?.lead(Some(process.address()));
        self.processes.insert(name, process);
        Ok(())
    }

    /// Makes whole again what a scenario that failed has left hurt.
    pub(crate) async fn mend(&mut self) -> anyhow::Result<()> {
        for door in self.doors.values() {
            door.set(Wire::Open);
        }
        self.postgres.free_disk()?;
        self.mongo.free_disk()?;
        mend_engine(&mut self.postgres).await?;
        mend_engine(&mut self.mongo).await?;
        mend_engine(&mut self.redis).await?;
        mend_engine(&mut self.pulsar).await?;
        for name in SERVICES.into_iter().chain(["gateway"]) {
            let Some(process) = self.processes.get_mut(name) else {
                self.start_process(name).await?;
                continue;
            };
            process.resume()?;
            ensure!(process.is_alive()?, "{name} has ended by itself:\n{}", process.log()?);
            let address = process.address();
            self.door(name)?.lead(Some(address));
        }
        Ok(())
    }

    fn arguments(&self, name: &str) -> anyhow::Result<Vec<String>> {
        if name == "gateway" {
            let (supergraph, config) = (self.supergraph()?, self.gateway_config()?);
            return Ok(["serve", "--supergraph", &supergraph, "--config", &config]
                .map(str::to_owned)
                .to_vec());
        }
        let mut arguments = Vec::new();
        if let Some(url) = self.databases.get(name) {
            arguments.extend(["--database-url".to_owned(), self.through_door(url)?]);
            arguments.extend(["--bus-url".to_owned(), self.pulsar.url()]);
            arguments.extend(["--bus-admin-url".to_owned(), self.pulsar.admin_url()]);
        }
        if name == "sagas" {
            arguments.extend(["--find-lost-sagas-every".to_owned(), FIND_LOST_EVERY.to_string()]);
        }
        for peer in SERVICES.into_iter().filter(|peer| *peer != name) {
            arguments.extend(["--peer".to_owned(), format!("{peer}=http://{}/", self.door(peer)?.address())]);
        }
        Ok(arguments)
    }

    fn through_door(&self, url: &str) -> anyhow::Result<String> {
        let engine = match url.split(':').next() {
            Some("postgres") => POSTGRES,
            Some("mongodb") => DOCUMENTS,
            _ => return Ok(url.to_owned()),
        };
        Ok(url.replace(&address_in(url)?.to_string(), &self.door(engine)?.address().to_string()))
    }

    /// The library's supergraph, where everything that may be kept may be kept for so long.
    fn supergraph(&self) -> anyhow::Result<String> {
        let schema = fs::read_to_string(root().join("schema/supergraph.graphql"))?;
        let mut ages = schema.split("maxAge: ");
        let mut shorter = ages.next().unwrap_or_default().to_owned();
        for rest in ages {
            write!(
                shorter,
                "maxAge: {MAX_AGE}{}",
                rest.trim_start_matches(|digit: char| digit.is_ascii_digit())
            )?;
        }
        ensure!(shorter != schema, "the supergraph says of nothing how long it may be kept");
        let file = self.folder.path().join("supergraph.graphql");
        fs::write(&file, shorter)?;
        Ok(file.to_string_lossy().into_owned())
    }

    fn gateway_config(&self) -> anyhow::Result<String> {
        let mut config = format!(
            "authorization: {{ enforce: false }}\nheaders: {{ propagate: [authorization] }}\ncache:\n  default_max_age: {MAX_AGE}\n  \
             redis: {{ url: \"redis://{}/\", timeout_ms: 300 }}\nsubgraphs:\n",
            self.door(REDIS)?.address()
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

fn address_in(url: &str) -> anyhow::Result<SocketAddr> {
    let authority = url.split('/').nth(2).and_then(|authority| authority.rsplit('@').next());
    let address = authority.and_then(|authority| authority.parse().ok());
    address.with_context(|| format!("{url} names no address"))
}

async fn mend_engine(engine: &mut (impl Engine + Send)) -> anyhow::Result<()> {
    if engine.server().pid().is_some() { engine.resume() } else { engine.restart().await }
}

/// The state of a process, as the system says: `T` for one that is stopped; none for one that is gone.
pub(crate) fn state_of(pid: u32) -> Option<char> {
    status_of(pid, "State")?.chars().next()
}

/// Waits until a process that was told to stop has stopped: each of its threads has to hear it.
pub(crate) async fn until_stopped(pid: u32) -> anyhow::Result<()> {
    let asked = Instant::now();
    while state_of(pid) != Some('T') {
        ensure!(asked.elapsed() < STOPS_WITHIN, "the process {pid} runs on");
        sleep(POLL).await;
    }
    Ok(())
}

/// What the system says of a process.
pub(crate) fn status_of(pid: u32, field: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    Some(line?.trim().to_owned())
}
