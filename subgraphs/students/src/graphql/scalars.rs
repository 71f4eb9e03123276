//! Days as clients see them.

use serde::{Deserialize, Serialize};

/// A day, as `YYYY-MM-DD`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Date(pub(crate) String);

async_graphql::scalar!(Date, "Date", "A day, as `YYYY-MM-DD`.");
