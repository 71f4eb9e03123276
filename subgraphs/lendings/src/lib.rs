//! The lendings service: who has which book, until when, and what being late costs.
//!
//! A lending is opened and closed by sagas (`store::steps`), which also see to the student's side of it. What is
//! known of books and students comes from their events (`store::known`), so a lending can be opened while they are
//! away. A request goes `graphql` → `loaders` → `store`; the rules are in `domain`, which knows no engine.

mod domain;
mod graphql;
mod hearing;
mod loaders;
mod store;

use std::sync::Arc;

use lms_kit::{
    OpenError, Refusal, Service, Sources,
    federation::SdlError,
    graphql::effects_loader,
    migrate,
    service::{SchemaParts, SqlEngine},
    sql::{Db, DbOptions},
};

pub use store::ImportedLending;
use store::{LendingStore, SqlLendings};

/// The subgraph's name.
pub const NAME: &str = "lendings";

/// Opens the service on the database of a URL, and migrates it.
pub async fn open(database_url: &str, sources: Sources) -> Result<Service, OpenError> {
    let db = Db::open(NAME, database_url, DbOptions::default()).await?;
    migrate::apply(&db, NAME, store::MIGRATIONS, sources.clock.as_ref()).await?;
    let store: Arc<dyn LendingStore> = Arc::new(SqlLendings::new(db.clone()));
    let schema = graphql::schema().data(loaders::loader(store)).data(sources.clone());
    let schema = schema.data(effects_loader(db.clone())).finish();
    let listener = hearing::listener(&db, &sources);
    let parts =
        SchemaParts::new(NAME, schema, graphql::ANNOTATIONS).listening(listener).taking_part(db.clone());
    let engine = SqlEngine { db, owner: NAME, migrations: store::MIGRATIONS };
    Ok(Service::new(parts, Arc::new(engine), sources)?)
}

/// Loads lendings of the past, once; how many there are.
pub async fn load(
    database_url: &str,
    sources: Sources,
    lendings: Vec<ImportedLending>,
) -> Result<usize, LoadError> {
    let db = Db::open(NAME, database_url, DbOptions::default()).await?;
    migrate::apply(&db, NAME, store::MIGRATIONS, sources.clock.as_ref()).await.map_err(OpenError::from)?;
    let loaded = store::load(&db, sources, lendings).await;
    db.close().await;
    Ok(loaded?)
}

/// Why lendings were not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database was not opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A lending breaks a rule, or the database failed.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// The subgraph's SDL.
pub fn sdl() -> Result<String, SdlError> {
    lms_kit::service::sdl(&graphql::schema().finish(), graphql::ANNOTATIONS)
}
