//! One corpus of federation cases through every stage.
//!
//! A suite is a folder: `subgraphs/NAME.graphql` with `data/NAME.json`, and `cases/CASE.graphql` with what the case needs
//! (`CASE.variables.json`, `CASE.labels.json`) and `CASE.expected.json`, the answer worked out by hand from the data. Where our
//! composition refuses the subgraphs and others do not, `given.graphql` is the supergraph that one of them made. Beside them stand
//! snapshots of what each stage made: `supergraph.graphql` and `api.graphql`, and a case's `CASE.plan.txt`, `CASE.requests.txt` and
//! `CASE.response.json`. A stale one fails with a diff; `UPDATE_SUITES=1` writes them anew.
//!
//! Pipeline of a case: compose → supergraph → query graph → document → operation → plan → execute, against [`Subgraphs`] in memory
//! that check each request by their own schema. Two things must hold beside the snapshots: the response is the expected one, and no
//! subgraph was asked for what it cannot answer. Beside the cases, a query for every field of each suite is planned ([`check_coordinates`]).

mod case;
mod coordinates;
mod corpus;
mod expectation;
mod foreign;
mod incremental;
mod json;
mod snapshot;
mod subgraph;
mod suite;
mod wander;

pub use case::check_case;
pub use coordinates::check_coordinates;
pub use corpus::{Case, Suite, suites};
pub use foreign::check_foreign;
pub use subgraph::Subgraphs;
pub use suite::check_suite;
