//! The node service: anything in the graph by its identifier.
//!
//! It keeps nothing and asks nobody. An identifier says the type, so all that is answered is a reference of that
//! type, which its owner resolves: `id` is external here, so that a gateway asks the owner even when nothing else
//! is wanted, and what is not there is null.

mod graphql;

use std::sync::Arc;

use lms_kit::{
    OpenError, Service, Sources,
    federation::SdlError,
    service::{NoEngine, SchemaParts},
};

/// The subgraph's name.
pub const NAME: &str = "node";

/// Opens the service.
pub fn open(sources: Sources) -> Result<Service, OpenError> {
    let parts = SchemaParts::new(NAME, graphql::schema().finish(), graphql::ANNOTATIONS);
    Ok(Service::new(parts, Arc::new(NoEngine), sources)?)
}

/// The subgraph's SDL.
pub fn sdl() -> Result<String, SdlError> {
    lms_kit::service::sdl(&graphql::schema().finish(), graphql::ANNOTATIONS)
}
