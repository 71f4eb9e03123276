//! For how long the entities of a request may be kept: the shortest lifetime of what is asked.
//!
//! A field has its own lifetime, else its type's (objects). Without one, a leaf and an object without a key take that of the object
//! around them, and of an entity nothing is said: it is not kept, unless the operator has a default. Apollo Server's static hints
//! are the same but for objects without a key, which are not kept there: here a page of a list inherits from the list.

use octavo_query_plan::Lifetime;
use octavo_supergraph::{CachePolicy, SubgraphId};

use crate::planner::Planner;
use crate::state::{FetchState, NodeId};

/// The lifetime of the entities of a request.
pub(crate) fn lifetime(planner: &Planner<'_>, fetch: &FetchState<'_>) -> Lifetime {
    let policies = fetch.representations.iter();
    let policies = policies.map(|r| of(&planner.supergraph.ty(r.entry).cache, fetch.subgraph));
    let entities = policies.map(|policy| said(policy, Lifetime::UNSAID)).fold(Lifetime::EMPTY, Lifetime::and);
    match fields(planner, (fetch.root, fetch.subgraph), entities) {
        Lifetime::EMPTY => entities,
        asked => Lifetime { is_private: asked.is_private || entities.is_private, ..asked },
    }
}

/// The lifetime of the fields of a node; `around` is that of the object they stand in.
fn fields(planner: &Planner<'_>, (node, subgraph): (NodeId, SubgraphId), around: Lifetime) -> Lifetime {
    let mut lifetime = Lifetime::EMPTY;
    for field in &planner.nodes[node].fields {
        let definition = planner.supergraph.field(field.field);
        let own = of(&definition.cache, subgraph);
        let Some(child) = field.child else {
            lifetime = lifetime.and(said(own, around));
            continue;
        };
        let ty = planner.supergraph.ty(definition.ty.named());
        let is_entity = ty.join(subgraph).is_some_and(|join| !join.keys.is_empty());
        let policy = own.or(of(&ty.cache, subgraph));
        let object = said(policy, if is_entity { Lifetime::UNSAID } else { around });
        // The object is counted here: its leaves add nothing unless they say so themselves.
        lifetime = lifetime.and(object).and(fields(planner, (child, subgraph), Lifetime::EMPTY));
    }
    lifetime
}

/// What `policy` says, else what is `inherited`. A policy that tells the scope only inherits the time.
fn said(policy: Option<&CachePolicy>, inherited: Lifetime) -> Lifetime {
    let time = match policy.and_then(|policy| policy.max_age) {
        Some(seconds) => Lifetime { shortest: Some(seconds), ..Lifetime::EMPTY },
        None => inherited,
    };
    Lifetime { is_private: time.is_private || policy.is_some_and(|policy| policy.private), ..time }
}

fn of(policies: &[CachePolicy], subgraph: SubgraphId) -> Option<&CachePolicy> {
    policies.iter().find(|policy| policy.subgraph == subgraph)
}
