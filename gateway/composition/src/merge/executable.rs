//! Directives of operations: those that every subgraph defines, where all of them allow it.

use octavo_language::ast::DirectiveLocation;

use crate::code::Code;
use crate::emit;
use crate::maps::IndexMap;
use crate::merge::argument::{self, ArgumentSource};
use crate::merge::{Context, description};
use crate::merged::{Merged, MergedArgument, MergedDirectiveDefinition, Sources, is_inaccessible};
use crate::model::DirectiveDefinition;
use crate::report::hint_at_all;

/// Merges definitions of executable directives.
pub(crate) fn merge<'a>(context: &mut Context<'a, '_>, merged: &mut Merged<'a>) {
    for (name, sources) in gather(context) {
        if let Some(definition) = merge_one(context, name, &sources) {
            merged.directives.insert(name.to_owned(), emit::merged_directive_definition(&definition));
            merged.executable.push(definition);
        }
    }
}

/// The definitions of each directive that operations may use in some subgraph.
fn gather<'a>(context: &Context<'a, '_>) -> IndexMap<&'a str, Sources<'a, DirectiveDefinition<'a>>> {
    let mut found: IndexMap<&'a str, Sources<'a, DirectiveDefinition<'a>>> = IndexMap::default();
    for (graph, subgraph) in context.subgraphs.iter_with_ids() {
        for definition in subgraph.schema.directives.values() {
            if context.features.composed(graph, definition.name).is_none() {
                found.entry(definition.name).or_default().push((graph, definition));
            }
        }
    }
    found.retain(|_, sources| {
        sources.iter().any(|(_, definition)| definition.locations.iter().copied().any(is_executable))
    });
    found
}

fn merge_one<'a>(
    context: &mut Context<'a, '_>,
    name: &'a str,
    sources: &Sources<'a, DirectiveDefinition<'a>>,
) -> Option<MergedDirectiveDefinition<'a>> {
    if sources.len() < context.subgraphs.len() {
        let message = format!("`@{name}` is left out, since not all subgraphs define it");
        hint(context, Code::InconsistentExecutableDirectivePresence, message, sources);
        return None;
    }
    let (_, first) = sources.first()?;
    let shared = |location: &DirectiveLocation| {
        is_executable(*location) && sources.iter().all(|(_, other)| other.locations.contains(location))
    };
    let locations: Vec<DirectiveLocation> = first.locations.iter().copied().filter(shared).collect();
    if locations.is_empty() {
        let message = format!("`@{name}` is left out, since it has no place that all subgraphs know");
        hint(context, Code::NoExecutableDirectiveIntersection, message, sources);
        return None;
    }
    let executable = |definition: &DirectiveDefinition<'_>| {
        definition.locations.iter().filter(|at| is_executable(**at)).count()
    };
    if sources.iter().any(|(_, definition)| executable(definition) != locations.len()) {
        let message = format!("`@{name}` has other places in some subgraphs; those that all know are kept");
        hint(context, Code::InconsistentExecutableDirectiveLocations, message, sources);
    }
    let repeatable = sources.iter().all(|(_, definition)| definition.repeatable);
    if !repeatable && sources.iter().any(|(_, definition)| definition.repeatable) {
        let message = format!("`@{name}` is repeatable only in some subgraphs, and so not in the supergraph");
        hint(context, Code::InconsistentExecutableDirectiveRepeatable, message, sources);
    }
    let lists: Vec<ArgumentSource<'a>> =
        sources.iter().map(|(graph, definition)| (*graph, &definition.arguments, definition.span)).collect();
    let descriptions = sources.iter().map(|(graph, found)| (*graph, found.description, found.span));
    description::merge(context, &format_args!("the directive `@{name}`"), descriptions);
    let arguments = argument::merge(context, &format!("@{name}"), &lists);
    report_hidden(context, name, sources, &arguments);
    Some(MergedDirectiveDefinition { name, arguments, repeatable, locations })
}

/// Clients can give what a directive wants of them.
fn report_hidden<'a>(
    context: &mut Context<'a, '_>,
    name: &str,
    sources: &Sources<'a, DirectiveDefinition<'a>>,
    arguments: &IndexMap<&'a str, MergedArgument<'a>>,
) {
    let required = |argument: &&MergedArgument<'_>| argument.ty.is_non_null() && argument.default.is_none();
    for argument in arguments.values().filter(required).filter(|a| is_inaccessible(&a.applied)) {
        let Some((graph, definition)) = sources.first() else { continue };
        let message =
            format!("the argument `{}` of `@{name}` is required, but `@inaccessible`", argument.name);
        let place = context.place(*graph, definition.span);
        context.report.error(Code::RequiredInaccessible, message, place);
    }
}

fn hint<'a>(
    context: &mut Context<'a, '_>,
    code: Code,
    message: String,
    sources: &Sources<'a, DirectiveDefinition<'a>>,
) {
    let places = sources.iter().map(|(graph, definition)| {
        let names: Vec<&str> = definition.locations.iter().map(|location| location.name()).collect();
        let repeatable = if definition.repeatable { "repeatable " } else { "" };
        (context.place(*graph, definition.span), format!("here {repeatable}on {}", names.join(" | ")))
    });
    let hint = hint_at_all(code, message, places);
    context.report.push(hint);
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
