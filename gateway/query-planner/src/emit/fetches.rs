//! Requests and how their answers are read.

use std::collections::HashMap;
use std::fmt::Write as _;

use octavo_index::{Id as _, IdMap, IndexVec};
use octavo_query_plan::{
    EntityGroup, Fetch, FetchContent, FetchId, OperationKind, ReadField, ReadTarget, Selection, SelectionId,
    ShapeId, SlotId, TypeSet,
};
use octavo_supergraph::RootKind;

use super::document::{Document, Names};
use super::lifetime::lifetime;
use super::representations::{path, representations};
use super::type_set;
use crate::order::Batch;
use crate::planner::Planner;
use crate::state::{FetchIndex, NodeField, NodeId};
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
    let content = if first.entities_at.is_none() {
        kind = match planner.operation.kind() {
            RootKind::Query => OperationKind::Query,
            RootKind::Mutation => OperationKind::Mutation,
            RootKind::Subscription => OperationKind::Subscription,
        };
        document.whole(first.root, hoisted);
        FetchContent::Root(SelectionId::new(first.root.index()))
    } else {
        entities(planner, batch, &mut document)
    };
    let representations: Vec<&str> = match &content {
        FetchContent::Root(_) => Vec::new(),
        FetchContent::Entities(groups) => groups.iter().map(|group| &*group.variable).collect(),
    };
    let head = head(planner, kind, &representations, &document);
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

fn entities(planner: &Planner<'_>, batch: &Batch, document: &mut Document<'_, '_>) -> FetchContent {
    let client =
        |name: &str| planner.operation.variables().iter().any(|v| planner.operation.text(v.name) == name);
    let mut variable = "representations".to_owned();
    while client(&variable) {
        variable.insert(0, '_');
    }
    let mut groups = Vec::with_capacity(batch.fetches.len());
    document.text.push('{');
    for (number, &id) in batch.fetches.iter().enumerate() {
        let fetch = &planner.fetches[id];
        let Some(position) = fetch.entities_at else { continue };
        let alone = batch.fetches.len() == 1;
        let key = if alone { "_entities".to_owned() } else { format!("_e{number}") };
        let variable = if alone { variable.clone() } else { format!("{variable}_{number}") };
        if !alone {
            document.text.push_str(if number > 0 { " " } else { "" });
            let _ = write!(document.text, "{key}: ");
        }
        let _ = write!(document.text, "_entities(representations: ${variable}) ");
        document.whole(fetch.root, &batch.when);
        groups.push(EntityGroup {
            key: key.into(),
            variable: variable.into(),
            path: path(planner, position),
            representations: representations(planner, position, fetch),
            selection: SelectionId::new(fetch.root.index()),
            lifetime: lifetime(planner, fetch),
        });
    }
    document.text.push('}');
    FetchContent::Entities(groups)
}

/// `query($representations: [_Any!]!, $first: Int = 5)`
fn head(
    planner: &Planner<'_>,
    kind: OperationKind,
    representations: &[&str],
    document: &Document<'_, '_>,
) -> String {
    let mut definitions: Vec<String> =
        representations.iter().map(|name| format!("${name}: [_Any!]!")).collect();
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
