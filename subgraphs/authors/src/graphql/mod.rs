//! The authors subgraph: thin, it loads, maps and returns.

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
    Annotation::add("Author", "@cacheControl(maxAge: 120)"),
    Annotation::add("Author", "@tag(name: \"catalogue\")"),
    Annotation::add("Query.authors", "@cost(weight: 2)"),
    Annotation::add("Query.authors", CONNECTION),
    Annotation::add("Mutation.createAuthor", "@cost(weight: 10)"),
    Annotation::add("Mutation.createAuthor", STAFF),
    Annotation::add("Mutation.updateAuthor", "@cost(weight: 10)"),
    Annotation::add("Mutation.updateAuthor", STAFF),
    Annotation::add("Mutation.deleteAuthor", "@cost(weight: 10)"),
    Annotation::add("Mutation.deleteAuthor", STAFF),
    Annotation::add("Saga", "@cacheControl(maxAge: 0)"),
];

/// The schema, to which its store and its loader are still to be given.
pub(crate) fn schema() -> SchemaBuilder<Federated<Query>, Mutation, EmptySubscription> {
    lms_kit::service::schema(Query, Mutation)
}
