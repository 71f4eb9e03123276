//! The tables behind the moves.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use octavo_index::{Id as _, IdMap, NameId, SchemaSet};
use octavo_supergraph::{FieldId, FieldSelection, JoinedType, SubgraphId, Supergraph, TypeId, TypeKind};

use crate::access::Resolvers;
use crate::entity::EntityMoves;

/// The override labels that hold (`@override(from:, label:)`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Labels(pub BTreeSet<String>);

/// Subgraphs that resolve a field, each with the field as it has it.
type Resolving = Box<[(SubgraphId, FieldId)]>;

/// A supergraph with the moves that it allows, for one set of override labels.
#[derive(Debug)]
pub struct QueryGraph {
    pub(crate) supergraph: Arc<Supergraph>,
    labels: Labels,
    /// By field.
    pub(crate) resolvers: Vec<Resolvers>,
    /// By field: who resolves it for objects of its type; each is made when it is first needed.
    pub(crate) resolving: Vec<OnceLock<Resolving>>,
    /// By type; each is made when it is first needed.
    pub(crate) entities: Vec<OnceLock<Box<EntityMoves>>>,
    runtime_types: IdMap<(SubgraphId, TypeId), Vec<TypeId>>,
    interfaces: IdMap<TypeId, Vec<TypeId>>,
    key_names: SchemaSet<NameId>,
    provided_names: SchemaSet<NameId>,
}

impl QueryGraph {
    /// Builds the tables.
    pub fn new(supergraph: Arc<Supergraph>, labels: Labels) -> Self {
        let runtime_types = runtime_types(&supergraph);
        let interfaces = interfaces(&supergraph);
        let key_names = key_names(&supergraph);
        let provided_names = provided_names(&supergraph);
        let resolvers = resolvers(&supergraph, &labels);
        let resolving = resolvers.iter().map(|_| OnceLock::new()).collect();
        let entities = supergraph.types().iter().map(|_| OnceLock::new()).collect();
        Self {
            supergraph,
            labels,
            resolvers,
            resolving,
            entities,
            runtime_types,
            interfaces,
            key_names,
            provided_names,
        }
    }

    /// The override labels that hold.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Whether some key has a field of that name.
    pub fn is_key_name(&self, name: NameId) -> bool {
        self.key_names.contains(&name)
    }

    /// Whether some `@provides` names a field of that name, so that a subgraph may resolve it that does not everywhere.
    pub fn is_provided(&self, field: FieldId) -> bool {
        self.provided_names.contains(&self.supergraph.field(field).name)
    }

    /// The supergraph.
    pub fn supergraph(&self) -> &Arc<Supergraph> {
        &self.supergraph
    }

    /// The object types that a subgraph can return where it has `ty`, sorted. An interface object has none: its subgraph does not
    /// know the objects behind it.
    pub fn runtime_types(&self, subgraph: SubgraphId, ty: TypeId) -> &[TypeId] {
        self.runtime_types.get(&(subgraph, ty)).map_or(&[], Vec::as_slice)
    }

    /// The interfaces of an object type or interface, in all subgraphs together, sorted.
    pub fn interfaces(&self, ty: TypeId) -> &[TypeId] {
        self.interfaces.get(&ty).map_or(&[], Vec::as_slice)
    }

    /// Whether a subgraph has the type.
    pub fn has_type(&self, subgraph: SubgraphId, ty: TypeId) -> bool {
        self.joined(subgraph, ty).is_some()
    }

    /// Whether a subgraph has an interface as `@interfaceObject`.
    pub fn is_interface_object(&self, subgraph: SubgraphId, ty: TypeId) -> bool {
        self.joined(subgraph, ty).is_some_and(|join| join.interface_object)
    }

    /// A type as a subgraph has it.
    pub(crate) fn joined(&self, subgraph: SubgraphId, ty: TypeId) -> Option<&JoinedType> {
        let joins = &self.supergraph.ty(ty).joins;
        let at = joins.binary_search_by_key(&subgraph, |join| join.subgraph).ok()?;
        Some(&joins[at])
    }
}

fn resolvers(supergraph: &Supergraph, labels: &Labels) -> Vec<Resolvers> {
    let mut all = Vec::new();
    for &field in supergraph.types().iter().flat_map(|ty| &ty.fields) {
        if all.len() <= field.index() {
            all.resize(field.index() + 1, Resolvers::default());
        }
        all[field.index()] = Resolvers::of(supergraph, labels, field);
    }
    all
}

fn key_names(supergraph: &Supergraph) -> SchemaSet<NameId> {
    let keys = supergraph.types().iter().flat_map(|ty| &ty.joins).flat_map(|join| &join.keys);
    let fields = keys.flat_map(|key| &key.fields).filter_map(|selection| selection.field);
    fields.map(|field| supergraph.field(field).name).collect()
}

fn provided_names(supergraph: &Supergraph) -> SchemaSet<NameId> {
    let fields = supergraph.types().iter().flat_map(|ty| &ty.fields);
    let joins = fields.flat_map(|field| &supergraph.field(*field).joins);
    let mut names = SchemaSet::default();
    let mut open: Vec<&FieldSelection> = joins.filter_map(|join| join.provides.as_ref()).flatten().collect();
    while let Some(selection) = open.pop() {
        names.extend(selection.field.map(|field| supergraph.field(field).name));
        open.extend(&selection.selections);
    }
    names
}

fn runtime_types(supergraph: &Supergraph) -> IdMap<(SubgraphId, TypeId), Vec<TypeId>> {
    let mut table: IdMap<(SubgraphId, TypeId), Vec<TypeId>> = IdMap::default();
    let mut add = |subgraph: SubgraphId, abstract_type: TypeId, object: TypeId| {
        let has = |ty: TypeId| supergraph.ty(ty).join(subgraph).is_some_and(|j| !j.interface_object);
        if has(abstract_type) && has(object) {
            table.entry((subgraph, abstract_type)).or_default().push(object);
        }
    };
    for (id, ty) in supergraph.types().iter_with_ids() {
        match ty.kind {
            TypeKind::Object => {
                ty.joins.iter().for_each(|join| add(join.subgraph, id, id));
                ty.implements.iter().for_each(|(subgraph, interface)| add(*subgraph, *interface, id));
            }
            TypeKind::Union => ty.members.iter().for_each(|(subgraph, member)| add(*subgraph, id, *member)),
            _ => {}
        }
    }
    for types in table.values_mut() {
        types.sort_unstable();
        types.dedup();
    }
    table
}

fn interfaces(supergraph: &Supergraph) -> IdMap<TypeId, Vec<TypeId>> {
    let with_interfaces = supergraph.types().iter_with_ids().filter(|(_, ty)| !ty.implements.is_empty());
    with_interfaces
        .map(|(id, ty)| {
            let mut interfaces: Vec<TypeId> = ty.implements.iter().map(|(_, i)| *i).collect();
            interfaces.sort_unstable();
            interfaces.dedup();
            (id, interfaces)
        })
        .collect()
}
