//! The sagas subgraph: thin, it loads, maps and returns.

mod begin;
mod mutation;
mod others;
mod query;
mod saga;

use async_graphql::{EmptySubscription, SchemaBuilder};
use lms_kit::federation::{Annotation, CONNECTION, Federated, STAFF};

use mutation::Mutation;
use query::Query;

const COMMAND: &str = "@cost(weight: 10)";

/// What the SDL says beyond the types.
pub(crate) const ANNOTATIONS: &[Annotation] = &[
    Annotation::add("CatalogueBookSaga", "@cacheControl(maxAge: 0)"),
    Annotation::add("Query.sagas", "@cost(weight: 2)"),
    Annotation::add("Query.sagas", CONNECTION),
    Annotation::add("Query.sagas", STAFF),
    Annotation::add("Mutation.catalogueBook", STAFF),
    Annotation::add("Mutation.cancelSaga", STAFF),
    Annotation::add("Mutation.retrySaga", STAFF),
    Annotation::add("Mutation.resolveStuckSaga", STAFF),
    Annotation::add("Mutation.catalogueBook", COMMAND),
    Annotation::add("Mutation.cancelSaga", COMMAND),
    Annotation::add("Mutation.retrySaga", COMMAND),
    Annotation::add("Mutation.resolveStuckSaga", COMMAND),
];

/// The schema, to which its store and its loader are still to be given.
pub(crate) fn schema() -> SchemaBuilder<Federated<Query>, Mutation, EmptySubscription> {
    lms_kit::service::schema(Query, Mutation).register_output_type::<saga::Saga>()
}
