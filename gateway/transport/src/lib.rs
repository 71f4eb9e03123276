//! Subgraph requests over HTTP.
//!
//! [`HttpSubgraphs`] is the executor's [`SubgraphPort`](octavo_executor::SubgraphPort): one pooled client for all
//! subgraphs, a deadline and a size limit for every answer, and one more attempt for a query whose connection was closed
//! before anything came back. A subscription is followed over server-sent events or `multipart/mixed`. It knows no GraphQL beyond telling whether a body is an answer.

mod answer;
mod cache_hint;
mod call;
mod connect;
mod endpoint;
mod error;
mod events;
mod options;
mod subscribe;
mod trace;

pub use call::HttpSubgraphs;
pub use error::TransportError;
pub use options::Options;
