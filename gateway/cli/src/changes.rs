//! Where the cache hears of changes, put together from the configuration.

use std::path::Path;
use std::sync::Arc;

use octavo_cache::ChangeFeed;
use octavo_events::{PulsarFeed, SetupError, Token};

use crate::config::{Config, EventsConfig};
use crate::exit::Failure;
use crate::file;

/// The topics that the configuration names, if it names some.
pub(crate) fn feed(config: &Config) -> Result<Option<Arc<dyn ChangeFeed>>, Failure> {
    let Some(events) = config.cache.as_ref().and_then(|cache| cache.events.as_ref()) else {
        return Ok(None);
    };
    let EventsConfig { url, topics, token_file, ca } = events;
    let options = octavo_events::Options {
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
    Ok(Some(Arc::new(feed)))
}

/// The file is read now, so that a wrong one is known at once, and again for each connection.
fn token(path: &Path) -> Result<Token, Failure> {
    file::read("cache.events.token_file", path)?;
    let path = path.to_owned();
    Ok(Arc::new(move || std::fs::read_to_string(&path).map(|token| token.trim().to_owned())))
}
