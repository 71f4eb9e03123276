//! The genres service: names under which books are found, each known by id and by name.
//!
//! A request goes `graphql` → `loaders` → `store`; the rules are in `domain`, which knows no engine.

mod domain;
mod graphql;
mod loaders;
mod store;

use std::sync::Arc;

use lms_kit::{
    OpenError, Service, Sources,
    federation::SdlError,
    graphql::effects_loader,
    migrate,
    saga::Steps,
    service::{Listener, SchemaParts, SqlEngine},
    sql::{Db, DbOptions},
};

use store::{GenreSteps, GenreStore, SqlGenres};

/// The subgraph's name.
pub const NAME: &str = "genres";

/// Opens the service on the database of a URL, and migrates it.
pub async fn open(database_url: &str, sources: Sources) -> Result<Service, OpenError> {
    let db = Db::open(NAME, database_url, DbOptions::default()).await?;
    migrate::apply(&db, NAME, store::MIGRATIONS, sources.clock.as_ref()).await?;
    let store: Arc<dyn GenreStore> = Arc::new(SqlGenres::new(db.clone()));
    let schema = graphql::schema().data(loaders::loader(Arc::clone(&store))).data(store);
    let schema = schema.data(effects_loader(db.clone())).finish();
    let steps = Steps::new(NAME, GenreSteps, sources.clone());
    let parts = SchemaParts::new(NAME, schema, graphql::ANNOTATIONS);
    let parts = parts.listening(Listener::to_sagas(NAME, &db, steps)).taking_part(db.clone());
    let engine = SqlEngine { db, owner: NAME, migrations: store::MIGRATIONS };
    Ok(Service::new(parts, Arc::new(engine), sources)?)
}

/// The subgraph's SDL.
pub fn sdl() -> Result<String, SdlError> {
    lms_kit::service::sdl(&graphql::schema().finish(), graphql::ANNOTATIONS)
}
