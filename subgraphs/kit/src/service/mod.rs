//! A running service: its schema, its engine, and the ways to reach both.
//!
//! A service is a value: a process of its own serves it ([`run`]), and another program can hold several
//! and mount their routers or call them directly.

mod absent;
mod cli;
mod engine;
mod execute;
mod http;
mod messaging;
mod nulls;
mod order;
mod schema;

use std::sync::Arc;

use tokio::net::TcpListener;

pub use cli::{Cli, Definition, run, run_stateless};
pub use engine::{DocumentEngine, Engine, Messages, NoEngine, SqlEngine};
pub use execute::Headers;
pub use messaging::{Listen, Listener, Surroundings};
pub use schema::{SchemaParts, schema, sdl};

use crate::{
    access::{Access, PeerToken},
    error::StoreError,
    federation::SdlError,
    sources::Sources,
};
use nulls::FieldTypes;
use schema::{Document, Execute};

/// One service of the library, open.
#[derive(Clone)]
pub struct Service(Arc<Inner>, Access, PeerToken);

struct Inner {
    name: &'static str,
    executor: Box<dyn Execute>,
    sdl: Sdl,
    field_types: FieldTypes,
    documents: Vec<Document>,
    listeners: Vec<Box<dyn Listen>>,
    engine: Arc<dyn Engine>,
    sources: Sources,
}

/// The SDL as the library exports it, and as this service shows it.
struct Sdl {
    exported: String,
    shown: String,
}

impl Service {
    /// A service from its schema and its engine.
    pub fn new(parts: SchemaParts, engine: Arc<dyn Engine>, sources: Sources) -> Result<Self, SdlError> {
        let SchemaParts { name, executor, exported, annotations, documents, listeners } = parts;
        let shown = crate::federation::annotate(&exported, annotations)?;
        let field_types = FieldTypes::read(&exported)?;
        let sdl = Sdl { exported, shown };
        let inner = Inner { name, executor, sdl, field_types, documents, listeners, engine, sources };
        Ok(Self(Arc::new(inner), Access::Open, PeerToken::default()))
    }

    /// The same service, which knows its callers in this way. Without it, it is open to everyone.
    #[must_use]
    pub fn with_access(self, access: Access) -> Self {
        Self(self.0, access, self.2)
    }

    /// The same service, whose state is for services that bring this token.
    #[must_use]
    pub fn with_peer_token(self, token: PeerToken) -> Self {
        Self(self.0, self.1, token)
    }

    /// The subgraph's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// The SDL that `_service { sdl }` answers and `--print-sdl` prints.
    #[must_use]
    pub fn sdl(&self) -> &str {
        &self.0.sdl.shown
    }

    /// How many statements or commands the engine has run.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.0.engine.statements()
    }

    /// The routes `/graphql`, `/health`, `/ready`, and those of its documents.
    pub fn router(&self) -> axum::Router {
        http::router(self.clone())
    }

    /// Answers a GraphQL request in JSON with a response in JSON.
    pub async fn answer(&self, body: &[u8], headers: Headers) -> Vec<u8> {
        http::answer(self, body, headers).await.body
    }

    /// Answers a listener's connections until `stop` ends, and those under way until they have ended.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        axum::serve(listener, self.router()).with_graceful_shutdown(stop).await
    }

    /// Sends what the service says and listens to what it hears, for ever.
    pub async fn take_part(&self, surroundings: &Surroundings) {
        messaging::take_part(self, surroundings).await;
    }

    /// The service's part in the traffic between services.
    #[must_use]
    pub fn messages(&self) -> Option<Messages> {
        self.0.engine.messages()
    }

    /// Forgets what nobody needs any more: results of mutations, what left or was applied long ago. A process does so
    /// each hour.
    pub async fn purge(&self) -> Result<(), StoreError> {
        self.0.engine.purge(self.0.sources.clock.now_ms()).await
    }

    /// Closes the engine.
    pub async fn close(&self) {
        self.0.engine.close().await;
    }
}
