//! Representations: how an entity is sent, from the slots that hold its key and what is required of it.

use octavo_index::{Id as _, NameId};
use octavo_query_plan::{
    PathStep, Representation, RepresentationField, RepresentationValue, SlotId, TypeSet,
};
use octavo_supergraph::{FieldSelection, TypeId};

use super::type_set;
use crate::planner::Planner;
use crate::state::{FetchState, Filled, PositionId, RepresentationState, SlotIndex, includes};
use crate::want::Types;

/// The way from the root to a position.
pub(crate) fn path(planner: &Planner<'_>, position: PositionId) -> Vec<PathStep> {
    let mut steps = Vec::new();
    let mut at = position;
    while let Some((parent, slot)) = planner.positions[at].parent {
        let objects = planner.positions[parent].slots[slot].key.objects.as_ref();
        let types = objects.map_or(TypeSet::All, |o| type_set(planner, parent, &o.types));
        steps.push(PathStep { types, slot: SlotId::new(slot.index()) });
        at = parent;
    }
    steps.reverse();
    steps
}

pub(crate) fn representations(
    planner: &Planner<'_>,
    position: PositionId,
    fetch: &FetchState<'_>,
) -> Vec<Representation> {
    // The first that fits is sent: what is for all objects stands after what is for some.
    let whole = |state: &&RepresentationState<'_>| state.ty == planner.positions[position].ty;
    let (last, first): (Vec<_>, Vec<_>) = fetch.representations.iter().partition(whole);
    let states = first.into_iter().chain(last);
    states.map(|state| representation(planner, position, fetch, state)).collect()
}

fn representation(
    planner: &Planner<'_>,
    position: PositionId,
    fetch: &FetchState<'_>,
    state: &RepresentationState<'_>,
) -> Representation {
    let types = planner.types_of(position, state.ty);
    let abstract_row = planner.supergraph.ty(state.ty).kind.is_abstract();
    let by_interface = abstract_row || planner.graph.is_interface_object(fetch.subgraph, state.entry);
    let key = state.key.iter().map(|selection| (selection, true));
    let requires = state.requires.iter().map(|selection| (*selection, false));
    let mut fields: Vec<RepresentationField> = Vec::new();
    for (selection, required) in key.chain(requires) {
        let place = Place { position, ty: state.ty, types: &types };
        add(planner, &place, selection, required, &mut fields);
    }
    Representation {
        types: type_set(planner, position, &types),
        typename: by_interface.then(|| planner.supergraph.type_name(state.entry).into()),
        fields,
    }
}

/// The way from objects of one type at a position to the value that a field set leads to.
pub(crate) fn value_in(
    planner: &Planner<'_>,
    (position, ty): (PositionId, TypeId),
    selection: &FieldSelection,
) -> Vec<RepresentationField> {
    let types = planner.types_of(position, ty);
    let mut fields = Vec::new();
    add(planner, &Place { position, ty, types: &types }, selection, false, &mut fields);
    fields
}

/// The objects that a field set is read from.
struct Place<'a> {
    position: PositionId,
    ty: TypeId,
    types: &'a Types,
}

/// Adds a field to those of a representation, or to the part of it that is there.
fn add(
    planner: &Planner<'_>,
    place: &Place<'_>,
    selection: &FieldSelection,
    required: bool,
    fields: &mut Vec<RepresentationField>,
) {
    let Some(field) = selection.field else {
        if !fields.iter().any(|f| &*f.key == "__typename") {
            fields.push(typename());
        }
        return;
    };
    let name = planner.supergraph.field(field).name;
    for slot in slots(planner, place, name, selection) {
        let key = planner.supergraph.name(name);
        let same = |f: &RepresentationField| matches!(f.value, RepresentationValue::Slot { slot: s, .. } if s.index() == slot.index());
        let known = fields.iter().position(|f| &*f.key == key && same(f));
        let at = known.unwrap_or_else(|| {
            fields.push(RepresentationField {
                key: key.into(),
                types: filled_types(planner, place, slot),
                required,
                value: RepresentationValue::Slot { slot: SlotId::new(slot.index()), fields: Vec::new() },
            });
            fields.len() - 1
        });
        fields[at].required |= required;
        let RepresentationValue::Slot { fields: below, .. } = &mut fields[at].value else { continue };
        let Some(child) = planner.positions[place.position].slots[slot].child else { continue };
        if planner.supergraph.ty(planner.positions[child].ty).kind.is_abstract() && below.is_empty() {
            below.push(typename());
        }
        for part in &selection.selections {
            let whole = part.on == planner.positions[child].ty;
            let types: Types = (!whole).then(|| planner.supergraph.ty(part.on).possible.clone().into());
            let place = Place { position: child, ty: part.on, types: &types };
            add(planner, &place, part, required, below);
        }
    }
}

fn typename() -> RepresentationField {
    RepresentationField {
        key: "__typename".into(),
        types: TypeSet::All,
        required: false,
        value: RepresentationValue::Typename,
    }
}

/// The slots of a position that hold a field for objects of a type.
fn slots(
    planner: &Planner<'_>,
    place: &Place<'_>,
    name: NameId,
    selection: &FieldSelection,
) -> Vec<SlotIndex> {
    let arguments = selection.arguments.map(|text| planner.supergraph.name(text));
    let position = &planner.positions[place.position];
    let named = position.named(name).map(|slot| (slot, &position.slots[slot]));
    let matching = named.filter(|(_, slot)| {
        let same_arguments = slot.key.arguments.map(|text| planner.texts.resolve(text)) == arguments;
        let object = slot.key.objects.as_ref();
        same_arguments && object.is_none_or(|o| o.key.is_none() && fits(&o.types, place.types))
    });
    let fills = |filled: &&Filled| filled.types.is_none() || place_includes(place, &filled.types);
    let filled = matching.filter(|(_, slot)| slot.filled.iter().any(|f| fills(&f)));
    let mut found: Vec<SlotIndex> = filled.map(|(id, _)| id).collect();
    let is_leaf = |slot: &SlotIndex| position.slots[*slot].child.is_none();
    let always = |slot: &SlotIndex| position.slots[*slot].filled.iter().filter(fills).any(|f| f.always);
    // Any slot of a leaf has its value; one that is asked under a condition may be empty.
    if found.iter().all(is_leaf) {
        found.sort_by_key(|slot| !always(slot));
        found.truncate(1);
    }
    found
}

fn fits(slot: &Types, place: &Types) -> bool {
    slot.is_none()
        || slot == place
        || matches!((slot, place), (Some(s), Some(p)) if s.iter().all(|t| p.contains(t)))
}

fn place_includes(place: &Place<'_>, types: &Types) -> bool {
    match place.types {
        None => true,
        Some(listed) => listed.iter().any(|t| includes(types, *t)) || includes(types, place.ty),
    }
}

/// The types of rows for which a slot is sent.
fn filled_types(planner: &Planner<'_>, place: &Place<'_>, slot: SlotIndex) -> TypeSet {
    let state = &planner.positions[place.position].slots[slot];
    match state.key.objects.as_ref().and_then(|o| o.types.clone()) {
        Some(types) => type_set(planner, place.position, &Some(types)),
        None => type_set(planner, place.position, place.types),
    }
}
