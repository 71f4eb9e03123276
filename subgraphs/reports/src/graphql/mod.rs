//! The reports subgraph: thin, it checks what is asked, counts and returns.

mod others;
mod query;
mod reports;
mod scalars;

use async_graphql::{EmptyMutation, EmptySubscription, SchemaBuilder};
use lms_kit::federation::{Annotation, Federated, STAFF};

use query::Query;

const RANKING: &str = "@listSize(assumedSize: 5, slicingArguments: [\"first\"])";
const COUNTED: &str = "@cost(weight: 5)";

/// What the SDL says beyond the types.
pub(crate) const ANNOTATIONS: &[Annotation] = &[
    Annotation::add("Reports.topBooks", COUNTED),
    Annotation::add("Reports.topBooks", RANKING),
    Annotation::add("Reports.topGenres", COUNTED),
    Annotation::add("Reports.topGenres", RANKING),
    Annotation::add("Reports.topStudents", COUNTED),
    Annotation::add("Reports.topStudents", RANKING),
    Annotation::add("Reports.topStudents", STAFF),
    Annotation::add("Reports.monthlyLendings", COUNTED),
    Annotation::add("Reports.monthlyLendings", "@listSize(assumedSize: 12)"),
    Annotation::add("Reports.gradedBooks", COUNTED),
    Annotation::add("Reports.gradedBooks", RANKING),
    Annotation::add("Reports.gradedGenres", COUNTED),
    Annotation::add("Reports.gradedGenres", RANKING),
];

/// The schema, to which its store and its sources are still to be given.
pub(crate) fn schema() -> SchemaBuilder<Federated<Query>, EmptyMutation, EmptySubscription> {
    lms_kit::service::schema(Query, EmptyMutation)
}
