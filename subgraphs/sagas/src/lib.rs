//! The sagas service: what needs several services is done step by step, and undone if it cannot be done.
//!
//! What has happened (a mutation, an answer, time) goes through [`machine`], which is pure; [`coordinator`]
//! stores the saga that comes of it together with what is to be asked. [`definition`] says what each kind
//! of saga consists of.

mod comparing;
mod consistency;
pub mod coordinator;
pub mod definition;
mod graphql;
mod letters;
mod listening;
mod loaders;
pub mod machine;
mod metrics;
mod progress;
pub mod saga;
mod store;
mod watching;

use std::{sync::Arc, time::Duration};

use lms_kit::{
    OpenError, Service, Sources, StoreError,
    federation::SdlError,
    migrate,
    outbox::Wake,
    service::{SchemaParts, SqlEngine},
    sql::{Db, DbOptions},
};

use comparing::Comparing;
use coordinator::Coordinator;
use definition::DEFINITIONS;
use listening::Coordinating;
use metrics::Measured;
use store::{Done, History, Keeping, Kept, SagaStore, SqlSagas};
use watching::Watch;

/// The subgraph's name.
pub const NAME: &str = "sagas";

/// For how long sagas are kept, and how often those that are lost are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// How long a saga that has ended is kept.
    pub kept: Duration,
    /// How often services are asked for sagas that are not known here, those that began longer ago than that: their clocks must
    /// not differ by more, and what asks for a saga must come sooner.
    pub compared: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self { kept: Duration::from_hours(30 * 24), compared: Duration::from_mins(10) }
    }
}

/// Opens the service on the database of a URL, and migrates it.
pub async fn open(database_url: &str, sources: Sources, times: Times) -> Result<Service, OpenError> {
    let db = Db::open(NAME, database_url, DbOptions::default()).await?;
    migrate::apply(&db, NAME, store::MIGRATIONS, sources.clock.as_ref()).await?;
    definition::check(DEFINITIONS).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        StoreError::corrupt("saga definitions", errors.join("; "))
    })?;
    let coordinator = Coordinator::new(DEFINITIONS, sources.clone());
    let (moved, watch, done) = (Wake::default(), Watch::new(), Done::new(db.clone()));
    let store: Arc<dyn SagaStore> = Arc::new(SqlSagas::new(db.clone(), coordinator.clone()));
    let schema = graphql::schema().data(loaders::loader(Arc::clone(&store))).data(store).data(moved.clone());
    let schema = schema.data(watch.clone()).data(done).data(History::new(db.clone()));
    let comparing = Comparing::new(db.clone(), coordinator.clone(), moved.clone(), times);
    let coordinating = Coordinating::new(db.clone(), coordinator, moved);
    let parts = SchemaParts::new(NAME, schema.finish(), graphql::ANNOTATIONS);
    let measured = Measured::new(db.clone(), watch.clone());
    let parts = parts.listening(coordinating).listening(comparing).listening(watch).keeping(Kept(db.clone()));
    let parts = parts.keeping_sagas(Keeping::new(db.clone(), times.kept)).measuring(measured);
    let engine = SqlEngine { db, owner: NAME, migrations: store::MIGRATIONS };
    Ok(Service::new(parts, Arc::new(engine), sources)?)
}

/// The subgraph's SDL.
pub fn sdl() -> Result<String, SdlError> {
    lms_kit::service::sdl(&graphql::schema().finish(), graphql::ANNOTATIONS)
}
