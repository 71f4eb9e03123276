//! One supergraph with all that belongs to it: the way to its subgraphs, and the plans made for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use octavo_executor::SubgraphPort;
use octavo_language::ValidSchema;
use octavo_supergraph::Supergraph;

use crate::overrides::Overrides;
use crate::plan_cache::PlanCache;

/// One supergraph with the way to its subgraphs.
pub struct Schema {
    pub(crate) overrides: Overrides,
    pub(crate) subgraphs: Arc<dyn SubgraphPort>,
    pub(crate) generation: u64,
    pub(crate) plans: PlanCache,
}

impl Schema {
    /// `generation` tells schemas apart in cache keys; the same schema has the same one in every process.
    pub fn new(supergraph: Supergraph, subgraphs: Arc<dyn SubgraphPort>, generation: u64) -> Self {
        Self { overrides: Overrides::new(supergraph), subgraphs, generation, plans: PlanCache::default() }
    }

    /// The labels under which fields of this supergraph move to another subgraph (`@override(label:)`).
    pub fn override_labels(&self) -> &BTreeSet<String> {
        self.overrides.labels()
    }

    pub(crate) fn supergraph(&self) -> &Supergraph {
        self.overrides.supergraph()
    }

    /// What clients see.
    pub(crate) fn api(&self) -> &ValidSchema {
        self.supergraph().api_schema()
    }
}
