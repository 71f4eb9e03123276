//! The users subgraph: thin, it loads, maps and returns.

mod mutation;
mod query;
mod registration;
mod saga;
mod types;

use async_graphql::{EmptySubscription, MergedObject, SchemaBuilder};
use lms_kit::federation::{Annotation, CONNECTION, Federated};

use mutation::Mutation;
use query::Query;
use registration::RegistrationMutation;

/// What the SDL says beyond the types.
pub(crate) const ANNOTATIONS: &[Annotation] = &[
    Annotation::add("User", "@cacheControl(maxAge: 60, scope: PRIVATE)"),
    Annotation::add("User", "@tag(name: \"people\")"),
    Annotation::add("Query.users", "@cost(weight: 2)"),
    Annotation::add("Query.users", CONNECTION),
    Annotation::add("Mutation.registerUser", "@cost(weight: 50)"),
    Annotation::add("Mutation.registerStudentWithAccount", "@cost(weight: 50)"),
    Annotation::add("Mutation.updateUser", "@cost(weight: 10)"),
    Annotation::add("Mutation.login", "@cost(weight: 50)"),
    Annotation::add("User.email", "@authenticated"),
    Annotation::add("Mutation.updateUser", "@authenticated"),
    Annotation::add("EraseStudentSaga", "@cacheControl(maxAge: 0)"),
    Annotation::add("RegisterStudentSaga", "@cacheControl(maxAge: 0)"),
];

// What a root says of itself would stand in the SDL.
#[derive(MergedObject)]
#[graphql(name = "Mutation")]
pub(crate) struct Mutations(Mutation, RegistrationMutation);

/// The schema, to which its store, loader, passwords and signer are still to be given.
pub(crate) fn schema() -> SchemaBuilder<Federated<Query>, Mutations, EmptySubscription> {
    lms_kit::service::schema(Query, Mutations(Mutation, RegistrationMutation))
}
