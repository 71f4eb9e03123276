//! The books subgraph: thin, it loads, maps and returns.

mod book;
mod mutation;
mod others;
mod query;
mod saga;
mod top;

use async_graphql::{EmptySubscription, SchemaBuilder};
use lms_kit::federation::{Annotation, CONNECTION, Federated, STAFF};

use mutation::Mutation;
use query::Query;

/// What the SDL says beyond the types.
pub(crate) const ANNOTATIONS: &[Annotation] = &[
    Annotation::add("Book", "@cacheControl(maxAge: 60)"),
    Annotation::add("Book", "@tag(name: \"catalogue\")"),
    Annotation::add("Query.books", "@cost(weight: 2)"),
    Annotation::add("Top.genres", "@cost(weight: 2)"),
    Annotation::add("Top.genres", "@listSize(assumedSize: 5, slicingArguments: [\"first\"])"),
    Annotation::add("Query.books", CONNECTION),
    Annotation::add("Author.books", "@cacheControl(maxAge: 60)"),
    Annotation::add("Author.books", CONNECTION),
    Annotation::add("Author.coAuthors", "@cacheControl(maxAge: 60)"),
    Annotation::add("Genre.books", "@cacheControl(maxAge: 60)"),
    Annotation::add("Genre.books", CONNECTION),
    Annotation::add("Student.suggestions", "@listSize(assumedSize: 5)"),
    Annotation::add("Mutation.createBook", "@cost(weight: 10)"),
    Annotation::add("Mutation.createBook", STAFF),
    Annotation::add("Mutation.updateBook", "@cost(weight: 10)"),
    Annotation::add("Mutation.updateBook", STAFF),
    Annotation::add("Mutation.deleteBook", "@cost(weight: 10)"),
    Annotation::add("Mutation.deleteBook", STAFF),
    Annotation::add("Saga", "@cacheControl(maxAge: 0)"),
];

/// The schema, to which its loader is still to be given.
pub(crate) fn schema() -> SchemaBuilder<Federated<Query>, Mutation, EmptySubscription> {
    lms_kit::service::schema(Query, Mutation)
}
