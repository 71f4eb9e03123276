//! Sets of object types, where "all of the position" is not listed.

use octavo_supergraph::{Supergraph, TypeId};

/// Some of the object types of a position, sorted; `None`: all.
pub(crate) type Types = Option<Box<[TypeId]>>;

/// The object types of `parent` in `types` that are also of type `on`; `None` inside when that is all of the position.
pub(crate) fn narrow(supergraph: &Supergraph, parent: TypeId, types: &Types, on: TypeId) -> Types {
    if on == parent {
        return types.clone();
    }
    let allowed = &supergraph.ty(on).possible;
    let before = listed(supergraph, parent, types);
    let kept: Box<[TypeId]> = before.iter().copied().filter(|t| allowed.contains(t)).collect();
    if types.is_none() && kept.len() == before.len() { None } else { Some(kept) }
}

/// The types, listed.
pub(crate) fn listed<'a>(supergraph: &'a Supergraph, parent: TypeId, types: &'a Types) -> &'a [TypeId] {
    match types {
        Some(types) => types,
        None => &supergraph.ty(parent).possible,
    }
}
