//! A running service: its schema, its engine, and the ways to reach both.
//!
//! A service is a value: a process of its own serves it ([`run`]), and another program can hold several
//! and mount their routers or call them directly.

mod absent;
mod beat;
mod cli;
mod contract;
mod engine;
mod events;
mod execute;
mod http;
mod messaging;
mod metrics;
mod nulls;
mod operate;
mod order;
mod recovery;
mod schema;
mod silent;

use std::{sync::Arc, time::Duration};

use futures::future::try_join_all;
use octavo_admission::Admission;
use tokio::{net::TcpListener, sync::watch};

pub use beat::Markers;
pub use cli::{Cli, Definition, run, run_stateless, stop_asked};
pub use contract::{ContractError, ContractWish, KeepsSagas};
pub(crate) use engine::readiness;
pub use engine::{DocumentEngine, Engine, Messages, NoEngine, SqlEngine};
pub use execute::Headers;
pub use messaging::{Listen, Listener, Surroundings};
pub use metrics::{Labels, Measure, Measures, seconds};
pub use octavo_admission::Limits;
pub use schema::{SchemaParts, schema, schema_with_events, sdl};
pub use silent::Silent;

use crate::{
    access::{Access, PeerToken},
    deposit::Deposits,
    error::StoreError,
    federation::SdlError,
    migrate::Process,
    saga::Effects,
    sources::Sources,
    watch::{Heard, Sent, SpokenOn},
};
use beat::Beat;
use nulls::FieldTypes;
use schema::{Document, Execute};

/// One service of the library, open.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
    access: Access,
    peer_token: PeerToken,
    admission: Arc<Admission>,
}

struct Inner {
    name: &'static str,
    executor: Box<dyn Execute>,
    sdl: Sdl,
    field_types: FieldTypes,
    documents: Vec<Document>,
    listeners: Vec<Box<dyn Listen>>,
    deposits: Option<Arc<dyn Deposits>>,
    /// Where it is kept what was done for sagas.
    effects: Option<Arc<dyn Effects>>,
    engine: Arc<dyn Engine>,
    sources: Sources,
    beat: Beat,
    /// Where sagas are kept.
    sagas: Option<Box<dyn KeepsSagas>>,
    measures: Option<Box<dyn Measures>>,
    process: Process,
    /// Whether the service stops, so that streams of events end.
    stops: watch::Sender<bool>,
}

/// The SDL as the library exports it, and as this service shows it.
struct Sdl {
    exported: String,
    shown: String,
}

impl Service {
    /// A service from its schema and its engine.
    pub fn new(parts: SchemaParts, engine: Arc<dyn Engine>, sources: Sources) -> Result<Self, SdlError> {
        let SchemaParts {
            name,
            executor,
            exported,
            annotations,
            documents,
            listeners,
            deposits,
            effects,
            sagas,
            measures,
        } = parts;
        let shown = crate::federation::annotate(&exported, annotations)?;
        let field_types = FieldTypes::read(&exported)?;
        let sdl = Sdl { exported, shown };
        let inner = Inner {
            name,
            executor,
            sdl,
            field_types,
            documents,
            listeners,
            deposits,
            effects,
            engine,
            process: Process::of_now(),
            sources,
            beat: Beat::default(),
            sagas,
            measures,
            stops: watch::Sender::new(false),
        };
        let admission = Arc::new(Admission::new(Limits::default()));
        let (access, peer_token) = (Access::Open, PeerToken::default());
        Ok(Self { inner: Arc::new(inner), access, peer_token, admission })
    }

    /// The same service, which knows its callers in this way. Without it, it is open to everyone.
    #[must_use]
    pub fn with_access(self, access: Access) -> Self {
        Self { access, ..self }
    }

    /// The same service, whose state is for services that bring this token.
    #[must_use]
    pub fn with_peer_token(self, token: PeerToken) -> Self {
        Self { peer_token: token, ..self }
    }

    /// The same service, which takes on no more than this. Without it, the limits are the usual ones.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { admission: Arc::new(Admission::new(limits)), ..self }
    }

    /// The subgraph's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.inner.name
    }

    /// The SDL that `_service { sdl }` answers and `--print-sdl` prints.
    #[must_use]
    pub fn sdl(&self) -> &str {
        &self.inner.sdl.shown
    }

    /// Whether requests can be answered; if not, why.
    pub async fn ready(&self) -> Result<(), String> {
        self.inner.engine.ready().await
    }

    /// How many statements or commands the engine has run.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.inner.engine.statements()
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
        let service = self.clone();
        let stop = async move {
            stop.await;
            service.inner.stops.send_replace(true);
        };
        axum::serve(listener, self.router()).with_graceful_shutdown(stop).await
    }

    /// Waits until the service stops.
    pub(crate) fn stopping(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stops = self.inner.stops.subscribe();
        // An end of the sender is a stop as well.
        async move { drop(stops.wait_for(|stops| *stops).await) }
    }

    /// Sends what the service says and listens to what it hears, for ever.
    pub async fn take_part(&self, surroundings: &Surroundings) {
        messaging::take_part(self, surroundings).await;
    }

    /// The service's part in the traffic between services.
    #[must_use]
    pub fn messages(&self) -> Option<Messages> {
        self.inner.engine.messages()
    }

    /// What the service keeps for others, if it does.
    pub(crate) fn deposits(&self) -> Option<&dyn Deposits> {
        self.inner.deposits.as_deref()
    }

    /// What the service did for sagas, if it takes part in any.
    pub(crate) fn effects_of_sagas(&self) -> Option<&dyn Effects> {
        self.inner.effects.as_deref()
    }

    /// What has come to each of the service's consumers.
    pub(crate) async fn hears(&self) -> Result<Vec<Heard>, StoreError> {
        let heard = try_join_all(self.inner.listeners.iter().map(|listener| listener.hears())).await?;
        Ok(heard.into_iter().flatten().collect())
    }

    /// When the service's markers left, and on which topics; whoever asks for them is taken to look on for a while.
    pub(crate) fn markers(&self) -> (Sent, Vec<SpokenOn>) {
        self.inner.beat.look()
    }

    /// The time on the engine's clock by which its markers leave, in ms; it never goes back.
    pub(crate) async fn now_ms(&self) -> Result<i64, StoreError> {
        Ok(self.inner.beat.steady(self.inner.engine.now_ms().await?))
    }

    /// Forgets what nobody needs any more: results of mutations, what left or was applied long ago.
    pub async fn purge(&self) -> Result<(), StoreError> {
        if let Some(sagas) = &self.inner.sagas {
            let forgotten = sagas.forget_ended().await?;
            if forgotten > 0 {
                tracing::info!(service = self.name(), forgotten, "sagas that ended long ago are forgotten");
            }
        }
        self.inner.engine.purge(self.inner.sources.clock.now_ms()).await
    }

    /// The same now and each hour, for ever.
    pub async fn purge_hourly(&self) {
        let mut hours = tokio::time::interval(Duration::from_hours(1));
        loop {
            hours.tick().await;
            if let Err(error) = self.purge().await {
                tracing::warn!(service = self.name(), %error, "what nobody needs is kept until the next hour");
            }
        }
    }

    /// Closes the engine.
    pub async fn close(&self) {
        self.inner.engine.close().await;
    }
}
