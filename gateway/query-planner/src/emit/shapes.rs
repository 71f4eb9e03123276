//! Shapes: what rows hold and what of it is written.

use std::collections::HashMap;

use octavo_index::{Id as _, IndexVec};
use octavo_query_plan::{
    ConcreteType, EnumId, LeafKind, Output, OutputValue, Shape, ShapeId, Slot, SlotId, TypeSet, ValueType,
};
use octavo_supergraph::{SubgraphId, TypeId, TypeKind, TypeRef};

use super::parts::Parts;
use super::{Tables, type_set};
use crate::planner::Planner;
use crate::state::{OutputFrom, OutputState, PositionId, SlotState, includes};

/// The values of the enums that slots hold.
#[derive(Default)]
pub(crate) struct Enums {
    pub(crate) values: IndexVec<EnumId, Vec<Box<str>>>,
    ids: HashMap<TypeId, EnumId>,
}

pub(crate) fn shape(planner: &Planner<'_>, id: PositionId, parts: &Parts, tables: &mut Tables) -> Shape {
    let position = &planner.positions[id];
    let possible = &planner.supergraph.ty(position.ty).possible;
    let types = possible
        .iter()
        .map(|&ty| ConcreteType {
            name: planner.supergraph.type_name(ty).into(),
            accessible: !planner.supergraph.ty(ty).inaccessible,
        })
        .collect();
    let mut slots: IndexVec<SlotId, Slot> =
        position.slots.iter().map(|state| slot(planner, state, tables)).collect();
    let outputs = position
        .outputs
        .iter()
        .map(|output| {
            let key: Box<str> = planner.operation.text(output.key).into();
            let value = match output.value {
                OutputFrom::Typename => OutputValue::Typename,
                OutputFrom::Slot(slot) => OutputValue::Slot(SlotId::new(slot.index())),
                OutputFrom::Refused { non_null } => OutputValue::Refused { non_null },
                OutputFrom::Introspection => {
                    let value = ValueType::Leaf { non_null: false, kind: LeafKind::Any };
                    OutputValue::Slot(slots.push(Slot { field: key.clone(), value, subgraph: None }))
                }
            };
            let when = tables.condition(planner, &output.when);
            let types = type_set(planner, id, &output.types);
            let (defer, stream) = (parts.of(output.defer), parts.of(output.stream));
            let own = own_types(planner, id, output, tables);
            Output { key, types, when, defer, stream, value, own }
        })
        .collect();
    let interface_objects =
        position.sources.iter().any(|s| planner.graph.is_interface_object(s.subgraph, s.ty));
    Shape { types, interface_objects, slots, outputs }
}

/// The types that an output's field has on objects, where they are not that of its slot.
fn own_types(
    planner: &Planner<'_>,
    id: PositionId,
    output: &OutputState,
    tables: &mut Tables,
) -> Vec<(TypeSet, ValueType)> {
    let position = &planner.positions[id];
    let OutputFrom::Slot(slot) = output.value else { return Vec::new() };
    let state = &position.slots[slot];
    let mut own: Vec<(&TypeRef, Vec<TypeId>)> = Vec::new();
    for &object in
        planner.supergraph.ty(position.ty).possible.iter().filter(|ty| includes(&output.types, **ty))
    {
        let field = planner.supergraph.field_with(object, state.key.name);
        let Some(ty) = field.map(|field| &planner.supergraph.field(field).ty) else { continue };
        match own.iter_mut().find(|(known, _)| *known == ty) {
            Some((_, objects)) => objects.push(object),
            None if *ty != *state.key.ty => own.push((ty, vec![object])),
            None => {}
        }
    }
    let own = own.into_iter().map(|(ty, objects)| {
        let types = type_set(planner, id, &Some(objects.into()));
        (types, value(planner, ty, state.child, tables))
    });
    own.collect()
}

fn slot(planner: &Planner<'_>, state: &SlotState, tables: &mut Tables) -> Slot {
    Slot {
        field: planner.supergraph.name(state.key.name).into(),
        value: value(planner, state.key.ty, state.child, tables),
        subgraph: asked(planner, state).map(|subgraph| planner.supergraph.subgraph_name(subgraph).into()),
    }
}

/// The subgraph that is asked for a slot, if it is one alone.
fn asked(planner: &Planner<'_>, state: &SlotState) -> Option<SubgraphId> {
    let mut subgraphs = state.filled.iter().map(|filled| planner.fetches[filled.fetch].subgraph);
    let first = subgraphs.next()?;
    subgraphs.all(|other| other == first).then_some(first)
}

fn value(planner: &Planner<'_>, ty: &TypeRef, child: Option<PositionId>, tables: &mut Tables) -> ValueType {
    match ty {
        TypeRef::List { item, non_null } => {
            ValueType::List { non_null: *non_null, item: Box::new(value(planner, item, child, tables)) }
        }
        TypeRef::Named { ty, non_null } => match child {
            Some(child) => ValueType::Object { non_null: *non_null, shape: ShapeId::new(child.index()) },
            None => ValueType::Leaf { non_null: *non_null, kind: leaf(planner, *ty, tables) },
        },
    }
}

fn leaf(planner: &Planner<'_>, ty: TypeId, tables: &mut Tables) -> LeafKind {
    let definition = planner.supergraph.ty(ty);
    if definition.kind == TypeKind::Enum {
        let enums = &mut tables.enums;
        let id = *enums.ids.entry(ty).or_insert_with(|| {
            let names = definition.values.iter().map(|&value| planner.supergraph.name(value).into());
            enums.values.push(names.collect())
        });
        return LeafKind::Enum(id);
    }
    match planner.supergraph.type_name(ty) {
        "Int" => LeafKind::Int,
        "Float" => LeafKind::Float,
        "String" => LeafKind::String,
        "Boolean" => LeafKind::Boolean,
        "ID" => LeafKind::Id,
        _ => LeafKind::Any,
    }
}
