//! What the executor needs from the world, as traits over plain data: subgraphs, a cache of entities, introspection.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::BoxStream;
use octavo_query_plan::OperationKind;

/// The ports of one request.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Sends requests to subgraphs.
    pub subgraphs: &'a dyn SubgraphPort,
    /// Keeps entities; `None` asks the subgraphs every time.
    pub cache: Option<&'a dyn CachePort>,
    /// Answers `__schema` and `__type` of this request's operation.
    pub introspection: &'a dyn IntrospectionPort,
}

/// Headers of the client's request: opaque here, handed on to the [`SubgraphPort`].
pub type Headers = Arc<Vec<(Box<str>, Bytes)>>;

/// Sends a GraphQL request to a subgraph, and brings its answer.
pub trait SubgraphPort: Send + Sync {
    /// Sends `request`. An answer that is GraphQL (an object that holds `data` or `errors`) is `Ok`, whatever the status
    /// that it came with.
    fn call(&self, request: SubgraphRequest) -> BoxFuture<'_, Result<SubgraphResponse, SubgraphError>>;

    /// Follows a subscription. Each event is an answer; one that fails is the last. The subscription ends when the stream is dropped.
    fn subscribe(&self, _request: SubgraphRequest) -> BoxFuture<'_, Result<Events, SubgraphError>> {
        futures::future::ready(Err(SubgraphError::NoEvents)).boxed()
    }
}

/// The events of a subscription.
pub type Events = BoxStream<'static, Result<SubgraphResponse, SubgraphError>>;

/// A request to one subgraph.
#[derive(Clone, Debug)]
pub struct SubgraphRequest {
    /// The subgraph's name.
    pub subgraph: Arc<str>,
    /// What the operation does. Only queries may be sent twice or joined.
    pub kind: OperationKind,
    /// The JSON body: `query`, and where they are needed `operationName` and `variables`.
    pub body: Bytes,
    /// The headers of the client's request.
    pub headers: Headers,
    /// The schema's generation: requests of two generations never mean the same.
    pub generation: u64,
    /// Headers of other clients' requests that this one is sent for as well.
    pub joined: Vec<Headers>,
    /// What entities are asked for, when they are; `body` is [`EntityCall::body`] of it.
    pub entities: Option<EntityCall>,
}

/// A request for entities in the parts that its body is written from, so that it can be joined with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityCall {
    /// The body up to the representations: the operation and all other variables. Requests with equal heads ask the same of other
    /// entities.
    pub head: Bytes,
    /// One for each `_entities` field.
    pub groups: Vec<EntityCallGroup>,
}

/// One `_entities` field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityCallGroup {
    /// Its response key.
    pub key: Arc<str>,
    /// The variable that takes the representations.
    pub variable: Arc<str>,
    /// The representations, each a JSON object.
    pub representations: Vec<Bytes>,
}

/// A subgraph's answer.
#[derive(Clone, Debug, Default)]
pub struct SubgraphResponse {
    /// The JSON body.
    pub body: Bytes,
    /// What the subgraph says about keeping the answer.
    pub cache: CacheHint,
}

/// What an answer's headers say about keeping it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheHint {
    /// For how many seconds it is fresh, its age already taken off; `None`: nothing is said.
    pub max_age: Option<u32>,
    /// It must not be kept.
    pub no_store: bool,
    /// It belongs to the caller alone.
    pub private: bool,
}

/// Why a subgraph gave no answer. It names no host: it is shown to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubgraphError {
    /// No connection, or a broken one.
    #[error("it could not be reached")]
    Unreachable,
    /// Its answer ended before it was whole.
    #[error("its answer broke off")]
    Interrupted,
    /// It answered with a status that is no success, and with no GraphQL.
    #[error("it answered with the status {0}")]
    Status(u16),
    /// It did not answer in time.
    #[error("it did not answer in time")]
    Timeout,
    /// It refuses for now to take on more.
    #[error("it has too much to do")]
    Overloaded,
    /// Its answer is larger than allowed.
    #[error("its answer is too large")]
    TooLarge,
    /// It answers a subscription with no stream of events.
    #[error("it offers no stream of events")]
    NoEvents,
    /// It was not asked: it failed too often just now.
    #[error("it is failing and was not asked")]
    Rejected,
}

/// Keeps entities across requests.
pub trait CachePort: Send + Sync {
    /// The entities that are kept for `keys`, in their order. A failure counts as a miss of all.
    fn get_many<'a>(
        &'a self,
        scope: &'a CacheScope,
        keys: &'a [CacheKey],
    ) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, CacheError>>;

    /// How much the cache has heard of changes by now. It is asked before a fetch is sent: what is fetched then is no older.
    fn moment(&self) -> CacheMoment;

    /// Keeps `entries` for `max_age` seconds, unless it was heard after `since` that they have changed. Returns at once: what
    /// takes time is done by the adapter's own task, and nobody waits for it. The bytes are slices of a larger answer, so
    /// that a cache in memory copies them.
    fn put_many(&self, scope: Arc<CacheScope>, entries: Vec<CacheEntry>, max_age: u32, since: CacheMoment);

    /// How the cache hears of changes; `None` if it goes by lifetimes alone.
    fn hearing(&self) -> Option<CacheHearing> {
        None
    }
}

/// How a cache hears of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheHearing {
    /// Whether it hears now; else it gives nothing out.
    pub connected: bool,
    /// How many messages it has heard.
    pub messages: u64,
    /// When it heard the last one, in milliseconds since 1970; nought before the first.
    pub last_ms: i64,
    /// How many milliseconds that one was on its way, by both clocks.
    pub lag_ms: i64,
}

/// How much a cache has heard of changes, in its own measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheMoment {
    /// In this process.
    pub own: u64,
    /// Where several gateways share entities.
    pub shared: u64,
}

/// What the keys of one call have in common. Equal scopes and equal keys mean the same entity with the same fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheScope {
    /// The schema's generation.
    pub generation: u64,
    /// The subgraph that is asked.
    pub subgraph: Arc<str>,
    /// The fields that are asked for: the document, the `_entities` field in it, and the values of all other variables.
    pub selection: Bytes,
    /// Who asks, when the entities are private.
    pub caller: Option<Bytes>,
    /// The types of the objects inside the entities that the selection asks for.
    pub inside: Arc<[Arc<str>]>,
}

/// One entity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// The `__typename` of the representation.
    pub type_name: Arc<str>,
    /// The representation as it is sent, `__typename` first.
    pub representation: Bytes,
}

/// An entity to keep.
#[derive(Clone, Debug)]
pub struct CacheEntry {
    /// Which.
    pub key: CacheKey,
    /// The JSON object of the subgraph's answer.
    pub entity: Bytes,
}

/// The cache could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cache is away")]
pub struct CacheError;

/// Answers introspection.
pub trait IntrospectionPort: Send + Sync {
    /// The JSON object whose keys are the response keys of the operation's introspection fields, or a message for
    /// the client.
    fn introspect(&self) -> Result<String, String>;
}
