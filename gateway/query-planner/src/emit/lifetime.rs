//! For how long the entities of a request may be kept: the shortest lifetime of what is asked.
//!
//! A field has its own lifetime, else its type's (objects). Without one, a leaf and an object without a key take that of the object
//! around them, and an entity is not kept. Apollo Server's static hints are the same but for objects without a key, which are not kept
//! there: here a page of a list inherits from the list.

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
    let policies = fetch.representations.iter();
    let policies = policies.map(|r| of(&planner.supergraph.ty(r.entry).cache, fetch.subgraph));
    let ages = policies.clone().map(|policy| policy.and_then(|p| p.max_age).unwrap_or(0));
    let inherited = ages.min().unwrap_or(0);
    lifetime.private = policies.flatten().any(|policy| policy.private);
    fields(planner, (fetch.root, fetch.subgraph), Some(inherited), &mut lifetime);
    if lifetime.seconds == u32::MAX {
        lifetime.seconds = inherited;
    }
    lifetime
}

/// `inherited` is the lifetime of the object around the fields; `None` where it was counted already.
fn fields(
    planner: &Planner<'_>,
    (node, subgraph): (NodeId, SubgraphId),
    inherited: Option<u32>,
    lifetime: &mut Lifetime,
) {
    for field in &planner.nodes[node].fields {
        let definition = planner.supergraph.field(field.field);
        let own = of(&definition.cache, subgraph);
        let Some(child) = field.child else {
            lifetime.shorten(own, inherited);
            continue;
        };
        let ty = planner.supergraph.ty(definition.ty.named());
        let is_entity = ty.join(subgraph).is_some_and(|join| !join.keys.is_empty());
        let policy = own.or(of(&ty.cache, subgraph));
        lifetime.shorten(policy, if is_entity { Some(0) } else { inherited });
        fields(planner, (child, subgraph), None, lifetime);
    }
}

fn of(policies: &[CachePolicy], subgraph: SubgraphId) -> Option<&CachePolicy> {
    policies.iter().find(|policy| policy.subgraph == subgraph)
}
