//! Entities kept across requests, in memory and in Redis.
//!
//! [`EntityCache`] is the executor's [`CachePort`](octavo_executor::CachePort): memory first, one `MGET` for what is missing
//! there, writes by a task of its own. Redis may be away at any time: then the cache is the memory alone, and no request
//! waits for it or fails.

mod error;
mod key;
mod layered;
mod memory;
mod options;
mod pause;
mod remote;

pub use error::CacheSetupError;
pub use layered::EntityCache;
pub use options::{Options, RedisOptions};
