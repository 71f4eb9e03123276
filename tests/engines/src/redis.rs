//! Redis, without persistence.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::process::Signal;

use crate::engine::Engine;
use crate::folder::Folder;
use crate::health::Health;
use crate::ports::free_address;
use crate::programs::require;
use crate::server::{Recipe, Server};

/// A Redis server of this test run.
pub struct Redis {
    server: Server,
    address: SocketAddr,
}

impl Redis {
    /// Starts a server and waits until it answers.
    pub async fn start() -> anyhow::Result<Self> {
        let address = free_address()?;
        let folder = Folder::new("redis")?;
        let (port, data) = (address.port().to_string(), folder.path().display().to_string());
        let arguments =
            ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", &data];
        let recipe = Recipe {
            name: "Redis",
            program: require("redis-server")?,
            arguments: arguments.map(str::to_owned).to_vec(),
            health: Health { address, question: b"PING\r\n".to_vec(), answer: b"+PONG" },
            ready_within: Duration::from_secs(20),
            stop: Signal::TERM,
            abort: Signal::KILL,
        };
        Ok(Self { server: Server::start(recipe, folder).await?, address })
    }

    /// The server's URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }
}

impl Engine for Redis {
    fn server(&mut self) -> &mut Server {
        &mut self.server
    }
}
