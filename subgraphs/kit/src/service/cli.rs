//! A service as a process: flags, one clear message when it cannot start, a graceful stop.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Parser;
use octavo_telemetry::{Settings, StartError, VARIABLES};
use reqwest::Url;
use tokio::net::TcpListener;

use super::{Limits, Service, Surroundings};
use crate::{
    access::{Access, Keyring, KeyringError, PeerToken},
    bus::{self, BusOpenError, BusOptions},
    changes::HttpOwners,
    error::OpenError,
    federation::SdlError,
    sources::Sources,
    watch::{HttpPeer, Peers},
};

/// How long requests under way may take to end after a stop was asked for.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// How long between two looks for events that a service without a bus has left in its outbox: nobody waits for them.
const POLL_ALONE: Duration = Duration::from_secs(10);

/// What a service's process is called and where it listens when nobody says.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// The service's name.
    pub name: &'static str,
    /// Its address when none is given.
    pub default_listen: &'static str,
}

/// The flags of every service.
#[derive(Parser, Debug, Clone, Default)]
#[command(about = "A service of the library.", version)]
pub struct Cli {
    /// The database, such as `postgres://…`, `sqlite:PATH` or `mongodb://…` (or the variable `DATABASE_URL`).
    #[arg(long)]
    database_url: Option<String>,
    /// The address to listen on (or the variable `LISTEN`).
    #[arg(long)]
    listen: Option<String>,
    #[command(flatten)]
    bus: BusOptions,
    /// A service whose events this one hears, or whose messages it watches, and where it can be asked; once for each.
    #[arg(long = "peer", value_name = "NAME=URL", value_parser = peer)]
    peers: Vec<(String, Url)>,
    /// A file with the secret that services know one another by (or the variable `PEER_TOKEN`). Without it a secured
    /// service gives out its state to nobody.
    #[arg(long, value_name = "FILE")]
    peer_token_file: Option<PathBuf>,
    #[arg(skip)]
    peer_token: Option<String>,
    /// The users service's published keys, an http URL or a file: callers are the bearers of its tokens (or the variable
    /// `JWKS`). Without it, everyone is a local administrator.
    #[arg(long, value_name = "URL|FILE")]
    jwks: Option<String>,
    /// How many requests are worked on at once.
    #[arg(long, value_name = "N", default_value_t = Limits::default().in_flight)]
    in_flight: usize,
    /// How many more wait for a place while all are taken; the others are refused at once (status 503, code OVERLOADED).
    #[arg(long, value_name = "N", default_value_t = Limits::default().waiting)]
    waiting: usize,
    /// How long, in ms, each of those waits before it is refused.
    #[arg(long, value_name = "MS", default_value_t = 1_000)]
    wait_ms: u64,
    /// Prints the subgraph's SDL and ends.
    #[arg(long)]
    print_sdl: bool,
    #[arg(skip)]
    log: Option<String>,
    /// Of the variables that switch tracing on, those that are set.
    #[arg(skip)]
    tracing: BTreeMap<&'static str, String>,
    /// Where this process is to end, for tests of processes.
    #[cfg(feature = "faults")]
    #[arg(skip)]
    abort_at: Option<String>,
}

impl Cli {
    /// The flags, with variables in place of those not given. A wrong flag ends the process.
    pub fn read(
        arguments: impl Iterator<Item = OsString>,
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Self {
        Self::parse_from(arguments).with_variables(variable)
    }

    /// The flags of a service that has others besides, with variables in place of those not given.
    #[must_use]
    pub fn with_variables(mut self, variable: impl Fn(&'static str) -> Option<String>) -> Self {
        self.database_url = self.database_url.or_else(|| variable("DATABASE_URL"));
        self.listen = self.listen.or_else(|| variable("LISTEN"));
        self.bus = self.bus.or(&variable);
        self.jwks = self.jwks.or_else(|| variable("JWKS")).filter(|place| !place.is_empty());
        self.peer_token = variable("PEER_TOKEN");
        self.log = variable("RUST_LOG");
        self.tracing = VARIABLES.into_iter().filter_map(|name| Some((name, variable(name)?))).collect();
        #[cfg(feature = "faults")]
        {
            self.abort_at = variable("ABORT_AT");
        }
        self
    }
}

/// A peer's name and URL.
fn peer(text: &str) -> Result<(String, Url), String> {
    let (name, url) = text.split_once('=').ok_or("a `=` is missing between the name and the URL")?;
    let url = Url::parse(url).map_err(|error| error.to_string())?;
    Ok((name.to_owned(), url))
}

/// Why a service's process ends with a failure.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error("no database: give --database-url or DATABASE_URL")]
    NoDatabase,
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Bus(#[from] BusOpenError),
    #[error("--peer-token-file {path}: {source}")]
    PeerToken { path: String, source: std::io::Error },
    #[error("cannot ask other services: {0}")]
    Peers(#[from] reqwest::Error),
    #[error(transparent)]
    Keys(#[from] KeyringError),
    #[error(transparent)]
    Tracing(#[from] StartError),
    #[error(transparent)]
    Sdl(#[from] SdlError),
    #[cfg(feature = "faults")]
    #[error("ABORT_AT: {0}")]
    Place(#[from] crate::fault::UnknownPlace),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: String, source: std::io::Error },
    #[error("the server failed: {0}")]
    Serve(#[source] std::io::Error),
    #[error("cannot print: {0}")]
    Print(#[source] std::io::Error),
}

/// Runs a service until it is told to stop.
pub async fn run(
    cli: Cli,
    definition: Definition,
    sdl: impl FnOnce() -> Result<String, SdlError>,
    open: impl AsyncFnOnce(String, Sources) -> Result<Service, OpenError>,
) -> ExitCode {
    let database_url = cli.database_url.clone();
    let open = async |sources| {
        let url = database_url.ok_or(RunError::NoDatabase)?;
        Ok(open(url, sources).await?)
    };
    end(definition, if cli.print_sdl { print(sdl) } else { serve(cli, definition, open).await })
}

/// Runs a service that keeps nothing until it is told to stop.
pub async fn run_stateless(
    cli: Cli,
    definition: Definition,
    sdl: impl FnOnce() -> Result<String, SdlError>,
    open: impl FnOnce(Sources) -> Result<Service, OpenError>,
) -> ExitCode {
    let open = async |sources| Ok(open(sources)?);
    end(definition, if cli.print_sdl { print(sdl) } else { serve(cli, definition, open).await })
}

fn end(definition: Definition, result: Result<(), RunError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when not even this can be said.
            let _ = writeln!(std::io::stderr(), "lms-{}: {error}", definition.name);
            ExitCode::FAILURE
        }
    }
}

fn print(sdl: impl FnOnce() -> Result<String, SdlError>) -> Result<(), RunError> {
    let sdl = sdl()?;
    std::io::stdout().write_all(sdl.as_bytes()).map_err(RunError::Print)
}

async fn serve(
    cli: Cli,
    definition: Definition,
    open: impl AsyncFnOnce(Sources) -> Result<Service, RunError>,
) -> Result<(), RunError> {
    let filter =
        tracing_subscriber::EnvFilter::new(cli.log.as_deref().unwrap_or("info,sqlx=warn,pulsar=error"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    #[cfg(feature = "faults")]
    if let Some(place) = &cli.abort_at {
        crate::fault::install(place.parse::<crate::fault::AbortAt>()?);
    }
    let named = Settings { service_name: format!("lms-{}", definition.name), ..Settings::default() };
    let told = octavo_telemetry::start(&named, |name| cli.tracing.get(name).cloned())?;
    let address = cli.listen.unwrap_or_else(|| definition.default_listen.to_owned());
    let listener = TcpListener::bind(&address);
    let listener = listener.await.map_err(|source| RunError::Listen { address: address.clone(), source })?;
    let access = match &cli.jwks {
        Some(place) => Access::Secured(Keyring::open(place).await?),
        None => Access::Open,
    };
    let peer_token = peer_token(cli.peer_token_file.as_deref(), cli.peer_token).await?;
    let service = open(Sources::system()).await?.with_access(access).with_peer_token(peer_token.clone());
    let patience = Duration::from_millis(cli.wait_ms);
    let service = service.with_limits(Limits { in_flight: cli.in_flight, waiting: cli.waiting, patience });
    let is_alone = cli.bus.url.is_none();
    let bus = bus::open(&cli.bus).await?;
    let mut peers = Peers::default();
    for (name, url) in &cli.peers {
        peers.insert(name, HttpPeer::new(url.clone(), peer_token.clone())?);
    }
    peers.insert(definition.name, service.clone());
    let owners = HttpOwners::new(cli.peers.into_iter().collect(), peer_token)?;
    let mut around = Surroundings { peers, ..Surroundings::new(Arc::clone(&bus), Arc::new(owners)) };
    if is_alone {
        around.relay.poll = POLL_ALONE;
    }
    let bound = listener.local_addr().map_err(RunError::Serve)?;
    let asked = stop_asked();
    tracing::info!(service = definition.name, address = %bound, "listening on http://{bound}/graphql");

    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let graceful = async move {
        asked.await;
        // The deadline may have ended already; then nobody needs to know.
        let _ = stopping.send(());
    };
    let server = service.serve(listener, graceful);
    let deadline = async move {
        let _ = stopped.await;
        tokio::time::sleep(STOP_WITHIN).await;
    };
    tokio::select! {
        ended = server => ended.map_err(RunError::Serve)?,
        () = service.purge_hourly() => {}
        () = service.take_part(&around) => {}
        () = deadline => tracing::warn!("requests were still under way when the time to stop was over"),
    }
    bus.close().await;
    service.close().await;
    told.stop().await;
    tracing::info!(service = definition.name, "stopped");
    Ok(())
}

/// The secret that services know one another by: the file's, or the variable's.
async fn peer_token(file: Option<&Path>, variable: Option<String>) -> Result<PeerToken, RunError> {
    let Some(file) = file else { return Ok(PeerToken::new(&variable.unwrap_or_default())) };
    let text = tokio::fs::read_to_string(file).await;
    let failed = |source| RunError::PeerToken { path: file.display().to_string(), source };
    text.map(|text| PeerToken::new(&text)).map_err(failed)
}

/// Ready when the process is interrupted or told to end. Neither ends it by itself from this call on, whoever waits.
pub fn stop_asked() -> impl Future<Output = ()> {
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
