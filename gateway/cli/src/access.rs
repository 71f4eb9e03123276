//! Who callers are, put together from the configuration; and what is said of rules that are not held as they stand.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use octavo_authentication::{
    Authenticator, FetchError, HeaderName, HttpKeys, InvalidTokens, KeySource, Options, Provider,
};
use octavo_server::{AuthorizationOptions, Unauthorized};
use octavo_supergraph::{Requirement, Supergraph};

use crate::config::{AuthenticationConfig, Config, OnInvalid, ProviderConfig};
use crate::exit::Failure;
use crate::file;

/// The authenticator, if one is configured. Keys that cannot be read in a file are an error, those at a URL a warning: who publishes
/// them may start later.
pub(crate) async fn authenticator(config: &Config) -> Result<Option<Authenticator>, Failure> {
    let Some(authentication) = &config.authentication else {
        if config.authorization.require_authentication {
            let why = "authorization.require_authentication: nobody could bring a token; configure `authentication` too";
            return Err(Failure::Usage(why.to_owned()));
        }
        return Ok(None);
    };
    let providers = authentication.providers.iter().map(provider).collect::<Result<Vec<_>, _>>()?;
    if providers.is_empty() {
        let why = "authentication.providers: there is none; name one, or leave `authentication` out";
        return Err(Failure::Usage(why.to_owned()));
    }
    let authenticator = Authenticator::new(options(authentication)?, providers);
    for (name, error) in authenticator.fetch_keys().await {
        if !is_url(name) {
            return Err(Failure::Usage(format!("the keys {name} cannot be used: {error}")));
        }
        tracing::warn!(keys = name, %error, "no token of this provider can be verified until its keys are there");
    }
    Ok(Some(authenticator))
}

fn options(config: &AuthenticationConfig) -> Result<Options, Failure> {
    let header: HeaderName = config.header.parse().map_err(|_| {
        Failure::Usage(format!("authentication.header: `{}` is no name of a header", config.header))
    })?;
    Ok(Options {
        header,
        prefix: config.prefix.trim().to_owned(),
        on_invalid: match config.on_invalid {
            OnInvalid::Refuse => InvalidTokens::Refuse,
            OnInvalid::Ignore => InvalidTokens::Ignore,
        },
        scopes_claim: config.scopes_claim.clone(),
        policies_claim: config.policies_claim.clone(),
    })
}

fn provider(config: &ProviderConfig) -> Result<Provider, Failure> {
    let name = &config.jwks;
    if config.algorithms.is_empty() {
        return Err(Failure::Usage(format!("authentication: the provider {name} allows no algorithm")));
    }
    Ok(Provider {
        name: name.clone(),
        source: source(config)?,
        issuers: config.issuers.clone(),
        audiences: config.audiences.clone(),
        algorithms: config.algorithms.clone(),
        refresh: Duration::from_secs(config.refresh),
    })
}

fn source(config: &ProviderConfig) -> Result<Arc<dyn KeySource>, Failure> {
    let place = &config.jwks;
    if !is_url(place) {
        if config.ca.is_some() {
            let why = format!("authentication: `ca` is for keys at a URL, and {place} is a file");
            return Err(Failure::Usage(why));
        }
        return Ok(Arc::new(KeyFile(PathBuf::from(place))));
    }
    let authorities = config.ca.as_ref().map(|ca| file::read("authorities", ca.as_ref())).transpose()?;
    let keys = HttpKeys::new(place, authorities.as_deref().map(str::as_bytes));
    let keys =
        keys.map_err(|error| Failure::Usage(format!("the keys {place} cannot be asked for: {error}")))?;
    if keys.are_open() {
        tracing::warn!(
            keys = place,
            "the keys come over http: whoever is on the way can put others in their place"
        );
    }
    Ok(Arc::new(keys))
}

fn is_url(place: &str) -> bool {
    place.contains("://")
}

/// Keys in a file, which is read again when they are old.
struct KeyFile(PathBuf);

impl KeySource for KeyFile {
    fn fetch(&self) -> BoxFuture<'_, Result<bytes::Bytes, FetchError>> {
        async { Ok(tokio::fs::read(&self.0).await.map_err(FetchError::File)?.into()) }.boxed()
    }
}

/// How the rules of the schema are held.
pub(crate) fn authorization(config: &Config) -> AuthorizationOptions {
    let config = &config.authorization;
    AuthorizationOptions {
        enforce: config.enforce,
        unauthorized: if config.reject_unauthorized { Unauthorized::Refuse } else { Unauthorized::Null },
        require_authentication: config.require_authentication,
    }
}

/// Says where the rules of the schema are not held, or can be met by nobody.
pub(crate) fn warn(supergraph: &Supergraph, config: &Config) {
    let fields = supergraph.types().iter().flat_map(|ty| &ty.fields);
    let fields = fields.filter(|field| !supergraph.field(**field).access.is_empty()).count();
    if fields == 0 {
        return;
    }
    if !config.authorization.enforce {
        tracing::info!(
            fields,
            "the access rules of the schema are not enforced here (authorization.enforce: false): the subgraphs must hold them"
        );
        return;
    }
    let Some(authentication) = &config.authentication else {
        tracing::warn!(
            fields,
            "the schema has access rules and no `authentication` is configured: nobody sees these fields. Configure it, or \
             leave the rules to the subgraphs with `authorization: {{enforce: false}}`"
        );
        return;
    };
    let has_policies = supergraph.requirements().iter().any(|one| matches!(one, Requirement::Policies(_)));
    if has_policies && authentication.policies_claim.is_none() {
        tracing::warn!(
            "the schema has `@policy` and no `authentication.policies_claim` is configured: nobody sees what it stands on"
        );
    }
}
