//! What arguments can take from the objects around, on the way of a query and of a field set alike.

use std::collections::BTreeMap;

use octavo_query_graph::Access;
use octavo_supergraph::{ContextArgument, ContextSelection, FieldSelection, RootKind, Supergraph, TypeId};

use super::moves::{Around, Moves};
use super::place::Place;
use crate::maps::HashMap;

/// Longest row of values that need one another, told before the first of them is.
const DEPTH: usize = 8;

/// The values that arguments take, by the object types that set them.
pub(super) type Setters<'g> = HashMap<TypeId, BTreeMap<ContextSelection, &'g FieldSelection>>;

pub(super) fn setters(supergraph: &Supergraph) -> Setters<'_> {
    let mut setters = Setters::default();
    let joins = supergraph.fields().iter().flat_map(|field| &field.joins);
    for argument in joins.flat_map(|join| &join.contexts) {
        for (setter, value) in &argument.values {
            for &ty in &supergraph.ty(*setter).possible {
                setters.entry(ty).or_default().insert(argument.of, value);
            }
        }
    }
    setters
}

impl<'g> Moves<'g> {
    /// The first argument whose context no object around sets.
    pub(crate) fn unset(&self, access: Access<'g>) -> Option<&'g ContextArgument> {
        access.contexts().iter().find(|argument| !self.around.contains(&argument.of))
    }

    /// What arguments can take below an object of type `ty`: of each context, the value of the nearest object.
    pub(crate) fn around_below(&mut self, reached: &[Place<'g>], ty: TypeId) -> Around {
        let mut around = self.around.clone();
        // The root of an operation with effects is not asked once more for what is below it.
        let effects = [RootKind::Mutation, RootKind::Subscription].map(|root| self.supergraph.root(root));
        if effects.contains(&Some(ty)) {
            return around;
        }
        let values: Vec<_> =
            self.setters.get(&ty).into_iter().flatten().map(|(of, value)| (*of, *value)).collect();
        for (of, value) in values {
            if self.can_tell(reached, ty, (of, value)) {
                around.insert(of);
            } else {
                around.remove(&of);
            }
        }
        around
    }

    /// Whether the value that an object sets can be had. One that needs itself cannot.
    fn can_tell(
        &mut self,
        reached: &[Place<'g>],
        ty: TypeId,
        (of, value): (ContextSelection, &'g FieldSelection),
    ) -> bool {
        if self.telling.len() >= DEPTH || self.telling.contains(&(ty, of)) {
            self.used_open = true;
            return false;
        }
        self.steps += 1;
        self.telling.push((ty, of));
        let can = self.is_exhausted() || self.can_resolve(reached, ty, std::slice::from_ref(value));
        self.telling.pop();
        can
    }

    /// Asks about what is below an object of type `ty`.
    pub(super) fn below<T>(
        &mut self,
        reached: &[Place<'g>],
        ty: TypeId,
        ask: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let inner = self.around_below(reached, ty);
        let outer = std::mem::replace(&mut self.around, inner);
        let answer = ask(self);
        self.around = outer;
        answer
    }
}
