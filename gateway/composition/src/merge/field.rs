//! Fields of objects and interfaces, and their `@join__field`s.

use std::fmt::Display;

use crate::code::Code;
use crate::field_set::split_context;
use crate::merge::argument::{ArgumentSource, Position, hint_at_types, report_types};
use crate::merge::overrides::{Override, Takeover};
use crate::merge::reference::{Agreement, merge_output};
use crate::merge::{Context, applied, argument, description, external, overrides, sharing};
use crate::merged::{Access, JoinField, MergedField, MergedType, Sources};
use crate::model::{Builtin, Field, Kind};

/// Merges one field; `None` when it cannot be.
pub(crate) fn merge<'a>(
    context: &mut Context<'a, '_>,
    parent: &MergedType<'a>,
    name: &'a str,
    sources: Sources<'a, Field<'a>>,
) -> Option<MergedField<'a>> {
    let coordinate = format!("{}.{name}", parent.name);
    let own: Sources<'a, Field<'a>> = sources.iter().filter(|(_, field)| !field.external).copied().collect();
    if own.is_empty() {
        if let Some(field) = through_interface_object(context, parent, name, &sources) {
            return Some(field);
        }
        external::report_missing_base(context, &coordinate, &sources);
        return None;
    }
    let takeover = overrides::find(context, parent, &coordinate, &sources);
    let agreement = merge_types(context, &coordinate, &own)?;
    let argument_sources: Vec<ArgumentSource<'a>> =
        own.iter().map(|(graph, field)| (*graph, &field.arguments, field.span)).collect();
    let arguments = argument::merge(context, &coordinate, &argument_sources);
    context.enum_usage.entry(agreement.ty().name).or_default().output = true;
    let lists: Vec<_> = own.iter().map(|(graph, field)| (*graph, &field.applied[..])).collect();
    let what = format_args!("the field `{coordinate}`");
    let applied = applied::merge_of_field(context, &what, &lists, &arguments);
    let descriptions = own.iter().map(|(graph, field)| (*graph, field.description, field.span));
    let mut merged = MergedField {
        name,
        ty: agreement.ty(),
        description: description::merge(context, &what, descriptions),
        arguments,
        default: None,
        joins: Vec::new(),
        applied,
        access: Access::default(),
        sources,
    };
    let same_types = matches!(agreement, Agreement::Same(_));
    external::check(context, &coordinate, &merged, same_types);
    if parent.kind == Kind::Object {
        sharing::check(context, parent, &merged, &takeover);
    }
    merged.joins = joins(context, parent, &merged, &takeover, same_types);
    Some(merged)
}

/// A field that only interface objects resolve: external in every subgraph that has the type.
fn through_interface_object<'a>(
    context: &mut Context<'a, '_>,
    parent: &MergedType<'a>,
    name: &'a str,
    sources: &Sources<'a, Field<'a>>,
) -> Option<MergedField<'a>> {
    sharing::through_interface_objects(context, parent, name).first()?;
    let (_, first) = sources.first()?;
    let lists: Vec<ArgumentSource<'a>> =
        sources.iter().map(|(graph, field)| (*graph, &field.arguments, field.span)).collect();
    let coordinate = format!("{}.{name}", parent.name);
    let descriptions = sources.iter().map(|(graph, field)| (*graph, field.description, field.span));
    let mut merged = MergedField {
        name,
        ty: first.ty,
        description: description::merge(context, &coordinate, descriptions),
        arguments: argument::merge(context, &coordinate, &lists),
        default: None,
        joins: Vec::new(),
        applied: Vec::new(),
        access: Access::default(),
        sources: sources.clone(),
    };
    merged.joins = joins(context, parent, &merged, &Takeover::default(), true);
    Some(merged)
}

fn merge_types<'a>(
    context: &mut Context<'a, '_>,
    coordinate: &str,
    own: &Sources<'a, Field<'a>>,
) -> Option<Agreement<'a>> {
    let references: Vec<_> = own.iter().map(|(_, field)| field.ty).collect();
    let agreement = merge_output(context, &references)?;
    let what: &dyn Display = &format_args!("the field `{coordinate}`");
    let types = || own.iter().map(|(graph, field)| (*graph, field.ty, field.span)).collect::<Vec<_>>();
    match agreement {
        Agreement::Same(_) => {}
        Agreement::Compatible(ty) => hint_at_types(context, (what, ty), &types(), Position::Field),
        Agreement::Mismatch(_) => report_types(context, what, &types(), Code::FieldTypeMismatch),
    }
    Some(agreement)
}

/// `@join__field`s, or none when the field is the same wherever its type is.
fn joins<'a>(
    context: &Context<'a, '_>,
    parent: &MergedType<'a>,
    merged: &MergedField<'a>,
    takeover: &Takeover<'a>,
    same_types: bool,
) -> Vec<JoinField<'a>> {
    let graphs = if parent.name == "Query" { context.subgraphs.len() } else { parent.sources.len() };
    let plain = |field: &Field<'a>| {
        !field.external
            && field.requires.is_none()
            && field.provides.is_none()
            && contextual(field).next().is_none()
    };
    let needed = !same_types
        || !takeover.is_empty()
        || merged.sources.len() < graphs
        || merged.sources.iter().any(|(_, field)| !plain(field));
    if !needed {
        return Vec::new();
    }
    let active = merged.sources.iter().filter(|(graph, _)| takeover.of(*graph) != Some(Override::Unused));
    let join = |(graph, field): &(crate::model::GraphId, &'a Field<'a>)| JoinField {
        graph: Some(*graph),
        requires: field.requires.as_ref().map(|set| &*set.text),
        provides: field.provides.as_ref().map(|set| &*set.text),
        ty: (!same_types).then_some(field.ty),
        external: field.external,
        overrides: field.get(Builtin::Override).and_then(|applied| applied.string("from")),
        label: takeover.label(*graph),
        used_overridden: takeover.of(*graph) == Some(Override::Used),
        contextual: contextual(field)
            .map(|(argument, ty, selection)| context_argument(context.name(*graph), argument, &ty, selection))
            .collect(),
    };
    active.map(join).collect()
}

/// Arguments that come from a context: name, type, selection.
fn contextual<'a>(field: &Field<'a>) -> impl Iterator<Item = (&'a str, String, &'a str)> {
    field.arguments.values().filter_map(|argument| {
        let applied = argument.applied.iter().find(|applied| applied.is(Builtin::FromContext))?;
        Some((argument.name, argument.ty.to_string(), applied.string("field")?))
    })
}

fn context_argument(subgraph: &str, argument: &str, ty: &str, field: &str) -> String {
    let (name, selection) = split_context(field).unwrap_or_default();
    let selection = crate::emit::quote(selection);
    format!(
        "{{context: \"{subgraph}__{name}\", name: \"{argument}\", type: \"{ty}\", selection: {selection}}}"
    )
}
