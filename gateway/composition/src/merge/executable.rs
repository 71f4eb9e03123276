//! Directives of operations: those that every subgraph defines, where all of them allow it.

use indexmap::IndexMap;
use octavo_language::ast::DirectiveLocation;

use crate::emit;
use crate::merge::Context;
use crate::merge::argument::{self, ArgumentSource};
use crate::merged::{Merged, MergedDirectiveDefinition};
use crate::model::{DirectiveDefinition, GraphId};

/// Merges definitions of executable directives.
pub(crate) fn merge<'a>(context: &mut Context<'a, '_>, merged: &mut Merged<'a>) {
    let mut found: IndexMap<&'a str, Vec<(GraphId, &'a DirectiveDefinition<'a>)>> = IndexMap::new();
    for (graph, subgraph) in context.subgraphs.iter_with_ids() {
        for definition in subgraph.schema.directives.values() {
            let composed = context.features.composed(graph, definition.name).is_some();
            if !composed && definition.locations.iter().any(|&location| is_executable(location)) {
                found.entry(definition.name).or_default().push((graph, definition));
            }
        }
    }
    for (name, sources) in found {
        if sources.len() < context.subgraphs.len() {
            continue;
        }
        let Some((_, first)) = sources.first() else { continue };
        let shared = |location: &DirectiveLocation| {
            is_executable(*location) && sources.iter().all(|(_, other)| other.locations.contains(location))
        };
        let locations: Vec<DirectiveLocation> = first.locations.iter().copied().filter(shared).collect();
        if locations.is_empty() {
            continue;
        }
        let lists: Vec<ArgumentSource<'a>> = sources
            .iter()
            .map(|(graph, definition)| (*graph, &definition.arguments, definition.span))
            .collect();
        let definition = MergedDirectiveDefinition {
            name,
            arguments: argument::merge(context, &format!("@{name}"), &lists),
            repeatable: sources.iter().all(|(_, definition)| definition.repeatable),
            locations,
        };
        merged.directives.insert(name.to_owned(), emit::merged_directive_definition(&definition));
        merged.executable.push(name.to_owned());
    }
}

fn is_executable(location: DirectiveLocation) -> bool {
    use DirectiveLocation as L;
    matches!(
        location,
        L::Query
            | L::Mutation
            | L::Subscription
            | L::Field
            | L::FragmentDefinition
            | L::FragmentSpread
            | L::InlineFragment
            | L::VariableDefinition
    )
}
