//! The gateway in front of the services, and what is said about it.

use std::{io::Write, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow};
use lms_kit::service::stop_asked;
use octavo_cache::ChangeFeed;
use octavo_cli::{
    AuthorizationConfig, CacheConfig, Config, HeadersConfig, PlaygroundConfig, SubgraphConfig, serve_gateway,
};
use tokio::net::{TcpListener, TcpStream};

use crate::{changes::Changes, library::Serving};

/// The services' schemas, composed.
const SUPERGRAPH: &str = include_str!("../../../schema/supergraph.graphql");
/// What stands in the playground at first.
const SUGGESTED: &str = include_str!("suggested.graphql");

/// Finds out before anything else is done whether the gateway's address can be had.
pub(crate) async fn check_free(address: SocketAddr) -> Result<()> {
    let taken = || format!("{address} cannot be listened on; give another with --listen");
    TcpListener::bind(address).await.map(drop).with_context(taken)
}

/// Serves the graph until someone asks the process to stop, and says where it is once it is there.
pub(crate) async fn serve(address: SocketAddr, services: &Serving, changes: Option<Changes>) -> Result<()> {
    let subgraph = |url: &String| SubgraphConfig { url: Some(url.clone()), ..SubgraphConfig::default() };
    let config = Config {
        listen: address,
        playground: PlaygroundConfig { enabled: true, default_query: Some(SUGGESTED.to_owned()) },
        headers: HeadersConfig { propagate: vec!["authorization".to_owned()] },
        // Each service holds the rules itself, and knows who its caller is.
        authorization: AuthorizationConfig { enforce: false, ..AuthorizationConfig::default() },
        subgraphs: services.urls.iter().map(|(name, url)| ((*name).to_owned(), subgraph(url))).collect(),
        cache: changes.is_some().then(CacheConfig::default),
        ..Config::default()
    };
    let changes = changes.map(|changes| Arc::new(changes) as Arc<dyn ChangeFeed>);
    let gateway = serve_gateway("the library", SUPERGRAPH, &config, changes, stop_asked());
    tokio::pin!(gateway);
    tokio::select! {
        ended = &mut gateway => return ended.map_err(|failure| anyhow!(failure)),
        () = answers(address) => announce(address, services.keys.as_deref())?,
    }
    gateway.await.map_err(|failure| anyhow!(failure))
}

fn announce(address: SocketAddr, keys: Option<&str>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let callers = match keys {
        Some(place) => format!("Callers bring the tokens that `login` gives out; their keys: {place}"),
        None => "Whoever reaches it is a local administrator; --secured asks for tokens.".to_owned(),
    };
    let hint = "Stop it with Ctrl-C.";
    write!(
        out,
        "The library is open: http://{address}/graphql\n{callers}\n{hint} A query to try:\n\n{SUGGESTED}"
    )?;
    Ok(out.flush()?)
}

/// Waits until someone listens at an address.
async fn answers(address: SocketAddr) {
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
