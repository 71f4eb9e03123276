//! How requests are served. The defaults are safe, and generous to real clients.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::overrides::Share;

/// How requests are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether clients may ask for `__schema` and `__type`.
    pub introspection: bool,
    /// The page for browsers; `None` serves none.
    pub playground: Option<PlaygroundOptions>,
    /// Refuses a GET that a browser sends on behalf of another site without having asked first.
    pub csrf_prevention: bool,
    /// Which other sites may read answers; `None`: no site but this one.
    pub cors: Option<CorsOptions>,
    /// The largest request body.
    pub max_body_bytes: usize,
    /// How long the body may take to arrive.
    pub body_timeout: Duration,
    /// How long a request may take to execute.
    pub request_timeout: Duration,
    /// How many requests are worked on at once, and what becomes of the others.
    pub admission: octavo_admission::Limits,
    /// What an operation may ask.
    pub limits: OperationLimits,
    /// How the access rules of the schema are held.
    pub authorization: AuthorizationOptions,
    /// The headers of the client's request that subgraphs get, beside those that carry a trace.
    pub propagated_headers: Vec<String>,
    /// For how many requests an override label holds (`@override(label:)`), by label. One that is not here goes by what it says
    /// of itself: `percent(30)` for 30 of a hundred, any other for none.
    pub override_labels: BTreeMap<String, Share>,
    /// How plans are made.
    pub planning: octavo_query_planner::Options,
    /// How plans are executed.
    pub execution: octavo_executor::Options,
    /// How long running requests may go on after the order to stop.
    pub drain: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            introspection: true,
            playground: Some(PlaygroundOptions::default()),
            csrf_prevention: true,
            cors: None,
            max_body_bytes: 2 * 1024 * 1024,
            body_timeout: Duration::from_secs(15),
            request_timeout: Duration::from_mins(1),
            admission: octavo_admission::Limits::default(),
            limits: OperationLimits::default(),
            authorization: AuthorizationOptions::default(),
            propagated_headers: Vec::new(),
            override_labels: BTreeMap::new(),
            planning: octavo_query_planner::Options::default(),
            execution: octavo_executor::Options::default(),
            drain: Duration::from_secs(30),
        }
    }
}

/// How the access rules of the schema are held: `@authenticated`, `@requiresScopes`, `@policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorizationOptions {
    /// Whether the gateway holds them; otherwise it leaves that to the subgraphs.
    pub enforce: bool,
    /// What becomes of an operation that asks for what its caller may not see.
    pub unauthorized: Unauthorized,
    /// Whether requests without a token are refused, whatever they ask.
    pub require_authentication: bool,
}

impl Default for AuthorizationOptions {
    fn default() -> Self {
        Self { enforce: true, unauthorized: Unauthorized::Null, require_authentication: false }
    }
}

/// What becomes of an operation that asks for what its caller may not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthorized {
    /// Those fields are null, each with an error; nobody is asked for them.
    Null,
    /// It is refused as a whole.
    Refuse,
}

/// The playground.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaygroundOptions {
    /// What stands in the editor at first.
    pub default_query: Option<String>,
}

/// Which other sites may read answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsOptions {
    /// The sites.
    pub origins: Origins,
    /// Whether requests may carry cookies; never together with [`Origins::Any`].
    pub credentials: bool,
}

/// Sites by origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// All.
    Any,
    /// These, as browsers name them: `https://shop.example`.
    These(Vec<String>),
}

/// What an operation may ask. Fragments count where they are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationLimits {
    /// Open brackets, braces and parentheses at one place of the text.
    pub nesting: usize,
    /// Tokens of the text, white space and comments included.
    pub tokens: usize,
    /// Fields inside fields.
    pub depth: usize,
    /// Fields with an alias.
    pub aliases: usize,
    /// Directives on one field.
    pub directives: usize,
}

impl Default for OperationLimits {
    fn default() -> Self {
        // A document of 15,000 words has about as many gaps between them.
        Self { nesting: 128, tokens: 30_000, depth: 64, aliases: 1_000, directives: 50 }
    }
}
