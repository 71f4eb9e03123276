//! The reports service: what was lent most, when how much was lent, and what is thought of it.
//!
//! It is a read model: it changes nothing and asks nobody. What it counts are the events of books, lendings and students
//! (`hearing`), each kept as an entry of its own under the key of what it tells of (`entry`), and counted when somebody
//! asks. The entries are columns of an index (`store`), which is the service's engine: `tantivy:PATH`. A request goes
//! `graphql` → `store`; periods and months are in `domain`, which knows no engine.

mod domain;
mod entry;
mod graphql;
mod hearing;
mod store;

use std::sync::Arc;

use lms_kit::{
    OpenError, Service, Sources, engine, federation::SdlError, records::RecordEngine, service::SchemaParts,
};

use store::{Index, ReportStore};

/// The subgraph's name.
pub const NAME: &str = "reports";
/// What the URL of its engine begins with.
pub const SCHEME: &str = "tantivy";

/// Opens the service on the index of a URL, and migrates it.
pub async fn open(database_url: &str, sources: Sources) -> Result<Service, OpenError> {
    let path = engine::own_path(NAME, SCHEME, database_url)?;
    let opened = Index::open(path).await;
    let opened = opened.map_err(|source| OpenError::Connect { url: database_url.to_owned(), source });
    let index = Arc::new(opened?);
    let now_ms = sources.clock.now_ms();
    let engine = RecordEngine::open(Arc::clone(&index), NAME, store::MIGRATIONS, now_ms).await?;
    let store: Arc<dyn ReportStore> = index;
    let schema = graphql::schema().data(store).data(sources.clone()).finish();
    let listener = hearing::listener(engine.inbox());
    let parts = SchemaParts::new(NAME, schema, graphql::ANNOTATIONS).listening(listener);
    Ok(Service::new(parts, Arc::new(engine), sources)?)
}

/// The subgraph's SDL.
pub fn sdl() -> Result<String, SdlError> {
    lms_kit::service::sdl(&graphql::schema().finish(), graphql::ANNOTATIONS)
}
