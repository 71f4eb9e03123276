//! Object types and interfaces: `@join__type`, `@join__implements`, and the union of fields.

use octavo_index::Id;

use crate::maps::IndexMap;
use crate::merge::{Context, field};
use crate::merged::{JoinType, MergedType, Sources};
use crate::model::{Field, GraphId, TypeDefinition};

/// One `@join__type` for each subgraph, or for each of its keys.
pub(crate) fn joins<'a>(
    context: &Context<'a, '_>,
    name: &str,
    sources: &Sources<'a, TypeDefinition<'a>>,
) -> Vec<JoinType<'a>> {
    let mut joins = Vec::new();
    for (graph, ty) in sources {
        let plain = JoinType {
            graph: *graph,
            key: None,
            extension: false,
            resolvable: None,
            is_interface_object: ty.is_interface_object(),
        };
        if ty.keys.is_empty() {
            joins.push(plain);
            continue;
        }
        joins.extend(ty.keys.iter().map(|key| JoinType {
            key: Some(&key.fields.text),
            extension: key.of_extension,
            resolvable: key.resolvable,
            ..plain.clone()
        }));
    }
    if name == "Query" {
        add_missing_graphs(context, &mut joins);
    }
    joins
}

/// Every subgraph has a query root at run time, for entities at least.
fn add_missing_graphs(context: &Context<'_, '_>, joins: &mut Vec<JoinType<'_>>) {
    let present: std::collections::HashSet<GraphId> = joins.iter().map(|join| join.graph).collect();
    joins.extend(context.subgraphs.ids().filter(|graph| !present.contains(graph)).map(|graph| JoinType {
        graph,
        key: None,
        extension: false,
        resolvable: None,
        is_interface_object: false,
    }));
    joins.sort_by_key(|join| join.graph.index());
}

/// Merges interfaces implemented and fields.
pub(crate) fn merge_fields<'a>(context: &mut Context<'a, '_>, merged: &mut MergedType<'a>) {
    for (graph, ty) in &merged.sources {
        merged.implements.extend(ty.implements.keys().map(|&interface| (*graph, interface)));
    }
    let mut names: IndexMap<&'a str, Vec<(GraphId, &'a Field<'a>)>> = IndexMap::default();
    for (graph, ty) in &merged.sources {
        for field in ty.fields.values() {
            names.entry(field.name).or_default().push((*graph, field));
        }
    }
    for (name, sources) in names {
        if let Some(field) = field::merge(context, merged, name, sources) {
            merged.fields.insert(name, field);
        }
    }
}
