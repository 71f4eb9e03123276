//! For how long the entities of a request may be kept: the shortest lifetime of what is asked.
//!
//! As in Apollo Server's static hints: an entity needs a lifetime of its own or its type's, objects in it too; leaves take that of the
//! object around them.

use octavo_supergraph::{CachePolicy, SubgraphId};

use crate::planner::Planner;
use crate::state::{FetchState, NodeId};

/// The lifetime of what a request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    /// Seconds; 0 is not kept.
    pub(crate) seconds: u32,
    pub(crate) private: bool,
}

impl Lifetime {
    fn shorten(&mut self, policy: Option<&CachePolicy>, or: Option<u32>) {
        let age = policy.and_then(|p| p.max_age).or(or);
        self.seconds = age.map_or(self.seconds, |age| self.seconds.min(age));
        self.private |= policy.is_some_and(|p| p.private);
    }
}

/// The lifetime of the entities of a request.
pub(crate) fn lifetime(planner: &Planner<'_>, fetch: &FetchState<'_>) -> Lifetime {
    let mut lifetime = Lifetime { seconds: u32::MAX, private: false };
    for state in &fetch.representations {
        let policies = &planner.supergraph.ty(state.entry).cache;
        lifetime.shorten(of(policies, fetch.subgraph), Some(0));
    }
    fields(planner, fetch.root, fetch.subgraph, &mut lifetime);
    lifetime
}

fn fields(planner: &Planner<'_>, node: NodeId, subgraph: SubgraphId, lifetime: &mut Lifetime) {
    for field in &planner.nodes[node].fields {
        let definition = planner.supergraph.field(field.field);
        let own = of(&definition.cache, subgraph);
        match field.child {
            None => lifetime.shorten(own, None),
            Some(child) => {
                let by_type = of(&planner.supergraph.ty(definition.ty.named()).cache, subgraph);
                lifetime.shorten(own.or(by_type), Some(0));
                fields(planner, child, subgraph, lifetime);
            }
        }
    }
}

fn of(policies: &[CachePolicy], subgraph: SubgraphId) -> Option<&CachePolicy> {
    policies.iter().find(|policy| policy.subgraph == subgraph)
}
