//! One supergraph with all that belongs to it: the way to its subgraphs, and the plans made for it.

use std::sync::Arc;

use octavo_executor::SubgraphPort;
use octavo_language::ValidSchema;
use octavo_query_graph::{Labels, QueryGraph};
use octavo_supergraph::Supergraph;

use crate::plan_cache::PlanCache;

/// One supergraph with the way to its subgraphs.
pub struct Schema {
    pub(crate) graph: QueryGraph,
    pub(crate) subgraphs: Arc<dyn SubgraphPort>,
    pub(crate) generation: u64,
    pub(crate) plans: PlanCache,
}

impl Schema {
    /// `generation` tells schemas apart in cache keys; the same schema has the same one in every process.
    pub fn new(supergraph: Supergraph, subgraphs: Arc<dyn SubgraphPort>, generation: u64) -> Self {
        let graph = QueryGraph::new(Arc::new(supergraph), Labels::default());
        Self { graph, subgraphs, generation, plans: PlanCache::default() }
    }

    /// What clients see.
    pub(crate) fn api(&self) -> &ValidSchema {
        self.graph.supergraph().api_schema()
    }
}
