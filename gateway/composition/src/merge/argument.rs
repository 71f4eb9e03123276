//! Arguments: kept when every subgraph has them, of the narrowest type, with one default.

use std::fmt::Display;

use octavo_language::ast::Value;

use crate::code::Code;
use crate::maps::{HashSet, IndexMap};
use crate::merge::reference::{Agreement, merge_input};
use crate::merge::value::same_value;
use crate::merge::{Context, applied, description};
use crate::merged::MergedArgument;
use crate::model::{Argument, Builtin, GraphId, Span, TypeReference};
use crate::report::{error_at_all, hint_at_all};

/// Arguments of one field in one subgraph.
pub(crate) type ArgumentSource<'a> = (GraphId, &'a IndexMap<&'a str, Argument<'a>>, Span);

/// Merges the arguments of the field or directive `owner`.
pub(crate) fn merge<'a>(
    context: &mut Context<'a, '_>,
    owner: &str,
    sources: &[ArgumentSource<'a>],
) -> IndexMap<&'a str, MergedArgument<'a>> {
    let mut names: Vec<&str> = Vec::new();
    let mut seen = HashSet::default();
    for (_, arguments, _) in sources {
        names.extend(arguments.keys().copied().filter(|name| seen.insert(*name)));
    }
    names.retain(|name| !report_contextual(context, owner, name, sources));
    let merged = names.into_iter().filter_map(|name| Some((name, merge_one(context, owner, name, sources)?)));
    merged.collect()
}

/// Whether some subgraph has the argument from a context, so that clients do not see it; reported where another wants it from them.
fn report_contextual<'a>(
    context: &mut Context<'a, '_>,
    owner: &str,
    name: &str,
    sources: &[ArgumentSource<'a>],
) -> bool {
    let found = sources.iter().filter_map(|(graph, arguments, _)| Some((*graph, arguments.get(name)?)));
    let (contextual, of_clients): (Vec<_>, Vec<_>) = found.partition(|(_, argument)| is_contextual(argument));
    if contextual.is_empty() {
        return false;
    }
    for (graph, argument) in of_clients {
        let place = context.place(graph, argument.span);
        let code = Code::ContextualArgumentNotInAll;
        let what = format!("the argument `{name}` of `{owner}` comes from a context in another subgraph");
        if argument.is_required() {
            context.report.error(code, format!("{what}, yet clients would have to give it here"), place);
        } else {
            context.report.hint(code, format!("{what}, and so clients cannot give it"), place);
        }
    }
    true
}

/// Whether the gateway fills the argument in.
fn is_contextual(argument: &Argument<'_>) -> bool {
    argument.applied.iter().any(|applied| applied.is(Builtin::FromContext))
}

fn merge_one<'a>(
    context: &mut Context<'a, '_>,
    owner: &str,
    name: &'a str,
    sources: &[ArgumentSource<'a>],
) -> Option<MergedArgument<'a>> {
    let found: Vec<(GraphId, &'a Argument<'a>)> =
        sources.iter().filter_map(|(graph, arguments, _)| Some((*graph, arguments.get(name)?))).collect();
    if found.len() < sources.len() {
        report_absence(context, owner, name, sources);
        return None;
    }
    let types: Vec<(GraphId, TypeReference<'a>, Span)> =
        found.iter().map(|(graph, argument)| (*graph, argument.ty, argument.span)).collect();
    let what = &format_args!("the argument `{name}` of `{owner}`");
    let ty = merge_types(context, what, &types, Position::Argument)?;
    let defaults: Vec<_> =
        found.iter().map(|(graph, argument)| (*graph, argument.default, argument.span)).collect();
    let default = merge_defaults(context, what, &defaults, Code::FieldArgumentDefaultMismatch);
    let lists: Vec<_> = found.iter().map(|(graph, argument)| (*graph, &argument.applied[..])).collect();
    context.enum_usage.entry(ty.name).or_default().input = true;
    let descriptions = found.iter().map(|(graph, argument)| (*graph, argument.description, argument.span));
    Some(MergedArgument {
        name,
        ty,
        description: description::merge(context, what, descriptions),
        default,
        applied: applied::merge(context, what, &lists),
    })
}

fn report_absence<'a>(
    context: &mut Context<'a, '_>,
    owner: &str,
    name: &str,
    sources: &[ArgumentSource<'a>],
) {
    let required =
        sources.iter().any(|(_, arguments, _)| arguments.get(name).is_some_and(Argument::is_required));
    let places = sources.iter().map(|(graph, arguments, span)| match arguments.get(name) {
        Some(argument) if argument.is_required() => {
            (context.place(*graph, argument.span), "required here".to_owned())
        }
        Some(argument) => (context.place(*graph, argument.span), String::new()),
        None => (context.place(*graph, *span), "not here".to_owned()),
    });
    if required {
        let message =
            format!("the argument `{name}` of `{owner}` is required in one subgraph and missing in another");
        let error = error_at_all(Code::RequiredArgumentMissing, message, places)
            .help("add it everywhere, or make it optional");
        context.report.push(error);
    } else {
        let message =
            format!("the argument `{name}` of `{owner}` is left out, since not all subgraphs have it");
        let hint = hint_at_all(Code::InconsistentArgumentPresence, message, places);
        context.report.push(hint);
    }
}

/// The narrowest of the types, reported when there is none.
pub(crate) fn merge_types<'a>(
    context: &mut Context<'a, '_>,
    what: &dyn Display,
    types: &[(GraphId, TypeReference<'a>, Span)],
    position: Position,
) -> Option<TypeReference<'a>> {
    let references: Vec<_> = types.iter().map(|(_, ty, _)| *ty).collect();
    let agreement = merge_input(context, &references)?;
    match agreement {
        Agreement::Same(_) => {}
        Agreement::Compatible(ty) => hint_at_types(context, (what, ty), types, position),
        Agreement::Mismatch(_) => {
            let code = match position {
                Position::Field => Code::FieldTypeMismatch,
                Position::Argument => Code::FieldArgumentTypeMismatch,
            };
            report_types(context, what, types, code);
        }
    }
    Some(agreement.ty())
}

/// What has a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// A field or an input field.
    Field,
    /// An argument.
    Argument,
}

/// Hints at types that differ from the one that fits all.
pub(crate) fn hint_at_types<'a>(
    context: &mut Context<'a, '_>,
    (what, merged): (&dyn Display, TypeReference<'a>),
    types: &[(GraphId, TypeReference<'a>, Span)],
    position: Position,
) {
    let code = match position {
        Position::Field => Code::InconsistentButCompatibleFieldType,
        Position::Argument => Code::InconsistentButCompatibleArgumentType,
    };
    let message = format!("{what} is `{merged}` in the supergraph, and has other types in some subgraphs");
    let others = types.iter().filter(|(_, ty, _)| *ty != merged);
    let places = others.map(|(graph, ty, span)| (context.place(*graph, *span), format!("here `{ty}`")));
    let hint = hint_at_all(code, message, places);
    context.report.push(hint);
}

/// Reports types that do not go together.
pub(crate) fn report_types<'a>(
    context: &mut Context<'a, '_>,
    what: &dyn Display,
    types: &[(GraphId, TypeReference<'a>, Span)],
    code: Code,
) {
    let message = format!("{what} has types that do not go together");
    let places = types.iter().map(|(graph, ty, span)| (context.place(*graph, *span), format!("here `{ty}`")));
    let error = error_at_all(code, message, places);
    context.report.push(error);
}

/// The common default; none, with a hint, when only some give one.
pub(crate) fn merge_defaults<'a>(
    context: &mut Context<'a, '_>,
    what: &dyn Display,
    defaults: &[(GraphId, Option<&'a Value>, Span)],
    code: Code,
) -> Option<&'a Value> {
    let first = defaults.iter().find_map(|(_, value, _)| *value)?;
    if defaults.iter().any(|(_, value, _)| value.is_some_and(|value| !same_value(value, first))) {
        let message = format!("{what} has different defaults");
        let places = defaults.iter().map(|(graph, value, span)| {
            let text = value.map_or_else(|| "none here".to_owned(), |value| format!("here `{value}`"));
            (context.place(*graph, *span), text)
        });
        let error = error_at_all(code, message, places);
        context.report.push(error);
        return Some(first);
    }
    if let Some((graph, _, span)) = defaults.iter().find(|(_, value, _)| value.is_none()) {
        let message =
            format!("{what} has a default only in some subgraphs, so it has none in the supergraph");
        let place = context.place(*graph, *span);
        context.report.hint(Code::InconsistentDefaultValuePresence, message, place);
        return None;
    }
    Some(first)
}
