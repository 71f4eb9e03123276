//! The users service: who may log in, with which roles, and the tokens that prove it.
//!
//! A request goes `graphql` → `loaders` → `store`; the rules are in `domain`, which knows no engine; `password`,
//! `token` and `store::erased` are the only modules that touch a secret.

mod admin;
mod domain;
mod graphql;
mod loaders;
mod password;
mod store;
mod token;

use std::sync::Arc;

use lms_kit::{
    OpenError, Service, Sources,
    bus::Topic,
    federation::SdlError,
    graphql::effects_loader,
    migrate,
    saga::{COORDINATOR, Steps},
    service::{Listener, SchemaParts, SqlEngine},
    sql::{Db, DbOptions},
};

pub use admin::{AdminPassword, create_admin};

use password::Passwords;
use store::{Registrations, SqlUsers, UserSteps, UserStore};
use token::Signer;

/// The subgraph's name.
pub const NAME: &str = "users";
/// Where the public keys of tokens are (RFC 7517).
pub const JWKS_PATH: &str = "/.well-known/jwks.json";

/// Opens the service on the database of a URL, migrates it, and makes its signing key if there is none.
pub async fn open(database_url: &str, sources: Sources) -> Result<Service, OpenError> {
    let db = Db::open(NAME, database_url, DbOptions::default()).await?;
    migrate::apply(&db, NAME, store::MIGRATIONS, sources.clock.as_ref()).await?;
    let users = Arc::new(SqlUsers::new(db.clone()));
    let (signer, public_keys) = Signer::new(&users.signing_keys(sources.clock.now_ms()).await?)?;
    let store: Arc<dyn UserStore> = users;
    let schema = graphql::schema()
        .data(loaders::loader(Arc::clone(&store)))
        .data(store)
        .data(Passwords::new())
        .data(signer)
        .data(effects_loader(db.clone()))
        .finish();
    let mut listener = Listener::to_sagas(NAME, &db, Steps::new(NAME, UserSteps, sources.clone()));
    // A registration asks for its saga.
    listener.speaks_on.push(Topic::commands(COORDINATOR));
    let parts = SchemaParts::new(NAME, schema, graphql::ANNOTATIONS).publishing(JWKS_PATH, public_keys);
    let parts = parts.listening(listener).keeping(Registrations(db.clone())).taking_part(db.clone());
    let engine = SqlEngine { db, owner: NAME, migrations: store::MIGRATIONS };
    Ok(Service::new(parts, Arc::new(engine), sources)?)
}

/// The subgraph's SDL.
pub fn sdl() -> Result<String, SdlError> {
    lms_kit::service::sdl(&graphql::schema().finish(), graphql::ANNOTATIONS)
}
