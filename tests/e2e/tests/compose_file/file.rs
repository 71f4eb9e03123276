//! docker-compose.yml, as far as the tests look at it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use octavo_e2e::root;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct ComposeFile {
    pub(crate) services: BTreeMap<String, Service>,
    pub(crate) volumes: BTreeMap<String, Option<()>>,
}

#[derive(Deserialize)]
pub(crate) struct Service {
    pub(crate) build: Option<Build>,
    #[serde(default)]
    pub(crate) command: Vec<String>,
    #[serde(default)]
    pub(crate) depends_on: BTreeMap<String, Dependency>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, Option<String>>,
    pub(crate) healthcheck: Option<Healthcheck>,
    #[serde(default)]
    pub(crate) ports: Vec<String>,
    #[serde(default)]
    pub(crate) volumes: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Build {
    pub(crate) dockerfile: String,
    #[serde(default)]
    args: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) condition: String,
}

#[derive(Deserialize)]
pub(crate) struct Healthcheck {
    pub(crate) test: Vec<String>,
}

impl ComposeFile {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let path = root().join("docker-compose.yml");
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("{} is not there", path.display()))?;
        serde_saphyr::from_str(&text).context("docker-compose.yml is not what compose reads")
    }

    /// The services whose image is built here.
    pub(crate) fn built(&self) -> impl Iterator<Item = (&String, &Service)> {
        self.services.iter().filter(|(_, service)| service.build.is_some())
    }
}

impl Service {
    pub(crate) fn built_binary(&self) -> Option<&str> {
        self.build.as_ref()?.args.get("BINARY").map(String::as_str)
    }

    /// What a variable is set to; `None` where it is passed on from whoever runs compose, or is not there.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name)?.as_deref()
    }

    /// What stands after a flag of the command.
    pub(crate) fn value_of(&self, flag: &str) -> Option<&str> {
        let position = self.command.iter().position(|argument| argument == flag)?;
        self.command.get(position + 1).map(String::as_str)
    }
}

/// A path that the file names, from where the file lies.
pub(crate) fn beside(path: &str) -> PathBuf {
    root().join(path)
}
