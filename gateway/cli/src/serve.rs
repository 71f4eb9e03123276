//! `octavo serve`: the gateway on a port, until it is told to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use octavo_cache::ChangeFeed;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::assemble::{self, Assembled};
use crate::exit::Failure;
use crate::{Config, file, log, telemetry};

/// Hostile documents nest deep; the parser and the planner recurse within limits that this holds.
const STACK: usize = 8 * 1024 * 1024;

/// Serve a supergraph: GraphQL and a playground at /graphql, probes at /health and /ready
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The composed schema
    #[arg(long, value_name = "FILE")]
    supergraph: PathBuf,
    /// The configuration, in YAML
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The address to listen on; it goes before the configuration's [default: 127.0.0.1:4000]
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<SocketAddr>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    log::start(&[]);
    let sdl = file::read("supergraph", &arguments.supergraph)?;
    let mut config = match &arguments.config {
        Some(path) => Config::parse(&path.display().to_string(), &file::read("configuration", path)?)?,
        None => Config::default(),
    };
    if let Some(listen) = arguments.listen {
        config.listen = listen;
    }
    let name = arguments.supergraph.display().to_string();
    runtime()?.block_on(async {
        let stop = stop_signal();
        let told = telemetry::start("octavo", &config)?;
        let served = serve_gateway(&name, &sdl, &config, None, stop).await;
        told.stop().await;
        served
    })
}

/// Serves the supergraph `sdl` on `config.listen` until `stop` is ready and requests under way have ended. `name` says in
/// messages where the text came from. The cache, if the configuration has one, hears of `changes`, or
/// without those of what the configuration names.
pub async fn serve_gateway(
    name: &str,
    sdl: &str,
    config: &Config,
    changes: Option<Arc<dyn ChangeFeed>>,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let Assembled { gateway, hearing } = assemble::gateway(name, sdl, config, changes).await?;
    let address = config.listen;
    let taken = |error| Failure::System(format!("{address} cannot be listened on: {error}"));
    let listener = TcpListener::bind(address).await.map_err(taken)?;
    let address = listener.local_addr().map_err(taken)?;
    tracing::info!("serving {name} at http://{address}/graphql");
    let served = octavo_server::serve(gateway, listener, stop).await;
    drop(hearing);
    served.map_err(|error| Failure::System(format!("the listener failed: {error}")))
}

fn runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build();
    runtime.map_err(|error| Failure::System(format!("no threads: {error}")))
}

/// Ready when the process is interrupted or told to end. Neither ends it by itself from this call on, whoever waits.
fn stop_signal() -> impl Future<Output = ()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{Signal, SignalKind, signal};
        async fn heard(signal: std::io::Result<Signal>) {
            match signal {
                Ok(mut signal) => drop(signal.recv().await),
                Err(_) => std::future::pending().await,
            }
        }
        let [interrupted, ended] = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
        async {
            tokio::select! {
                () = heard(interrupted) => {}
                () = heard(ended) => {}
            }
        }
    }
    #[cfg(not(unix))]
    async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
