//! One supergraph with all that belongs to it: the way to its subgraphs, and the plans made for it.

use std::sync::Arc;

use octavo_executor::SubgraphPort;
use octavo_supergraph::Supergraph;

use crate::plan_cache::PlanCache;

/// One supergraph with the way to its subgraphs.
pub struct Schema {
    pub(crate) supergraph: Supergraph,
    pub(crate) subgraphs: Arc<dyn SubgraphPort>,
    pub(crate) generation: u64,
    pub(crate) plans: PlanCache,
}

impl Schema {
    /// `generation` tells schemas apart in cache keys; the same schema has the same one in every process.
    pub fn new(supergraph: Supergraph, subgraphs: Arc<dyn SubgraphPort>, generation: u64) -> Self {
        Self { supergraph, subgraphs, generation, plans: PlanCache::default() }
    }
}
