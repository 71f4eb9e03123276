//! The sagas subgraph: thin, it loads, maps and returns.

mod begin;
mod consistency;
mod letter;
mod mutation;
mod others;
mod progress;
mod query;
mod saga;

use async_graphql::{MergedObject, SchemaBuilder};
use lms_kit::federation::{Annotation, CONNECTION, Federated, STAFF};

use consistency::ConsistencyQuery;
use letter::{LetterMutation, LetterQuery};
use mutation::Mutation;
use progress::Follow;
use query::Query;

const COMMAND: &str = "@cost(weight: 10)";

/// What the SDL says beyond the types.
pub(crate) const ANNOTATIONS: &[Annotation] = &[
    Annotation::add("CatalogueBookSaga", "@cacheControl(maxAge: 0)"),
    Annotation::add("EraseStudentSaga", "@cacheControl(maxAge: 0)"),
    Annotation::add("LendBookSaga", "@cacheControl(maxAge: 0)"),
    Annotation::add("ReturnBookSaga", "@cacheControl(maxAge: 0)"),
    Annotation::add("RegisterStudentSaga", "@cacheControl(maxAge: 0)"),
    Annotation::add("Query.sagas", "@cost(weight: 2)"),
    Annotation::add("Query.sagas", CONNECTION),
    Annotation::add("Query.sagas", STAFF),
    Annotation::add("DeadLetter", "@cacheControl(maxAge: 0)"),
    Annotation::add("Consistency", "@cacheControl(maxAge: 0)"),
    Annotation::add("Query.consistency", STAFF),
    Annotation::add("Subscription.consistencyLag", STAFF),
    Annotation::add("Query.deadLetters", "@cost(weight: 10)"),
    Annotation::add("Query.deadLetters", CONNECTION),
    Annotation::add("Query.deadLetters", STAFF),
    Annotation::add("Mutation.replayDeadLetter", STAFF),
    Annotation::add("Mutation.discardDeadLetter", STAFF),
    Annotation::add("Mutation.replayDeadLetter", COMMAND),
    Annotation::add("Mutation.discardDeadLetter", COMMAND),
    Annotation::add("Mutation.catalogueBook", STAFF),
    Annotation::add("Mutation.lendBook", STAFF),
    Annotation::add("Mutation.returnBook", STAFF),
    Annotation::add("Mutation.eraseStudent", "@authenticated"),
    Annotation::add("Mutation.cancelSaga", STAFF),
    Annotation::add("Mutation.retrySaga", STAFF),
    Annotation::add("Mutation.resolveStuckSaga", STAFF),
    Annotation::add("Mutation.catalogueBook", COMMAND),
    Annotation::add("Mutation.lendBook", COMMAND),
    Annotation::add("Mutation.returnBook", COMMAND),
    Annotation::add("Mutation.eraseStudent", COMMAND),
    Annotation::add("Mutation.cancelSaga", COMMAND),
    Annotation::add("Mutation.retrySaga", COMMAND),
    Annotation::add("Mutation.resolveStuckSaga", COMMAND),
];

// What a root says of itself would stand in the SDL.
#[derive(MergedObject)]
#[graphql(name = "Query")]
pub(crate) struct Queries(Query, LetterQuery, ConsistencyQuery);

#[derive(MergedObject)]
#[graphql(name = "Mutation")]
pub(crate) struct Mutations(Mutation, LetterMutation);

/// The schema, to which its store and its loader are still to be given.
pub(crate) fn schema() -> SchemaBuilder<Federated<Queries>, Mutations, Follow> {
    lms_kit::service::schema_with_events(
        Queries(Query, LetterQuery, ConsistencyQuery),
        Mutations(Mutation, LetterMutation),
        Follow,
    )
    .register_output_type::<saga::Saga>()
}
