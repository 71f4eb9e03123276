//! What an operation asks of callers, and the operation as it is for a caller who does not meet all of it.
//!
//! A field is looked at on each object type that it is asked for: one field of an interface may ask for more on one of its
//! implementations than on another.

use octavo_index::NameId;
use octavo_supergraph::{RequirementId, Supergraph, TypeId};

use crate::condition::When;
use crate::model::{Item, ItemField, Operation, SetId};
use crate::types::listed;

/// A field that the caller may not see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The response keys that lead to it.
    pub path: Vec<NameId>,
    /// It is asked for if all of these hold.
    pub when: Vec<When>,
}

impl Operation {
    /// What the fields of the operation ask of callers, sorted.
    pub fn requirements(&self, supergraph: &Supergraph) -> Vec<RequirementId> {
        let mut found = Vec::new();
        if supergraph.requirements().is_empty() {
            return found;
        }
        for set in &self.sets {
            for item in &set.items {
                for_each_requirement(supergraph, set.parent, item, |id| found.push(id));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The same operation for a caller who meets some requirements: each field that asks for others is refused, with all that is
    /// asked of its objects.
    #[must_use]
    pub fn refusing(mut self, supergraph: &Supergraph, is_met: impl Fn(RequirementId) -> bool) -> Self {
        for set in self.sets.ids() {
            let set = &mut self.sets[set];
            for item in &mut set.items {
                let mut refused = false;
                for_each_requirement(supergraph, set.parent, item, |id| refused |= !is_met(id));
                if let (ItemField::Field(field), true) = (item.field, refused) {
                    item.field = ItemField::Refused(field);
                    (item.arguments, item.stream, item.children) = (None, None, None);
                }
            }
        }
        self
    }

    /// The fields that [`Operation::refusing`] refused, in the order of the response.
    pub fn refused(&self) -> Vec<Refused> {
        let mut found = Vec::new();
        let around = Refused { path: Vec::new(), when: Vec::new() };
        self.refused_in(self.root, &around, &mut found);
        found
    }

    fn refused_in(&self, set: SetId, around: &Refused, found: &mut Vec<Refused>) {
        for item in &self.sets[set].items {
            if item.children.is_none() && !matches!(item.field, ItemField::Refused(_)) {
                continue;
            }
            let mut here = around.clone();
            here.path.push(item.key);
            here.when.extend((!item.when.is_always()).then(|| item.when.clone()));
            match item.children {
                Some(children) => self.refused_in(children, &here, found),
                None => found.push(here),
            }
        }
    }
}

/// The requirements of a field on each of the object types that it is asked for.
fn for_each_requirement(
    supergraph: &Supergraph,
    parent: TypeId,
    item: &Item,
    mut visit: impl FnMut(RequirementId),
) {
    let ItemField::Field(field) = item.field else { return };
    let name = supergraph.field(field).name;
    for &ty in listed(supergraph, parent, &item.types) {
        let own = supergraph.field_with(ty, name).unwrap_or(field);
        supergraph.field(own).access.iter().for_each(|id| visit(*id));
    }
}
