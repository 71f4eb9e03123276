//! How many requests a second the gateway answers, and what each costs it, with requests joined and apart.
//!
//! The graph and the operation have the shape of those that gateways are compared with in public
//! (<https://github.com/graphql-hive/graphql-gateways-benchmark>): six upstream calls, one of which answers with nearly all of
//! some eighty kilobytes. Subgraphs, clients and the gateway share the machine; the gateway is a process of its own, so that what
//! it costs is told by the system.

mod clients;
mod graph;
mod stand_ins;
mod usage;

use std::{fs, time::Duration};

use anyhow::{Context, ensure};
use clap::Parser;
use octavo_composition::{Options, SubgraphInput, compose};
use octavo_e2e::Running;
use tempfile::TempDir;

use crate::{clients::Figures, stand_ins::StandIns};

/// What of concurrent requests is joined, as the gateway's configuration says it.
const JOINING: [(&str, &str); 2] = [("joined", "{}"), ("apart", "{ entities: false, equal_queries: false }")];

/// Figures of the gateway under load
#[derive(Parser)]
struct Arguments {
    /// For how long each line of the table is measured.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// How many clients there are, each of which asks again as soon as it is answered (may repeat).
    #[arg(long, default_values_t = [1, 50])]
    clients: Vec<usize>,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "its table is what it is run for")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    ensure!(
        arguments.seconds > 0 && !arguments.clients.contains(&0),
        "nothing is measured without time or clients"
    );
    let (stand_ins, folder) = (StandIns::start().await?, TempDir::new()?);
    println!("{}", Figures::HEAD);
    for (name, batching) in JOINING {
        let gateway = gateway(&folder, &stand_ins, batching).await?;
        for &clients in &arguments.clients {
            let length = Duration::from_secs(arguments.seconds);
            println!("{}", clients::measure(&gateway, &stand_ins, (name, clients), length).await?);
        }
    }
    Ok(())
}

/// A gateway in front of the stand-ins.
async fn gateway(folder: &TempDir, stand_ins: &StandIns, batching: &str) -> anyhow::Result<Running> {
    let urls = graph::SUBGRAPHS.map(|(name, _)| stand_ins.url(name));
    let inputs: Vec<SubgraphInput<'_>> = graph::SUBGRAPHS
        .iter()
        .zip(&urls)
        .map(|(&(name, sdl), url)| SubgraphInput { name, url, sdl })
        .collect();
    let composition = compose(&inputs, &Options::default());
    let supergraph = composition.supergraph_sdl.with_context(|| format!("{:?}", composition.diagnostics))?;
    let (schema, config) = (folder.path().join("supergraph.graphql"), folder.path().join("gateway.yaml"));
    fs::write(&schema, supergraph)?;
    fs::write(&config, format!("batching: {batching}\n"))?;
    let (schema, config) = (schema.to_string_lossy(), config.to_string_lossy());
    Running::start("octavo", &["serve", "--supergraph", &schema, "--config", &config]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All parts run, and an answer takes as many calls as the graph makes needful; how fast depends on the machine.
    #[tokio::test(flavor = "multi_thread")]
    async fn each_answer_is_the_same_and_takes_six_calls() {
        let (stand_ins, folder) = (StandIns::start().await.unwrap(), TempDir::new().unwrap());
        let [joined, apart] = JOINING;
        for ((name, batching), fewest) in [(joined, 0.0), (apart, 6.0)] {
            let gateway = gateway(&folder, &stand_ins, batching).await.unwrap();
            let length = Duration::from_secs(1);
            let figures = clients::measure(&gateway, &stand_ins, (name, 4), length).await.unwrap();
            let calls = figures.calls_each();
            assert!(calls > 0.0 && calls >= fewest && calls <= 6.0, "{name}: {calls} calls each");
        }
    }
}
