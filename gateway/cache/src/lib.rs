//! Entities kept across requests, in memory and in Redis.
//!
//! [`EntityCache`] is the executor's [`CachePort`](octavo_executor::CachePort): memory first, one `MGET` for what is missing
//! there, writes by a task of its own. Redis may be away at any time: then the cache is the memory alone, and no request
//! waits for it or fails.
//!
//! An entity is kept for its lifetime. A cache that hears of changes ([`follow`] a [`ChangeFeed`]) gives out nothing that is older
//! than what it has heard: see `marks`.

mod error;
mod events;
mod key;
mod layered;
mod marks;
mod memory;
mod options;
mod pause;
mod remote;
mod tag;

pub use error::CacheSetupError;
pub use events::{ChangeFeed, Changes, FeedError, Touch, follow};
pub use layered::EntityCache;
pub use options::{Options, RedisOptions};
