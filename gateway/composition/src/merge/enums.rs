//! Enums: the union of values where clients only read them, the intersection where they only send them, and equal sets where both.

use crate::code::Code;
use crate::merge::{Context, applied, description};
use crate::merged::{MergedType, MergedValue, is_inaccessible};
use crate::report::{error_at_all, hint_at_all};

/// Where an enum is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) input: bool,
    pub(crate) output: bool,
}

/// Merges the values of an enum.
pub(crate) fn merge_values<'a>(context: &mut Context<'a, '_>, merged: &mut MergedType<'a>) {
    let usage = context.enum_usage.get(merged.name).copied().unwrap_or_default();
    if usage == Usage::default() {
        let message = format!("nothing is of the enum `{}`", merged.name);
        let places = merged.sources.iter().map(|(graph, ty)| (context.place(*graph, ty.span), String::new()));
        let hint = hint_at_all(Code::UnusedEnumType, message, places);
        context.report.push(hint);
    }
    let mut names: Vec<&str> = Vec::new();
    for (_, ty) in &merged.sources {
        for &name in ty.values.keys() {
            if !merged.values.contains_key(name) {
                names.push(name);
                merged
                    .values
                    .insert(name, MergedValue { description: None, graphs: Vec::new(), applied: Vec::new() });
            }
        }
    }
    for name in names {
        let value = merge_value(context, merged, name);
        let complete = value.graphs.len() == merged.sources.len() || is_inaccessible(&value.applied);
        if value.graphs.len() < merged.sources.len() && !(usage.input && is_inaccessible(&value.applied)) {
            report_absence(context, merged, name, usage);
        }
        if !complete && usage.input && !usage.output {
            merged.values.shift_remove(name);
        } else {
            merged.values.insert(name, value);
        }
    }
    if merged.values.is_empty() {
        let message =
            format!("no value of the enum `{}` is in all subgraphs, and clients send it", merged.name);
        let places = merged.sources.iter().map(|(graph, ty)| (context.place(*graph, ty.span), String::new()));
        let error = error_at_all(Code::EmptyMergedEnumType, message, places);
        context.report.push(error);
    }
}

fn merge_value<'a>(context: &mut Context<'a, '_>, merged: &MergedType<'a>, name: &str) -> MergedValue<'a> {
    let sources: Vec<_> =
        merged.sources.iter().filter_map(|(graph, ty)| Some((*graph, ty.values.get(name)?))).collect();
    let lists: Vec<_> = sources.iter().map(|(graph, value)| (*graph, &value.applied[..])).collect();
    let what = format_args!("the value `{}.{name}`", merged.name);
    let descriptions = sources.iter().map(|(graph, value)| (*graph, value.description, value.span));
    MergedValue {
        description: description::merge(context, &what, descriptions),
        graphs: sources.iter().map(|(graph, _)| *graph).collect(),
        applied: applied::merge(context, &what, &lists),
    }
}

/// Reports a value that not all subgraphs have: an error where clients send and receive it.
fn report_absence<'a>(context: &mut Context<'a, '_>, merged: &MergedType<'a>, value: &str, usage: Usage) {
    let (code, what) = match (usage.input, usage.output) {
        (true, true) => (Code::EnumValueMismatch, "yet clients both send and receive this enum"),
        (true, false) => (Code::InconsistentEnumValueForInputEnum, "and so clients may not send it"),
        (false, _) => (Code::InconsistentEnumValueForOutputEnum, "yet clients may receive it"),
    };
    let message = format!("the value `{value}` of `{}` is not in all subgraphs, {what}", merged.name);
    let places = merged.sources.iter().map(|(graph, ty)| match ty.values.get(value) {
        Some(found) => (context.place(*graph, found.span), "here it is".to_owned()),
        None => (context.place(*graph, ty.span), "not here".to_owned()),
    });
    let found = if code == Code::EnumValueMismatch {
        error_at_all(code, message, places).help("add it everywhere, or mark it `@inaccessible`")
    } else {
        hint_at_all(code, message, places)
    };
    context.report.push(found);
}
