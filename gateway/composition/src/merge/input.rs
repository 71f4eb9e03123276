//! Input types: the fields that every subgraph has.

use crate::code::Code;
use crate::maps::IndexMap;
use crate::merge::argument::{Position, merge_defaults, merge_types};
use crate::merge::{Context, applied, description};
use crate::merged::{Access, JoinField, MergedField, MergedType, is_inaccessible};
use crate::model::{Field, GraphId};
use crate::report::{error_at_all, hint_at_all};

/// Merges the fields of an input type.
pub(crate) fn merge_fields<'a>(context: &mut Context<'a, '_>, merged: &mut MergedType<'a>) {
    let mut names: IndexMap<&'a str, Vec<(GraphId, &'a Field<'a>)>> = IndexMap::default();
    for (graph, ty) in &merged.sources {
        for field in ty.fields.values() {
            names.entry(field.name).or_default().push((*graph, field));
        }
    }
    for (name, sources) in names {
        let is_complete = sources.len() == merged.sources.len();
        let Some(field) = merge_field(context, merged, name, sources) else { continue };
        // What clients do not see may be missing anywhere.
        if is_complete || is_inaccessible(&field.applied) {
            merged.fields.insert(name, field);
        } else {
            report_absence(context, merged, name);
        }
    }
    if merged.fields.is_empty() {
        let message = format!("no field of the input type `{}` is in all subgraphs", merged.name);
        let places = merged.sources.iter().map(|(graph, ty)| (context.place(*graph, ty.span), String::new()));
        let error = error_at_all(Code::EmptyMergedInputType, message, places);
        context.report.push(error);
    }
}

fn merge_field<'a>(
    context: &mut Context<'a, '_>,
    parent: &MergedType<'a>,
    name: &'a str,
    sources: Vec<(GraphId, &'a Field<'a>)>,
) -> Option<MergedField<'a>> {
    let what = &format_args!("the input field `{}.{name}`", parent.name);
    let types: Vec<_> = sources.iter().map(|(graph, field)| (*graph, field.ty, field.span)).collect();
    let ty = merge_types(context, what, &types, Position::Field)?;
    let defaults: Vec<_> = sources.iter().map(|(graph, field)| (*graph, field.default, field.span)).collect();
    let default = merge_defaults(context, what, &defaults, Code::InputFieldDefaultMismatch);
    let lists: Vec<_> = sources.iter().map(|(graph, field)| (*graph, &field.applied[..])).collect();
    context.enum_usage.entry(ty.name).or_default().input = true;
    let same_types = types.iter().all(|(_, other, _)| *other == ty);
    let joins = if same_types && sources.len() == parent.sources.len() {
        Vec::new()
    } else {
        let join = |(graph, field): &(GraphId, &Field<'a>)| JoinField {
            graph: Some(*graph),
            ty: (!same_types).then_some(field.ty),
            ..JoinField::default()
        };
        sources.iter().map(join).collect()
    };
    let descriptions = sources.iter().map(|(graph, field)| (*graph, field.description, field.span));
    Some(MergedField {
        name,
        ty,
        description: description::merge(context, what, descriptions),
        arguments: IndexMap::default(),
        default,
        joins,
        applied: applied::merge(context, what, &lists),
        access: Access::default(),
        sources,
    })
}

/// Reports a field that is left out: an error when some subgraph requires it.
fn report_absence<'a>(context: &mut Context<'a, '_>, merged: &MergedType<'a>, name: &str) {
    let is_required = |field: &&Field<'_>| field.ty.is_non_null() && field.default.is_none();
    let required =
        merged.sources.iter().filter_map(|(_, ty)| ty.fields.get(name)).any(|field| is_required(&field));
    let places = merged.sources.iter().map(|(graph, ty)| match ty.fields.get(name) {
        Some(field) => {
            let text = if is_required(&field) { "required here" } else { "" };
            (context.place(*graph, field.span), text.to_owned())
        }
        None => (context.place(*graph, ty.span), "not here".to_owned()),
    });
    if required {
        let message = format!(
            "the input field `{}.{name}` is required in one subgraph and missing in another",
            merged.name
        );
        let error = error_at_all(Code::RequiredInputFieldMissing, message, places);
        context.report.push(error);
    } else {
        let message =
            format!("the input field `{}.{name}` is left out, since not all subgraphs have it", merged.name);
        let hint = hint_at_all(Code::InconsistentInputObjectField, message, places);
        context.report.push(hint);
    }
}
