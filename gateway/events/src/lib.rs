//! What subgraphs say of their changes on a Pulsar broker, for the entity cache.
//!
//! [`PulsarFeed`] is the cache's [`ChangeFeed`](octavo_cache::ChangeFeed). It reads each partition of some topics from the moment on
//! at which it began ([`line`]), leaves nothing behind on the broker, and fails when it may have missed something: the cache
//! forgets everything then, and listens anew. It knows nothing of what the messages say.

mod client;
mod feed;
mod line;
mod options;

pub use feed::PulsarFeed;
pub use options::{Options, SetupError, Token};
