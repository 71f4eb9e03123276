//! Subgraph requests of concurrent client requests, joined: a `DataLoader` across requests.
//!
//! [`Joined`] stands before another [`SubgraphPort`](octavo_executor::SubgraphPort). Entity requests that ask the same of other entities
//! leave as one ([`lane`]), and its answer is split among those who asked ([`split`]); queries that are equal to one under way
//! are not sent ([`equal`]). What may join is decided by a key that is compared by value ([`key`]). It knows no HTTP.

mod equal;
mod joined;
mod key;
mod lane;
mod latency;
mod member;
mod options;
mod split;

pub use joined::Joined;
pub use options::Options;
