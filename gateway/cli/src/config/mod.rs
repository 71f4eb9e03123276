//! The configuration file.

mod access;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use crate::exit::Failure;
use crate::file;

pub use access::{AuthenticationConfig, AuthorizationConfig, OnInvalid, ProviderConfig};

/// What `octavo serve --config` reads. Everything has a default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Whether clients may introspect.
    pub introspection: bool,
    /// Refuses a GET that a browser sends for another site without having asked first.
    pub csrf_prevention: bool,
    /// The page for browsers.
    pub playground: PlaygroundConfig,
    /// What goes from clients to subgraphs.
    pub headers: HeadersConfig,
    /// Who callers are; `None`: tokens are not looked at.
    pub authentication: Option<AuthenticationConfig>,
    /// How the access rules of the schema are held.
    pub authorization: AuthorizationConfig,
    /// Which other sites may read answers.
    pub cors: Option<CorsConfig>,
    /// Entities kept across requests.
    pub cache: Option<CacheConfig>,
    /// How requests to subgraphs are joined.
    pub batching: BatchingConfig,
    /// For which requests fields move to another subgraph, by override label.
    pub override_labels: BTreeMap<String, LabelConfig>,
    /// Subgraphs by name.
    pub subgraphs: BTreeMap<String, SubgraphConfig>,
    /// Where traces are told.
    pub telemetry: TelemetryConfig,
    /// How long things may take.
    pub timeouts: TimeoutsConfig,
    /// How much clients and subgraphs may send.
    pub limits: LimitsConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4000)),
            introspection: true,
            csrf_prevention: true,
            playground: PlaygroundConfig::default(),
            headers: HeadersConfig::default(),
            authentication: None,
            authorization: AuthorizationConfig::default(),
            cors: None,
            cache: None,
            batching: BatchingConfig::default(),
            override_labels: BTreeMap::new(),
            subgraphs: BTreeMap::new(),
            telemetry: TelemetryConfig::default(),
            timeouts: TimeoutsConfig::default(),
            limits: LimitsConfig::default(),
        }
    }
}

/// For which requests an override label holds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub enum LabelConfig {
    /// For all, or for none.
    Switch(bool),
    /// For so many of a hundred.
    Percent(f64),
}

/// The page for browsers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlaygroundConfig {
    /// Whether it is served.
    pub enabled: bool,
    /// What stands in its editor at first.
    pub default_query: Option<String>,
}

impl Default for PlaygroundConfig {
    fn default() -> Self {
        Self { enabled: true, default_query: None }
    }
}

/// What goes from clients to subgraphs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeadersConfig {
    /// Names of headers that subgraphs get as the client sent them.
    pub propagate: Vec<String>,
}

/// Which other sites may read answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorsConfig {
    /// Origins (`https://shop.example`), or `*` alone for all.
    pub origins: Vec<String>,
    /// Whether requests may carry cookies.
    #[serde(default)]
    pub credentials: bool,
}

/// Entities kept across requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// How much memory they may take, in MiB.
    pub memory_mib: u64,
    /// A Redis that several gateways share.
    pub redis: Option<RedisConfig>,
    /// Where it hears of changes; without it, it goes by lifetimes alone.
    pub events: Option<EventsConfig>,
    /// For how many seconds entities are kept about which the schema says nothing; none if absent.
    pub default_max_age: Option<u32>,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { memory_mib: 64, redis: None, events: None, default_max_age: None }
    }
}

/// A Redis server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisConfig {
    /// `redis://[user:password@]host[:port][/database]`
    pub url: String,
    /// How many milliseconds a request may wait for it.
    #[serde(default = "redis_timeout")]
    pub timeout_ms: u64,
}

fn redis_timeout() -> u64 {
    50
}

/// Topics of Apache Pulsar on which subgraphs say what has changed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsConfig {
    /// `pulsar://HOST:PORT` or `pulsar+ssl://HOST:PORT`
    pub url: String,
    /// `persistent://TENANT/NAMESPACE/TOPIC`, one or more.
    pub topics: Vec<String>,
    /// A file with the token that proves who is asking.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// A file of certificates in PEM, which sign the broker's.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

/// How requests of concurrent clients to one subgraph are joined.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchingConfig {
    /// Whether requests for entities leave together.
    pub entities: bool,
    /// Whether a query that is equal to one under way waits for its answer.
    pub equal_queries: bool,
    /// The most entities that are asked for together.
    pub max_entities: usize,
}

impl Default for BatchingConfig {
    fn default() -> Self {
        let octavo_batch::Options { entities, equal_queries, max_entities, .. } =
            octavo_batch::Options::default();
        Self { entities, equal_queries, max_entities }
    }
}

/// One subgraph.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubgraphConfig {
    /// Its address, in place of the one in the supergraph.
    pub url: Option<String>,
    /// Whether requests to it are joined.
    pub batching: bool,
}

impl Default for SubgraphConfig {
    fn default() -> Self {
        Self { url: None, batching: true }
    }
}

/// Where traces are told; the standard variables of the environment go before it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// The collector: `http://localhost:4318`. Without one nothing is told.
    pub endpoint: Option<String>,
    /// What the gateway is called there.
    pub service_name: Option<String>,
    /// How many of the traces that begin here are told, from 0 to 1; all if it does not say.
    pub ratio: Option<f64>,
}

/// How long things may take, in seconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeoutsConfig {
    /// A request of a client.
    pub request: u64,
    /// A request to a subgraph.
    pub subgraph: u64,
    /// A request, of a client or to a subgraph, that waits for a place.
    pub waiting: u64,
    /// Requests that still run when the gateway is told to stop.
    pub drain: u64,
}

impl Default for TimeoutsConfig {
    fn default() -> Self {
        Self { request: 60, subgraph: 30, waiting: 1, drain: 30 }
    }
}

/// How much clients and subgraphs may send.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Requests that are worked on at once.
    pub in_flight: usize,
    /// Requests that wait for a place while all are taken.
    pub waiting: usize,
    /// Requests to one subgraph that are under way at once.
    pub subgraph_in_flight: usize,
    /// Requests to one subgraph that wait until another has ended.
    pub subgraph_waiting: usize,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of a subgraph's answer.
    pub response_bytes: usize,
    /// Fields inside fields.
    pub depth: usize,
    /// Fields with an alias.
    pub aliases: usize,
    /// Directives at one place.
    pub directives: usize,
    /// Brackets inside brackets.
    pub nesting: usize,
    /// Tokens, white space included.
    pub tokens: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        let server = octavo_server::Options::default();
        let transport = octavo_transport::Options::default();
        Self {
            in_flight: server.admission.in_flight,
            waiting: server.admission.waiting,
            subgraph_in_flight: transport.calls.in_flight,
            subgraph_waiting: transport.calls.waiting,
            body_bytes: server.max_body_bytes,
            response_bytes: transport.max_response_bytes,
            depth: server.limits.depth,
            aliases: server.limits.aliases,
            directives: server.limits.directives,
            nesting: server.limits.nesting,
            tokens: server.limits.tokens,
        }
    }
}

impl Config {
    /// Reads YAML; `name` of the file stands in messages.
    pub fn parse(name: &str, yaml: &str) -> Result<Self, Failure> {
        // A file of comments alone configures nothing.
        let blank = yaml.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        if blank {
            return Ok(Self::default());
        }
        let config: Self = file::parse_yaml("configuration", name, yaml)?;
        config.check(name)?;
        Ok(config)
    }

    /// With nothing allowed, nothing would be answered: that is a slip, and no setting.
    fn check(&self, name: &str) -> Result<(), Failure> {
        let Self { timeouts, limits, batching, cache, authentication, .. } = self;
        let mut providers = authentication.iter().flat_map(|authentication| &authentication.providers);
        let redis = cache.as_ref().and_then(|cache| cache.redis.as_ref());
        let given = [
            ("timeouts.request", timeouts.request > 0),
            ("timeouts.subgraph", timeouts.subgraph > 0),
            ("timeouts.waiting", timeouts.waiting > 0),
            ("limits.in_flight", limits.in_flight > 0),
            ("limits.subgraph_in_flight", limits.subgraph_in_flight > 0),
            ("limits.body_bytes", limits.body_bytes > 0),
            ("limits.response_bytes", limits.response_bytes > 0),
            ("limits.depth", limits.depth > 0),
            ("limits.nesting", limits.nesting > 0),
            ("limits.tokens", limits.tokens > 0),
            ("batching.max_entities", batching.max_entities > 0),
            ("cache.memory_mib", cache.as_ref().is_none_or(|cache| cache.memory_mib > 0)),
            ("authentication.providers.refresh", providers.all(|provider| provider.refresh > 0)),
            ("cache.redis.timeout_ms", redis.is_none_or(|redis| redis.timeout_ms > 0)),
        ];
        let zero: Vec<_> = given.iter().filter(|(_, is_given)| !is_given).map(|(key, _)| *key).collect();
        if zero.is_empty() {
            return Ok(());
        }
        let zero = zero.join(", ");
        Err(Failure::Usage(format!(
            "the configuration {name} is not valid: {zero}: 0 allows nothing; give 1 or more"
        )))
    }
}
