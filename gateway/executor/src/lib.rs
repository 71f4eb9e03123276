//! A query plan executed into response payloads.
//!
//! [`execute`] walks the plan's tree (`schedule`), writes the representations of entities (`represent`), asks the cache
//! (`keep`) and the subgraphs (`fetch`), reads each answer into rows of spans (`scan`, `read`, `answer`, `merge`), brings
//! errors to their positions (`attach`), and completes and writes the response in one pass (`leaf`, `write`, `told`).
//!
//! It knows the plan and bytes: no schema, no document tree, no HTTP. What it needs of the world are the traits in
//! `ports`. **Slots, not maps**: a response object is a row with one cell for each slot of its shape, a leaf is a span of
//! the answer that it came in; values are neither decoded nor copied until they are written.

mod announce;
mod answer;
mod arena;
mod attach;
mod body;
mod context;
mod deliver;
mod entries;
mod failure;
mod fetch;
mod keep;
mod leaf;
mod merge;
mod parts;
mod ports;
mod prepared;
mod read;
mod represent;
mod request;
mod rows;
mod scan;
mod schedule;
mod subscribe;
mod told;
mod untold;
mod write;

pub use ports::{
    CacheEntry, CacheError, CacheHearing, CacheHint, CacheKey, CacheMoment, CachePort, CacheScope,
    EntityCall, EntityCallGroup, Events, Headers, IntrospectionPort, Ports, SubgraphError, SubgraphPort,
    SubgraphRequest, SubgraphResponse,
};
pub use prepared::Prepared;
pub use request::{ExecutionReport, ExecutionRequest, IncrementalFormat, Late, Options, Variables};

/// Executes a plan for one request. It always ends in a response: what fails is null in it, with an error.
pub async fn execute(prepared: &Prepared, request: ExecutionRequest, ports: Ports<'_>) -> ExecutionReport {
    let run = schedule::Run::new(prepared, &request, ports, false);
    run.fetch_part(None).await;
    run.finish()
}

/// The same in parts: the first payload is sent once all that is not deferred has come, and each deferred part as it comes. A payload
/// is the response so far; its body is one message of `format`. Ends early when nobody takes the payloads any more. When `late` comes,
/// what is outstanding ends with its error; if not even the first part has come, nothing is sent.
pub async fn execute_incrementally(
    prepared: &Prepared,
    request: ExecutionRequest,
    ports: Ports<'_>,
    (format, late): (IncrementalFormat, impl Future<Output = Late>),
    payloads: futures::channel::mpsc::UnboundedSender<ExecutionReport>,
) {
    let run = schedule::Run::new(prepared, &request, ports, true);
    deliver::Delivery::new(&run, format).deliver(payloads, late).await;
}

/// Follows a subscription: each event of the subgraph becomes one response, with what other subgraphs know of it. Ends with the
/// subgraph's stream, or when nobody takes the responses any more. A subscription that cannot be had is one response with an error.
pub async fn execute_subscription(
    prepared: &Prepared,
    request: ExecutionRequest,
    ports: Ports<'_>,
    responses: futures::channel::mpsc::Sender<ExecutionReport>,
) {
    subscribe::follow(prepared, &request, ports, responses).await;
}
