//! The topics of Apache Pulsar that a configuration names.

use std::path::Path;
use std::sync::Arc;

use octavo_cache::ChangeFeed;
use octavo_events::{Options, PulsarFeed, SetupError, Token};

use crate::config::EventsConfig;
use crate::exit::Failure;
use crate::file;

pub(super) fn feed(events: &EventsConfig) -> Result<Arc<dyn ChangeFeed>, Failure> {
    let EventsConfig { url, topics, token_file, ca } = events;
    let options = Options {
        url: url.clone(),
        topics: topics.clone(),
        token: token_file.as_deref().map(token).transpose()?,
        ca: ca
            .as_deref()
            .map(|path| file::read("cache.events.ca", path))
            .transpose()?
            .map(String::into_bytes),
    };
    let feed = PulsarFeed::new(options).map_err(|error| {
        let key = match error {
            SetupError::Url(_) => "cache.events.url",
            SetupError::Topic(_) | SetupError::NoTopic => "cache.events.topics",
        };
        Failure::Usage(format!("{key}: {error}"))
    })?;
    Ok(Arc::new(feed))
}

/// The file is read now, so that a wrong one is known at once, and again for each connection.
fn token(path: &Path) -> Result<Token, Failure> {
    file::read("cache.events.token_file", path)?;
    let path = path.to_owned();
    Ok(Arc::new(move || std::fs::read_to_string(&path).map(|token| token.trim().to_owned())))
}
