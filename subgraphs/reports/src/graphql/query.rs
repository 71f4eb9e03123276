//! What can be asked.

use async_graphql::Object;

use super::reports::Reports;

pub(crate) struct Query;

#[Object]
impl Query {
    /// What was lent, and what is thought of it, in numbers.
    async fn reports(&self) -> Reports {
        Reports
    }
}
