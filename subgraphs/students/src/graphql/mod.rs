//! The students subgraph: thin, it loads, maps and returns.

mod comment;
mod mutation;
mod others;
mod query;
mod saga;
mod student;

use async_graphql::{EmptySubscription, SchemaBuilder};
use lms_kit::federation::{Annotation, CONNECTION, Federated};

use mutation::Mutation;
use query::Query;

const COMMAND: &str = "@cost(weight: 10)";
const KNOWN: &str = "@authenticated";
const PERSONAL: &str = "@tag(name: \"personal\")";

/// What the SDL says beyond the types.
pub(crate) const ANNOTATIONS: &[Annotation] = &[
    Annotation::add("Student", "@cacheControl(maxAge: 60, scope: PRIVATE)"),
    Annotation::add("Student.birthDate", PERSONAL),
    Annotation::add("Student.phone", PERSONAL),
    Annotation::add("Student.birthDate", KNOWN),
    Annotation::add("Student.phone", KNOWN),
    Annotation::add("Student.activity", KNOWN),
    Annotation::add("Student.comments", CONNECTION),
    Annotation::add("Student.activity", CONNECTION),
    Annotation::add("Student.activity", "@cacheControl(maxAge: 0)"),
    Annotation::add("Comment", "@cacheControl(maxAge: 60)"),
    Annotation::add("Book.comments", "@cacheControl(maxAge: 60)"),
    Annotation::add("Book.comments", CONNECTION),
    Annotation::add("Book.averageGrade", "@cacheControl(maxAge: 60)"),
    Annotation::add("Book.averageGrade", "@cost(weight: 2)"),
    Annotation::add("Lending.comment", "@cacheControl(maxAge: 60)"),
    Annotation::add("Query.students", "@cost(weight: 2)"),
    Annotation::add("Query.students", CONNECTION),
    Annotation::add("Mutation.registerStudent", COMMAND),
    Annotation::add("Mutation.updateStudent", COMMAND),
    Annotation::add("Mutation.updateStudent", KNOWN),
    Annotation::add("Mutation.addComment", COMMAND),
    Annotation::add("Mutation.addComment", KNOWN),
    Annotation::add("Mutation.editComment", COMMAND),
    Annotation::add("Mutation.editComment", KNOWN),
    Annotation::add("Mutation.deleteComment", COMMAND),
    Annotation::add("Mutation.deleteComment", KNOWN),
    Annotation::add("Saga", "@cacheControl(maxAge: 0)"),
];

/// The schema, to which its loader is still to be given.
pub(crate) fn schema() -> SchemaBuilder<Federated<Query>, Mutation, EmptySubscription> {
    lms_kit::service::schema(Query, Mutation)
}
