//! Where the cache hears of changes, put together from the configuration.

#[cfg(feature = "pulsar")]
mod pulsar;

use std::sync::Arc;

use octavo_cache::ChangeFeed;

use crate::config::{Config, EventsConfig};
use crate::exit::Failure;

/// The topics that the configuration names, if it names some.
pub(crate) fn feed(config: &Config) -> Result<Option<Arc<dyn ChangeFeed>>, Failure> {
    config.cache.as_ref().and_then(|cache| cache.events.as_ref()).map(heard_from).transpose()
}

#[cfg(feature = "pulsar")]
fn heard_from(events: &EventsConfig) -> Result<Arc<dyn ChangeFeed>, Failure> {
    pulsar::feed(events)
}

#[cfg(not(feature = "pulsar"))]
fn heard_from(_: &EventsConfig) -> Result<Arc<dyn ChangeFeed>, Failure> {
    let why = "cache.events: this program was built without Pulsar: build it with the feature `pulsar`";
    Err(Failure::Usage(why.to_owned()))
}
