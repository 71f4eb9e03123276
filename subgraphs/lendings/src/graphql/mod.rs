//! The lendings subgraph: thin, it loads, maps and returns. What changes a lending is a saga, which clients begin
//! elsewhere.

mod lending;
mod others;
mod query;
mod saga;
mod top;

use async_graphql::{Context, EmptyMutation, EmptySubscription, Result, SchemaBuilder};
use lms_kit::{
    Sources,
    federation::{Annotation, CONNECTION, Federated, STAFF},
};

use query::Query;

const KNOWN: &str = "@authenticated";
const RANKING: &str = "@listSize(assumedSize: 5, slicingArguments: [\"first\"])";

/// What the SDL says beyond the types.
pub(crate) const ANNOTATIONS: &[Annotation] = &[
    Annotation::add("Lending", "@cacheControl(maxAge: 0)"),
    Annotation::add("Lending", KNOWN),
    Annotation::add("Query.lendings", "@cost(weight: 2)"),
    Annotation::add("Query.lendings", CONNECTION),
    Annotation::add("Query.lendings", STAFF),
    Annotation::add("Query.overdueLendings", "@cost(weight: 2)"),
    Annotation::add("Query.overdueLendings", CONNECTION),
    Annotation::add("Query.overdueLendings", STAFF),
    Annotation::add("Top.books", "@cost(weight: 2)"),
    Annotation::add("Top.books", RANKING),
    Annotation::add("Top.students", "@cost(weight: 2)"),
    Annotation::add("Top.students", RANKING),
    Annotation::add("Top.students", STAFF),
    Annotation::add("Student.lendings", "@cacheControl(maxAge: 0)"),
    Annotation::add("Student.lendings", CONNECTION),
    Annotation::add("Student.lendings", KNOWN),
    Annotation::add("Student.hasOverdue", "@cacheControl(maxAge: 0)"),
    Annotation::add("Student.hasOverdue", KNOWN),
    Annotation::add("Book.lendings", "@cacheControl(maxAge: 0)"),
    Annotation::add("Book.lendings", CONNECTION),
    Annotation::add("Book.lendings", STAFF),
    Annotation::add("Saga", "@cacheControl(maxAge: 0)"),
];

/// The schema, to which its loader and its sources are still to be given.
pub(crate) fn schema() -> SchemaBuilder<Federated<Query>, EmptyMutation, EmptySubscription> {
    lms_kit::service::schema(Query, EmptyMutation)
}

/// The time, in ms.
fn now_ms(ctx: &Context<'_>) -> Result<i64> {
    Ok(ctx.data::<Sources>()?.clock.now_ms())
}
