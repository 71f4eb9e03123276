//! Requests and how their answers are read.

use std::collections::HashMap;
use std::fmt::Write as _;

use octavo_index::{Id as _, IdMap, IndexVec};
use octavo_query_plan::{
    EntityGroup, Fetch, FetchContent, FetchId, OperationKind, ReadField, ReadTarget, RootFields, Selection,
    SelectionId, ShapeId, SlotId, TypeSet,
};

use super::contexts::{Variables, again, arguments, definitions};
use super::document::{Document, Names};
use super::lifetime::lifetime;
use super::representations::{path, representations};
use super::type_set;
use crate::order::Batch;
use crate::planner::Planner;
use crate::state::{FetchIndex, FetchState, NodeField, NodeId};
use crate::want::Types;

/// How a node's objects are read.
pub(crate) fn selection(planner: &Planner<'_>, names: &Names, id: NodeId) -> Selection {
    let node = &planner.nodes[id];
    let position = &planner.positions[node.position];
    let mut fields = Vec::new();
    if planner.supergraph.ty(position.ty).kind.is_abstract() {
        fields.push(ReadField {
            key: "__typename".into(),
            types: TypeSet::All,
            target: ReadTarget::Typename,
        });
    }
    let mut by_key: HashMap<&str, Vec<&NodeField>> = HashMap::new();
    for (index, field) in node.fields.iter().enumerate() {
        by_key.entry(names.key(id, index)).or_default().push(field);
    }
    for (index, field) in node.fields.iter().enumerate() {
        let key = names.key(id, index);
        let Some(same) = by_key.remove(key) else { continue };
        let types = row_types(planner, id, same.iter().map(|field| field.on));
        let selection = field.child.map(|child| SelectionId::new(child.index()));
        let target = ReadTarget::Slot { slot: SlotId::new(field.slot.index()), selection };
        fields.push(ReadField { key: key.into(), types, target });
    }
    Selection { shape: ShapeId::new(node.position.index()), fields }
}

/// The rows for which a key is asked on some types of a subgraph.
fn row_types(
    planner: &Planner<'_>,
    node: NodeId,
    on: impl Iterator<Item = octavo_supergraph::TypeId>,
) -> TypeSet {
    let node = &planner.nodes[node];
    let ty = planner.positions[node.position].ty;
    let mut listed = Vec::new();
    for on in on {
        if on == ty || Some(on) == node.ty {
            return TypeSet::All;
        }
        listed.extend(planner.supergraph.ty(on).possible.iter().copied());
    }
    let types: Types = Some(listed.into());
    type_set(planner, node.position, &types)
}

/// One request a batch.
pub(crate) fn fetches(planner: &Planner<'_>, names: &Names, batches: &[Batch]) -> IndexVec<FetchId, Fetch> {
    let mut batch_of: IdMap<FetchIndex, FetchId> = IdMap::default();
    for (number, batch) in batches.iter().enumerate() {
        batch_of.extend(batch.fetches.iter().map(|&fetch| (fetch, FetchId::new(number))));
    }
    batches
        .iter()
        .map(|batch| {
            let after = batch.fetches.iter().flat_map(|&fetch| &planner.fetches[fetch].after);
            let mut after: Vec<_> = after.filter_map(|before| batch_of.get(before).copied()).collect();
            after.sort_unstable();
            after.dedup();
            fetch(planner, names, batch, after)
        })
        .collect()
}

fn fetch(planner: &Planner<'_>, names: &Names, batch: &Batch, after: Vec<FetchId>) -> Fetch {
    let first = &planner.fetches[batch.fetches[0]];
    let hoisted = &batch.when;
    let mut document = Document::new(planner, names);
    let mut kind = OperationKind::Query;
    let mut defined = Vec::new();
    let content = if first.entities_at.is_none() {
        if planner.asks_operation_root(first) {
            kind = super::kind(planner);
        }
        document.whole(first, hoisted);
        FetchContent::Root(root_fields(planner, first))
    } else {
        entities(planner, batch, (&mut document, &mut defined))
    };
    let head = head(planner, kind, defined, &document);
    let used = planner.operation.variables().iter().filter(|v| document.variables.contains(&v.name));
    Fetch {
        subgraph: planner.supergraph.subgraph_name(first.subgraph).into(),
        kind,
        document: format!("{head}{}", document.text).into(),
        operation_name: None,
        variables: used.map(|variable| planner.operation.text(variable.name).into()).collect(),
        content,
        after,
    }
}

fn root_fields(planner: &Planner<'_>, fetch: &FetchState<'_>) -> RootFields {
    let node = &planner.nodes[fetch.root];
    let types = node.ty.and_then(|ty| planner.types_of(node.position, ty));
    RootFields {
        path: path(planner, node.position),
        types: type_set(planner, node.position, &types),
        selection: SelectionId::new(fetch.root.index()),
    }
}

/// The `_entities` fields of a request; each adds the definitions of its variables.
fn entities(
    planner: &Planner<'_>,
    batch: &Batch,
    (document, defined): (&mut Document<'_, '_>, &mut Vec<String>),
) -> FetchContent {
    let mut variables = Variables::new(planner);
    let mut groups = Vec::with_capacity(batch.fetches.len());
    document.text.push('{');
    for (number, &id) in batch.fetches.iter().enumerate() {
        let fetch = &planner.fetches[id];
        let Some(position) = fetch.entities_at else { continue };
        let alone = batch.fetches.len() == 1;
        let key = if alone { "_entities".to_owned() } else { format!("_e{number}") };
        let variable = variables.of_group((!alone).then_some(number));
        let (contexts, written) = arguments(planner, (position, fetch), &mut variables);
        let own = definitions(planner, &variable, &written);
        if !alone {
            document.text.push_str(if number > 0 { " " } else { "" });
            let _ = write!(document.text, "{key}: ");
        }
        let parts = document.entities(fetch, &batch.when, (&variable, written));
        defined.extend(own.iter().map(|(name, ty)| format!("${name}: {ty}")));
        let again = (!contexts.is_empty()).then(|| again(&key, &own, parts));
        groups.push(EntityGroup {
            key: key.into(),
            variable: variable.into(),
            path: path(planner, position),
            representations: representations(planner, position, fetch),
            contexts,
            again,
            selection: SelectionId::new(fetch.root.index()),
            lifetime: lifetime(planner, fetch),
        });
    }
    document.text.push('}');
    FetchContent::Entities(groups)
}

/// `query($representations: [_Any!]!, $first: Int = 5)`; `definitions` are those of the request itself.
fn head(
    planner: &Planner<'_>,
    kind: OperationKind,
    mut definitions: Vec<String>,
    document: &Document<'_, '_>,
) -> String {
    let operation = planner.operation;
    for variable in operation.variables().iter().filter(|v| document.variables.contains(&v.name)) {
        let default = variable.default.map_or(String::new(), |d| format!(" = {}", operation.text(d)));
        definitions.push(format!(
            "${}: {}{default}",
            operation.text(variable.name),
            operation.text(variable.ty)
        ));
    }
    let keyword = match kind {
        OperationKind::Query => "query",
        OperationKind::Mutation => "mutation",
        OperationKind::Subscription => "subscription",
    };
    if definitions.is_empty() {
        format!("{keyword} ")
    } else {
        format!("{keyword}({}) ", definitions.join(", "))
    }
}
