//! The `MongoDB` wire protocol, served by `FerretDB` over `SQLite` files.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::process::Signal;

use crate::artefacts::ferretdb_binary;
use crate::engine::Engine;
use crate::folder::Folder;
use crate::health::Health;
use crate::ports::free_address;
use crate::server::{Recipe, Server};

/// A `MongoDB` wire server of this test run.
pub struct Mongo {
    server: Server,
    address: SocketAddr,
}

impl Mongo {
    /// Builds the server when that was not done before.
    pub async fn prepare() -> anyhow::Result<()> {
        ferretdb_binary().await.map(drop)
    }

    /// Starts a server and waits until it answers.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_in(Folder::new("mongo")?).await
    }

    /// The same, on a disk that can be filled.
    pub async fn start_on_a_disk() -> anyhow::Result<Self> {
        Self::start_in(Folder::on_a_disk("mongo")?).await
    }

    async fn start_in(folder: Folder) -> anyhow::Result<Self> {
        let program = ferretdb_binary().await?;
        let address = free_address()?;
        let data = folder.inside("data")?;
        let recipe = Recipe {
            name: "FerretDB",
            program,
            arguments: vec![
                "--listen".to_owned(),
                address.to_string(),
                "--data".to_owned(),
                data.display().to_string(),
            ],
            // It listens only once it can answer.
            health: Health { address, question: Vec::new(), answer: b"" },
            ready_within: Duration::from_secs(30),
            stop: Signal::TERM,
            abort: Signal::KILL,
        };
        Ok(Self { server: Server::start(recipe, folder).await?, address })
    }

    /// The server's URL; a database's name may follow.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mongodb://{}/", self.address)
    }

    /// The URL of one database.
    #[must_use]
    pub fn database_url(&self, name: &str) -> String {
        format!("{}{name}", self.url())
    }
}

impl Engine for Mongo {
    fn server(&mut self) -> &mut Server {
        &mut self.server
    }
}
