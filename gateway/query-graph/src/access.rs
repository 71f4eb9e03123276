//! Taking a field: which subgraphs resolve it, and what they want for it.

use octavo_supergraph::{FieldId, FieldJoin, FieldSet, SubgraphId, TypeRef};

use crate::QueryGraph;

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

    /// The field's type in the subgraph, when it differs from the supergraph's.
    pub fn ty(&self) -> Option<&'g TypeRef> {
        self.join?.ty.as_ref()
    }
}

impl QueryGraph {
    /// How a subgraph resolves a field on the field's own parent type; `None` when it does not
    /// (it lacks it, has it as `@external`, or another subgraph overrides it).
    pub fn access(&self, subgraph: SubgraphId, field: FieldId) -> Option<Access<'_>> {
        let definition = self.supergraph.field(field);
        self.supergraph.ty(definition.parent).join(subgraph)?;
        if definition.joins.is_empty() {
            return (!definition.only_by_interface).then_some(Access { subgraph, join: None });
        }
        let join = definition.joins.iter().find(|join| join.subgraph == subgraph)?;
        let overridden = definition.joins.iter().any(|other| {
            other.overrides == Some(subgraph) && other.subgraph != subgraph && self.holds(other)
        });
        (!join.external && !overridden && self.holds(join)).then_some(Access { subgraph, join: Some(join) })
    }

    /// Whether a subgraph names the field at all, if only as `@external`: it can be sent there, and be provided by it.
    pub fn knows_field(&self, subgraph: SubgraphId, field: FieldId) -> bool {
        let definition = self.supergraph.field(field);
        if self.supergraph.ty(definition.parent).join(subgraph).is_none() {
            return false;
        }
        if definition.joins.is_empty() {
            return !definition.only_by_interface;
        }
        definition.joins.iter().any(|join| join.subgraph == subgraph)
    }

    /// The subgraphs that resolve a field on its own parent type, in the order of `join__Graph`.
    pub fn accesses(&self, field: FieldId) -> impl Iterator<Item = Access<'_>> {
        let parent = self.supergraph.field(field).parent;
        let joins = &self.supergraph.ty(parent).joins;
        joins.iter().filter_map(move |join| self.access(join.subgraph, field))
    }

    /// Whether a join counts under the labels that hold: one that overrides does so only under its label.
    fn holds(&self, join: &FieldJoin) -> bool {
        let label = join.override_label.map(|label| self.supergraph.name(label));
        join.overrides.is_none() || label.is_none_or(|label| self.labels.0.contains(label))
    }
}
