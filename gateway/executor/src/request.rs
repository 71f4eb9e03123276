//! What is executed for one client request, and what comes out.

use bytes::Bytes;

use crate::ports::Headers;

/// One client request, its variables coerced.
#[derive(Clone, Debug, Default)]
pub struct ExecutionRequest {
    /// The operation's variables.
    pub variables: Variables,
    /// Headers that are handed on to the subgraph port.
    pub headers: Headers,
    /// The schema's generation, for cache keys.
    pub generation: u64,
    /// Who asks, for entities that are private; `None` keeps none of those.
    pub caller: Option<Bytes>,
}

/// The values of an operation's variables as JSON text, defaults filled in. A variable without a value is not in it.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    values: Vec<(Box<str>, Box<str>)>,
}

impl Variables {
    /// The JSON text of a variable, if it has a value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(key, _)| &**key == name).map(|(_, value)| &**value)
    }

    /// Whether a Boolean variable is `true`.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }
}

impl<K: Into<Box<str>>, V: Into<Box<str>>> FromIterator<(K, V)> for Variables {
    /// Each value must be valid JSON: it is sent to subgraphs as it is.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(values: I) -> Self {
        Self { values: values.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }
}

/// How plans are executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// For how many seconds an entity is kept when the plan does not say; `None` keeps it not at all.
    pub entity_max_age: Option<u32>,
    /// After this many errors in one response, the others are left out.
    pub max_errors: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { entity_max_age: None, max_errors: 1_000 }
    }
}

/// How the parts of a response are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncrementalFormat {
    /// `incrementalSpec=v0.2`: parts are announced as `pending`, come as `incremental` and end as `completed`.
    /// See <https://github.com/graphql/graphql-spec/pull/1110>.
    V02,
    /// `deferSpec=20220824`: each part says its `path` and `label`.
    /// See <https://specs.apollo.dev/incremental/v0.1/>.
    Defer20220824,
}

/// What is told of parts that did not come in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late {
    /// For the client.
    pub message: String,
    /// The error's code.
    pub code: &'static str,
}

/// The outcome of one request.
#[derive(Clone, Debug, Default)]
pub struct ExecutionReport {
    /// The GraphQL response: `data`, and `errors` if there are any. Or one payload of several.
    pub body: Bytes,
    /// Whether other payloads follow.
    pub has_next: bool,
    /// How many errors are in `body`.
    pub errors: usize,
    /// How many requests were sent to subgraphs.
    pub fetches: usize,
    /// How many entities came from the cache.
    pub cache_hits: usize,
    /// How many entities were looked for in the cache in vain.
    pub cache_misses: usize,
}
