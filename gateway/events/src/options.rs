//! How a Pulsar cluster is reached, and what is read there.

use std::io;
use std::sync::Arc;

/// A Pulsar cluster, and what is read there.
#[derive(Clone)]
pub struct Options {
    /// The broker: `pulsar://HOST:PORT` or `pulsar+ssl://HOST:PORT`.
    pub url: String,
    /// The topics: `persistent://TENANT/NAMESPACE/TOPIC`.
    pub topics: Vec<String>,
    /// What proves who is asking.
    pub token: Option<Token>,
    /// The certificates, in PEM, that sign the broker's; without them, those that are known to all.
    pub ca: Option<Vec<u8>>,
}

/// Gives a token. It is asked for each new connection, so that a new one is taken up.
pub type Token = Arc<dyn Fn() -> io::Result<String> + Send + Sync>;

/// Why a feed cannot be set up. (A broker that is away is no reason: it is asked again later.)
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The URL is none of a broker.
    #[error("this is not the URL of a Pulsar broker: {0}")]
    Url(&'static str),
    /// A name is none of a topic.
    #[error("`{0}` is not the name of a topic: write persistent://TENANT/NAMESPACE/TOPIC")]
    Topic(String),
    /// Nothing is read.
    #[error("no topic is named: there is nothing to hear")]
    NoTopic,
}

impl Options {
    /// Whether URL and topics can be used at all.
    pub(crate) fn check(&self) -> Result<(), SetupError> {
        // The URL itself may hold a password.
        let wrong = |reason| Err(SetupError::Url(reason));
        let place = self.url.strip_prefix("pulsar://").or_else(|| self.url.strip_prefix("pulsar+ssl://"));
        match place {
            None => return wrong("it begins with neither pulsar:// nor pulsar+ssl://"),
            Some("") => return wrong("a host is missing after the scheme"),
            Some(place) if place.contains(['/', '@', ' ']) => {
                return wrong(
                    "after the scheme there is HOST:PORT and nothing else; a token goes into a file",
                );
            }
            Some(_) => {}
        }
        if self.topics.is_empty() {
            return Err(SetupError::NoTopic);
        }
        let is_name = |topic: &&String| {
            let path = topic.strip_prefix("persistent://").unwrap_or_default();
            path.split('/').count() == 3
                && path.split('/').all(|part| !part.is_empty() && !part.contains(' '))
        };
        match self.topics.iter().find(|topic| !is_name(topic)) {
            Some(topic) => Err(SetupError::Topic(topic.clone())),
            None => Ok(()),
        }
    }
}
