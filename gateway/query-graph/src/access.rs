//! Taking a field: which subgraphs resolve it, and what they want for it.

use std::collections::{BTreeMap, HashSet};

use octavo_index::Id as _;
use octavo_supergraph::{
    ContextArgument, FieldId, FieldJoin, FieldSet, JoinedType, SubgraphId, Supergraph, TypeRef,
};

use crate::{Labels, QueryGraph};

/// A field that a subgraph resolves.
#[derive(Clone, Copy, Debug)]
pub struct Access<'g> {
    /// The subgraph.
    pub subgraph: SubgraphId,
    join: Option<&'g FieldJoin>,
}

impl<'g> Access<'g> {
    /// The fields that must be sent with the entity's key.
    pub fn requires(&self) -> Option<&'g FieldSet> {
        self.join?.requires.as_ref()
    }

    /// The fields below that are resolved on this very path.
    pub fn provides(&self) -> Option<&'g FieldSet> {
        self.join?.provides.as_ref()
    }

    /// The arguments that the field takes from the objects around.
    pub fn contexts(&self) -> &'g [ContextArgument] {
        self.join.map_or(&[], |join| &join.contexts)
    }

    /// Whether the field is asked for wherever the subgraph has the object: nothing else is to be sent for it.
    pub fn is_plain(&self) -> bool {
        self.requires().is_none() && self.contexts().is_empty()
    }

    /// The field's type in the subgraph, when it differs from the supergraph's.
    pub fn ty(&self) -> Option<&'g TypeRef> {
        self.join?.ty.as_ref()
    }
}

/// The subgraphs that resolve a field, in the order of `join__Graph`.
#[derive(Clone, Debug, Default)]
pub(crate) enum Resolvers {
    /// None.
    #[default]
    Nobody,
    /// Every subgraph that has the parent type.
    Everybody,
    /// These, each with its join among the field's.
    Some(Box<[(SubgraphId, usize)]>),
}

impl Resolvers {
    pub(crate) fn of(supergraph: &Supergraph, labels: &Labels, field: FieldId) -> Self {
        let definition = supergraph.field(field);
        if definition.joins.is_empty() {
            return if definition.only_by_interface { Self::Nobody } else { Self::Everybody };
        }
        // A join counts under the labels that hold: one that overrides does so only under its label.
        let holds = |join: &FieldJoin| {
            let label = join.override_label.map(|label| supergraph.name(label));
            join.overrides.is_none() || label.is_none_or(|label| labels.0.contains(label))
        };
        let overriding = definition.joins.iter().filter(|join| holds(join));
        let overridden: HashSet<SubgraphId> =
            overriding.filter_map(|join| join.overrides.filter(|from| *from != join.subgraph)).collect();
        let parent = supergraph.ty(definition.parent);
        let mut first: BTreeMap<SubgraphId, usize> = BTreeMap::new();
        for (index, join) in definition.joins.iter().enumerate() {
            first.entry(join.subgraph).or_insert(index);
        }
        let resolving = first.into_iter().filter(|(subgraph, index)| {
            let join = &definition.joins[*index];
            !join.external
                && !overridden.contains(subgraph)
                && holds(join)
                && parent.join(*subgraph).is_some()
        });
        Self::Some(resolving.collect())
    }
}

impl QueryGraph {
    /// How a subgraph resolves a field on the field's own parent type; `None` when it does not
    /// (it lacks it, has it as `@external`, or another subgraph overrides it).
    pub fn access(&self, subgraph: SubgraphId, field: FieldId) -> Option<Access<'_>> {
        let definition = self.supergraph.field(field);
        match &self.resolvers[field.index()] {
            Resolvers::Nobody => None,
            Resolvers::Everybody => {
                self.joined(subgraph, definition.parent).map(|_| Access { subgraph, join: None })
            }
            Resolvers::Some(listed) => {
                let at = listed.binary_search_by_key(&subgraph, |(subgraph, _)| *subgraph).ok()?;
                Some(Access { subgraph, join: Some(&definition.joins[listed[at].1]) })
            }
        }
    }

    /// Whether a subgraph names the field at all, if only as `@external`: it can be sent there, and be provided by it.
    pub fn knows_field(&self, subgraph: SubgraphId, field: FieldId) -> bool {
        let definition = self.supergraph.field(field);
        if self.joined(subgraph, definition.parent).is_none() {
            return false;
        }
        if definition.joins.is_empty() {
            return !definition.only_by_interface;
        }
        definition.joins.iter().any(|join| join.subgraph == subgraph)
    }

    /// The subgraphs that resolve a field on its own parent type, in the order of `join__Graph`.
    pub fn accesses(&self, field: FieldId) -> impl Iterator<Item = Access<'_>> {
        let definition = self.supergraph.field(field);
        let (everybody, listed): (&[JoinedType], &[(SubgraphId, usize)]) =
            match &self.resolvers[field.index()] {
                Resolvers::Nobody => (&[], &[]),
                Resolvers::Everybody => (&self.supergraph.ty(definition.parent).joins, &[]),
                Resolvers::Some(listed) => (&[], listed),
            };
        let everybody = everybody.iter().map(|join| Access { subgraph: join.subgraph, join: None });
        let joined = move |&(subgraph, index): &(SubgraphId, usize)| Access {
            subgraph,
            join: Some(&definition.joins[index]),
        };
        everybody.chain(listed.iter().map(joined))
    }

    /// The subgraphs that resolve a field for objects of its parent type, each with the field as it has it: the field itself, or
    /// that of an interface that it has as `@interfaceObject`.
    pub fn resolving(&self, field: FieldId) -> &[(SubgraphId, FieldId)] {
        self.resolving[field.index()].get_or_init(|| self.find_resolving(field).into())
    }

    fn find_resolving(&self, field: FieldId) -> Vec<(SubgraphId, FieldId)> {
        let definition = self.supergraph.field(field);
        let mut all: Vec<_> = self.accesses(field).map(|access| (access.subgraph, field)).collect();
        for &interface in self.interfaces(definition.parent) {
            let Some(same) = self.supergraph.field_with(interface, definition.name) else { continue };
            for subgraph in self.accesses(same).map(|access| access.subgraph) {
                let new = !all.iter().any(|(known, _)| *known == subgraph);
                if new && self.is_interface_object(subgraph, interface) {
                    all.push((subgraph, same));
                }
            }
        }
        all
    }
}
