//! How a Pulsar cluster is reached and used.

use std::{path::PathBuf, time::Duration};

use super::rest;
use crate::bus::{BusOpenError, BusOptions, url::wrong};

/// A Pulsar cluster, and what is asked of it.
#[derive(Debug, Clone)]
pub struct PulsarOptions {
    /// The broker: `pulsar://HOST:PORT` or `pulsar+ssl://HOST:PORT`.
    pub url: String,
    /// The admin API, `http://…` or `https://…`; without it, topics have to be there already.
    pub admin_url: Option<String>,
    /// What proves who is asking.
    pub token: Option<Token>,
    /// The certificates, in PEM, that sign the broker's.
    pub ca: Option<Vec<u8>>,
    /// The tenant.
    pub tenant: String,
    /// The namespace in the tenant.
    pub namespace: String,
    /// How many partitions a topic is created with; of one that is there, its own number is kept.
    pub partitions: u32,
    /// How long a message is kept that every subscription has acknowledged, for those that come later.
    pub retention: Duration,
    /// How much a subscription may leave unread before publishing is refused, in bytes for each partition.
    pub backlog: u64,
    /// What happens to a producer then.
    pub when_full: WhenFull,
    /// The longest that one call may take, and that a message may wait for its receipt.
    pub timeout: Duration,
}

/// What happens to a producer when a subscription has left too much unread. Nothing is ever evicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// It waits for its receipt until its time is over.
    Hold,
    /// Its connection to the topic ends and is refused from then on, with the quota as the reason.
    Refuse,
}

/// A token, or the file that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// The token itself.
    Value(String),
    /// A file, which is read each time it is needed, so that a new token is taken up.
    File(PathBuf),
}

impl Token {
    pub(super) fn read(&self) -> Result<String, TokenError> {
        match self {
            Self::Value(token) => Ok(token.clone()),
            Self::File(path) => match std::fs::read_to_string(path) {
                Ok(token) => Ok(token.trim().to_owned()),
                Err(source) => Err(TokenError { path: path.clone(), source }),
            },
        }
    }
}

/// A token's file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the token file {} cannot be read: {source}", path.display())]
pub(super) struct TokenError {
    path: PathBuf,
    source: std::io::Error,
}

impl PulsarOptions {
    /// A cluster as it is used when nothing more is said.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            admin_url: None,
            token: None,
            ca: None,
            tenant: "public".to_owned(),
            namespace: "library".to_owned(),
            partitions: 8,
            retention: Duration::from_hours(24),
            backlog: 1 << 30,
            when_full: WhenFull::Hold,
            timeout: Duration::from_secs(10),
        }
    }

    /// The cluster that the flags name; their files are read here, so that a wrong one is known at once.
    pub(in crate::bus) fn read(url: &str, options: &BusOptions) -> Result<Self, BusOpenError> {
        let mut read = Self { admin_url: options.admin_url.clone(), ..Self::new(url) };
        if let Some(path) = &options.token_file {
            let token = Token::File(path.clone());
            token.read().map_err(|error| flag("--bus-token-file", path.display(), error.source))?;
            read.token = Some(token);
        }
        if let Some(path) = &options.ca_file {
            let pem = std::fs::read(path).map_err(|error| flag("--bus-ca-file", path.display(), error))?;
            read.ca = Some(pem);
        }
        if let Some(name) = &options.namespace {
            let parts = name.split_once('/').filter(|(tenant, namespace)| {
                !tenant.is_empty() && !namespace.is_empty() && !namespace.contains('/')
            });
            let Some((tenant, namespace)) = parts else {
                return Err(flag("--bus-namespace", name, "write TENANT/NAMESPACE"));
            };
            (read.tenant, read.namespace) = (tenant.to_owned(), namespace.to_owned());
        }
        read.check()?;
        Ok(read)
    }

    /// Whether the URLs and the certificates can be used at all.
    pub(super) fn check(&self) -> Result<(), BusOpenError> {
        let host = self.url.strip_prefix("pulsar://").or_else(|| self.url.strip_prefix("pulsar+ssl://"));
        match host.map(str::is_empty) {
            Some(false) => {}
            Some(true) => return Err(wrong(&self.url, "a host is missing after the scheme")),
            None => return Err(wrong(&self.url, "it begins with neither pulsar:// nor pulsar+ssl://")),
        }
        if let Some(url) = &self.admin_url {
            let reason = match reqwest::Url::parse(url) {
                Ok(parsed) if ["http", "https"].contains(&parsed.scheme()) => None,
                Ok(_) => Some("it begins with neither http:// nor https://".into()),
                Err(error) => Some(error.into()),
            };
            if let Some(reason) = reason {
                let value = crate::engine::redact(url);
                return Err(BusOpenError::Flag { flag: "--bus-admin-url", value, reason });
            }
        }
        if let Some(pem) = &self.ca {
            let given = format!("{} bytes", pem.len());
            rest::certificates(pem).map_err(|error| flag("--bus-ca-file", given, error))?;
        }
        Ok(())
    }

    /// A topic's full name.
    pub(super) fn full_name(&self, topic: &str) -> String {
        format!("persistent://{}/{}/{topic}", self.tenant, self.namespace)
    }
}

fn flag(
    flag: &'static str,
    value: impl std::fmt::Display,
    reason: impl Into<crate::error::Cause>,
) -> BusOpenError {
    BusOpenError::Flag { flag, value: value.to_string(), reason: reason.into() }
}
