//! What can be chosen.

use std::collections::BTreeSet;
use std::time::Duration;

/// How requests are joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether entity requests are joined.
    pub entities: bool,
    /// Whether a query that is equal to one under way waits for its answer. It sees the subgraph as it was when the first began.
    pub equal_queries: bool,
    /// A joined request asks for no more entities than these, unless one member alone does.
    pub max_entities: usize,
    /// The longest that a request waits for others.
    pub max_delay: Duration,
    /// Subgraphs whose requests go one by one.
    pub apart: BTreeSet<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            entities: true,
            equal_queries: true,
            max_entities: 1_000,
            max_delay: Duration::from_millis(1),
            apart: BTreeSet::new(),
        }
    }
}
