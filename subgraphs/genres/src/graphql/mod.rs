//! The genres subgraph: thin, it loads, maps and returns.

mod mutation;
mod query;
mod saga;
mod types;

use async_graphql::{EmptySubscription, SchemaBuilder};
use lms_kit::federation::{Annotation, CONNECTION, Federated, STAFF};

use mutation::Mutation;
use query::Query;

/// What the SDL says beyond the types.
pub(crate) const ANNOTATIONS: &[Annotation] = &[
    Annotation::add("Genre", "@cacheControl(maxAge: 300)"),
    Annotation::add("Genre", "@tag(name: \"catalogue\")"),
    Annotation::add("Query.genres", "@cost(weight: 2)"),
    Annotation::add("Query.genres", CONNECTION),
    Annotation::add("Mutation.createGenre", "@cost(weight: 10)"),
    Annotation::add("Mutation.createGenre", STAFF),
    Annotation::add("Mutation.renameGenre", "@cost(weight: 10)"),
    Annotation::add("Mutation.renameGenre", STAFF),
    Annotation::add("Mutation.deleteGenre", "@cost(weight: 10)"),
    Annotation::add("Mutation.deleteGenre", STAFF),
    Annotation::add("Saga", "@cacheControl(maxAge: 0)"),
];

/// The schema, to which its store and its loader are still to be given.
pub(crate) fn schema() -> SchemaBuilder<Federated<Query>, Mutation, EmptySubscription> {
    lms_kit::service::schema(Query, Mutation)
}
