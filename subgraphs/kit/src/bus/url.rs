//! A bus is a URL: `sqlite:PATH`, `pulsar://…` or `pulsar+ssl://…`; none at all is no bus.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Bus, LocalBus, NoBus};
use crate::{engine::redact, error::Cause};

/// The flags that say which bus a service joins, and how.
#[derive(clap::Args, Debug, Clone, Default, PartialEq, Eq)]
pub struct BusOptions {
    /// The bus: `pulsar://HOST:PORT`, `pulsar+ssl://HOST:PORT` or `sqlite:PATH`; without one the service runs alone.
    #[arg(long = "bus-url", value_name = "URL")]
    pub url: Option<String>,
    /// Pulsar's admin API, `http://…` or `https://…`; without it topics and subscriptions have to be there already.
    #[arg(long = "bus-admin-url", value_name = "URL")]
    pub admin_url: Option<String>,
    /// A file with the token that Pulsar asks for; it is read again when it changes.
    #[arg(long = "bus-token-file", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// The certificates, in PEM, that sign Pulsar's; without it, the public authorities'.
    #[arg(long = "bus-ca-file", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Pulsar's tenant and namespace, `public/library` when none is given.
    #[arg(long = "bus-namespace", value_name = "TENANT/NAMESPACE")]
    pub namespace: Option<String>,
}

impl BusOptions {
    /// These, with variables in place of those not given.
    #[must_use]
    pub fn or(self, variable: impl Fn(&'static str) -> Option<String>) -> Self {
        Self {
            url: self.url.or_else(|| variable("BUS_URL")),
            admin_url: self.admin_url.or_else(|| variable("BUS_ADMIN_URL")),
            token_file: self.token_file.or_else(|| variable("BUS_TOKEN_FILE").map(PathBuf::from)),
            ca_file: self.ca_file.or_else(|| variable("BUS_CA_FILE").map(PathBuf::from)),
            namespace: self.namespace.or_else(|| variable("BUS_NAMESPACE")),
        }
    }
}

/// A bus could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BusOpenError {
    /// The bus URL is wrong.
    #[error("bus URL `{url}`: {reason}")]
    Url {
        /// The URL, without a password.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Another flag is wrong.
    #[error("{flag} `{value}`: {reason}")]
    Flag {
        /// The flag.
        flag: &'static str,
        /// What it was given.
        value: String,
        /// What is wrong with that.
        reason: Cause,
    },
    /// The bus cannot be opened.
    #[error("bus `{url}` cannot be opened: {source}")]
    Connect {
        /// The URL, without a password.
        url: String,
        /// What the driver says.
        #[source]
        source: Cause,
    },
}

/// Opens the bus that the flags name. A broker that is away is no error: each call says so for itself.
pub async fn open(options: &BusOptions) -> Result<Arc<dyn Bus>, BusOpenError> {
    let Some(url) = options.url.as_deref() else {
        only_for_pulsar(options)?;
        return Ok(Arc::new(NoBus));
    };
    match url.split_once(':') {
        Some(("sqlite", path)) => {
            only_for_pulsar(options)?;
            Ok(Arc::new(LocalBus::open(sqlite_path(url, path)?).await?))
        }
        Some(("pulsar" | "pulsar+ssl", _)) => pulsar(url, options),
        Some(_) => Err(wrong(url, "the scheme is none of pulsar, pulsar+ssl and sqlite")),
        None => Err(wrong(url, "it has no scheme")),
    }
}

#[cfg(feature = "pulsar")]
fn pulsar(url: &str, options: &BusOptions) -> Result<Arc<dyn Bus>, BusOpenError> {
    let options = super::PulsarOptions::read(url, options)?;
    Ok(Arc::new(super::PulsarBus::open(options)?))
}

#[cfg(not(feature = "pulsar"))]
fn pulsar(url: &str, _: &BusOptions) -> Result<Arc<dyn Bus>, BusOpenError> {
    Err(wrong(url, "this program was built without Pulsar: build it with the feature `pulsar`"))
}

fn sqlite_path<'a>(url: &str, path: &'a str) -> Result<&'a Path, BusOpenError> {
    match path.strip_prefix("//").unwrap_or(path) {
        "" => Err(wrong(url, "a path is missing after `sqlite:`")),
        ":memory:" => Err(wrong(url, "a bus in memory would lose what it has promised to keep; give a path")),
        path => Ok(Path::new(path)),
    }
}

/// A flag that would have no effect is a mistake that is better said than passed over.
fn only_for_pulsar(options: &BusOptions) -> Result<(), BusOpenError> {
    let text = |path: &PathBuf| path.display().to_string();
    let given = [
        ("--bus-admin-url", options.admin_url.clone()),
        ("--bus-token-file", options.token_file.as_ref().map(text)),
        ("--bus-ca-file", options.ca_file.as_ref().map(text)),
        ("--bus-namespace", options.namespace.clone()),
    ];
    let Some((flag, Some(value))) = given.into_iter().find(|(_, value)| value.is_some()) else {
        return Ok(());
    };
    let reason = "it is for Pulsar alone, and --bus-url names none";
    Err(BusOpenError::Flag { flag, value: redact(&value), reason: reason.into() })
}

pub(super) fn wrong(url: &str, reason: &'static str) -> BusOpenError {
    BusOpenError::Url { url: redact(url), reason }
}
