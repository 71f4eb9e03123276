//! A gateway put together from a supergraph's text and a configuration.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use octavo_batch::Joined;
use octavo_cache::{ChangeFeed, EntityCache, RedisOptions, follow};
use octavo_diagnostics::render::human;
use octavo_diagnostics::{Diagnostic, Sources};
use octavo_executor::CachePort;
use octavo_server::{
    CorsOptions, Gateway, OperationLimits, Options, Origins, PlaygroundOptions, Schema, Share,
};
use octavo_supergraph::{Supergraph, SupergraphError};
use octavo_transport::HttpSubgraphs;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use crate::config::LabelConfig;
use crate::exit::Failure;
use crate::{Config, access, changes};

/// A gateway, and what it needs done beside its requests.
pub(crate) struct Assembled {
    pub(crate) gateway: Arc<Gateway>,
    /// What it hears of changes. It hears nothing more when this is dropped.
    pub(crate) hearing: JoinSet<()>,
}

/// The gateway for a supergraph; `name` of its file stands in messages. Must be called inside the runtime.
pub(crate) async fn gateway(
    name: &str,
    sdl: &str,
    config: &Config,
    changes: Option<Arc<dyn ChangeFeed>>,
) -> Result<Assembled, Failure> {
    let schema = schema(name, sdl, config)?;
    let authenticator = access::authenticator(config).await?;
    let changes = match changes {
        Some(changes) => Some(changes),
        None => changes::feed(config)?,
    };
    let cache = cache(config, changes.is_some())?;
    let mut hearing = JoinSet::new();
    if let (Some(cache), Some(changes)) = (&cache, changes) {
        hearing.spawn(follow(Arc::clone(cache), changes));
    }
    let cache = cache.map(|cache| cache as Arc<dyn CachePort>);
    let gateway = Gateway::new(schema, cache, authenticator, options(config)?);
    Ok(Assembled { gateway, hearing })
}

/// Loads a supergraph to answer by, or says what is wrong with it and where.
pub(crate) fn supergraph(name: &str, sdl: &str) -> Result<Supergraph, Failure> {
    let supergraph = loaded(name, sdl)?;
    let unfollowed = supergraph.unfollowed().iter().map(|url| {
        let message =
            format!("a gateway must follow `{url}` to answer by this supergraph, and this one does not");
        let place = sdl.find(url.as_str()).map(|start| start..start + url.len());
        Diagnostic::error("UNSUPPORTED_LINKED_FEATURE", message).at(name, place, "")
    });
    let unfollowed: Vec<_> = unfollowed.collect();
    if unfollowed.is_empty() { Ok(supergraph) } else { Err(refused(name, sdl, &unfollowed)) }
}

/// Loads a supergraph to look at.
pub(crate) fn loaded(name: &str, sdl: &str) -> Result<Supergraph, Failure> {
    Supergraph::parse(sdl).map_err(|errors| {
        let diagnostics: Vec<_> = errors.iter().take(10).map(|error| diagnostic(name, error)).collect();
        refused(name, sdl, &diagnostics)
    })
}

fn refused(name: &str, sdl: &str, diagnostics: &[Diagnostic]) -> Failure {
    let sources: Sources<'_> = [(name, sdl)].into_iter().collect();
    let shown = human(diagnostics, &sources);
    Failure::Usage(format!("the supergraph {name} cannot be loaded\n\n{}", shown.trim_end()))
}

fn diagnostic(name: &str, error: &SupergraphError) -> Diagnostic {
    let span = error.location().map(|place| place.offset..place.end_offset);
    Diagnostic::error("INVALID_SUPERGRAPH", error.to_string()).at(name, span, "")
}

fn schema(name: &str, sdl: &str, config: &Config) -> Result<Schema, Failure> {
    let supergraph = supergraph(name, sdl)?;
    access::warn(&supergraph, config);
    let transport = octavo_transport::Options {
        timeout: Duration::from_secs(config.timeouts.subgraph),
        max_response_bytes: config.limits.response_bytes,
        calls: octavo_admission::Limits {
            in_flight: config.limits.subgraph_in_flight,
            waiting: config.limits.subgraph_waiting,
            patience: Duration::from_secs(config.timeouts.waiting),
        },
        ..octavo_transport::Options::default()
    };
    let endpoints = endpoints(&supergraph, config)?;
    let subgraphs = HttpSubgraphs::new(endpoints, transport).map_err(|e| Failure::Usage(e.to_string()))?;
    let subgraphs = Joined::new(Arc::new(subgraphs), batching(config));
    let schema = Schema::new(supergraph, Arc::new(subgraphs), generation(sdl));
    for label in config.override_labels.keys().filter(|label| !schema.override_labels().contains(*label)) {
        tracing::warn!(label, "`override_labels` names a label that the supergraph does not have");
    }
    Ok(schema)
}

fn override_labels(config: &Config) -> Result<BTreeMap<String, Share>, Failure> {
    let share = |(label, wish): (&String, &LabelConfig)| {
        let share = match *wish {
            LabelConfig::Switch(false) => Some(Share::NEVER),
            LabelConfig::Switch(true) => Some(Share::ALWAYS),
            LabelConfig::Percent(percent) => Share::percent(percent),
        };
        let wrong = || format!("override_labels.{label}: give true, false, or a percentage from 0 to 100");
        Ok((label.clone(), share.ok_or_else(|| Failure::Usage(wrong()))?))
    };
    config.override_labels.iter().map(share).collect()
}

fn batching(config: &Config) -> octavo_batch::Options {
    let apart = config.subgraphs.iter().filter(|(_, subgraph)| !subgraph.batching);
    octavo_batch::Options {
        entities: config.batching.entities,
        equal_queries: config.batching.equal_queries,
        max_entities: config.batching.max_entities,
        apart: apart.map(|(name, _)| name.clone()).collect(),
        ..octavo_batch::Options::default()
    }
}

/// Each subgraph's address: the configured one, else the supergraph's.
fn endpoints<'a>(supergraph: &'a Supergraph, config: &'a Config) -> Result<Vec<(&'a str, &'a str)>, Failure> {
    let own = supergraph.subgraphs().iter();
    let own: Vec<_> = own.map(|one| (supergraph.name(one.name), supergraph.name(one.url))).collect();
    for name in config.subgraphs.keys() {
        if !own.iter().any(|(known, _)| known == name) {
            let known: Vec<_> = own.iter().map(|(known, _)| *known).collect();
            let known = known.join(", ");
            return Err(Failure::Usage(format!(
                "the configuration names the subgraph `{name}`, which the supergraph does not have (it has {known})"
            )));
        }
    }
    let configured = |name| config.subgraphs.get(name).and_then(|subgraph| subgraph.url.as_deref());
    let endpoint = |(name, url)| (name, configured(name).unwrap_or_else(|| reachable(name, url)));
    Ok(own.into_iter().map(endpoint).collect())
}

/// The supergraph's own URL. A placeholder keeps only its subgraph from being asked.
fn reachable<'a>(name: &str, url: &'a str) -> &'a str {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    if matches!(scheme.as_deref(), Some("http" | "https")) {
        return url;
    }
    tracing::warn!(subgraph = name, url, "no http URL: configure `subgraphs.{name}.url`");
    ""
}

/// The same for the same text in every process, so that gateways can share a cache.
fn generation(sdl: &str) -> u64 {
    let hash = Sha256::digest(sdl.as_bytes());
    hash.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn cache(config: &Config, hears: bool) -> Result<Option<Arc<EntityCache>>, Failure> {
    let Some(cache) = &config.cache else { return Ok(None) };
    let redis = cache.redis.as_ref().map(|redis| RedisOptions {
        timeout: Duration::from_millis(redis.timeout_ms),
        ..RedisOptions::at(&redis.url)
    });
    let memory_bytes = cache.memory_mib.saturating_mul(1024 * 1024);
    let options = octavo_cache::Options { memory_bytes, redis, hears };
    let cache = EntityCache::new(&options).map_err(|error| {
        // The source names the fault; the URL itself may hold a password.
        let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        Failure::Usage(format!("cache.redis.url: {error}: {why}"))
    })?;
    Ok(Some(Arc::new(cache)))
}

fn options(config: &Config) -> Result<Options, Failure> {
    let limits = &config.limits;
    let entity_max_age = config.cache.as_ref().and_then(|cache| cache.default_max_age);
    let playground = &config.playground;
    let page = || PlaygroundOptions { default_query: playground.default_query.clone() };
    Ok(Options {
        introspection: config.introspection,
        playground: playground.enabled.then(page),
        csrf_prevention: config.csrf_prevention,
        cors: config.cors.as_ref().map(|cors| origins(&cors.origins, cors.credentials)).transpose()?,
        max_body_bytes: limits.body_bytes,
        request_timeout: Duration::from_secs(config.timeouts.request),
        admission: octavo_admission::Limits {
            in_flight: limits.in_flight,
            waiting: limits.waiting,
            patience: Duration::from_secs(config.timeouts.waiting),
        },
        limits: OperationLimits {
            nesting: limits.nesting,
            tokens: limits.tokens,
            depth: limits.depth,
            aliases: limits.aliases,
            directives: limits.directives,
        },
        authorization: access::authorization(config),
        propagated_headers: propagated(&config.headers.propagate)?,
        override_labels: override_labels(config)?,
        execution: octavo_executor::Options { entity_max_age, ..octavo_executor::Options::default() },
        drain: Duration::from_secs(config.timeouts.drain),
        ..Options::default()
    })
}

fn origins(origins: &[String], credentials: bool) -> Result<CorsOptions, Failure> {
    let all = origins.iter().any(|origin| origin == "*");
    if all && credentials {
        let why = "cors: `*` and `credentials: true` cannot stand together; list the origins";
        return Err(Failure::Usage(why.to_owned()));
    }
    let origins = if all { Origins::Any } else { Origins::These(origins.to_vec()) };
    Ok(CorsOptions { origins, credentials })
}

/// Header names in lower case; those that belong to one connection or to the gateway itself are refused.
fn propagated(names: &[String]) -> Result<Vec<String>, Failure> {
    const OWN: [&str; 12] = [
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    ];
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let checked = names.iter().map(|name| {
        let name = name.to_ascii_lowercase();
        if name.is_empty() || !name.bytes().all(token) {
            return Err(Failure::Usage(format!("headers.propagate: `{name}` is no name of a header")));
        }
        if OWN.contains(&name.as_str()) {
            return Err(Failure::Usage(format!("headers.propagate: `{name}` is the gateway's own to set")));
        }
        Ok(name)
    });
    checked.collect()
}
