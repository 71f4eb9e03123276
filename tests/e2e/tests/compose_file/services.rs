//! Each service's command runs as the file says it, on the engines of this test run.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use octavo_e2e::root;
use octavo_engines::{binary, free_address, shared};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::file::{ComposeFile, Service};

const READY_WITHIN: Duration = Duration::from_mins(3);

#[tokio::test]
async fn every_service_becomes_ready_on_its_engine() -> anyhow::Result<()> {
    let file = ComposeFile::read()?;
    let services: Vec<_> =
        file.built().filter(|(_, service)| service.variable("DATABASE_URL").is_some()).collect();
    // One keeps nothing.
    assert_eq!(services.len(), crate::LIBRARY.len() - 1);
    for (name, service) in services {
        becomes_ready(name, service).await.with_context(|| name.clone())?;
    }
    Ok(())
}

/// The gateway starts before its subgraphs answer, and before its cache is reached.
#[tokio::test]
async fn the_gateway_becomes_ready_with_its_configuration() -> anyhow::Result<()> {
    let file = ComposeFile::read()?;
    let gateway = &file.services["gateway"];
    let config = gateway.value_of("--config").context("the command names its configuration")?;
    // The image holds it beside the schemas.
    let here = |argument: &str| (argument == config).then(|| format!("deploy/{config}"));
    let address = free_address()?;
    let mut process = start(gateway, address, here)?.spawn()?;
    wait_until_ready(&mut process, address.port()).await
}

async fn becomes_ready(name: &str, service: &Service) -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let database = match service.variable("DATABASE_URL").and_then(|url| url.split(':').next()) {
        Some("mongodb") => shared::mongo_database(name)?,
        Some("tantivy") => format!("tantivy:{}", folder.path().display()),
        _ => shared::postgres_database(name).await?,
    };
    let address = free_address()?;
    let mut process = start(service, address, |_| None)?.env("DATABASE_URL", database).spawn()?;
    wait_until_ready(&mut process, address.port()).await
}

/// The service's own command, listening here, with the arguments that are elsewhere on this machine replaced.
fn start(
    service: &Service,
    address: SocketAddr,
    elsewhere: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Command> {
    let listen = service.value_of("--listen").context("the command says where to listen")?;
    let here = |argument: &String| {
        if argument == listen {
            address.to_string()
        } else {
            elsewhere(argument).unwrap_or_else(|| argument.clone())
        }
    };
    let (command, arguments) = service.command.split_first().context("there is a command")?;
    let mut process = Command::new(binary(command)?);
    process.args(arguments.iter().map(here)).current_dir(root()).stdin(Stdio::null()).kill_on_drop(true);
    Ok(process)
}

/// Asks as the file's healthcheck does.
async fn wait_until_ready(process: &mut Child, port: u16) -> anyhow::Result<()> {
    let started = Instant::now();
    while started.elapsed() < READY_WITHIN {
        if let Some(status) = process.try_wait()? {
            bail!("the process ended: {status}");
        }
        let asked =
            Command::new(root().join("deploy/is-ready")).arg(port.to_string()).stderr(Stdio::null()).status();
        if asked.await?.success() {
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    }
    bail!("the process was not ready within {} s", READY_WITHIN.as_secs())
}
