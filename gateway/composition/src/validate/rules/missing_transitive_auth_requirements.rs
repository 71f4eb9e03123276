//! `MISSING_TRANSITIVE_AUTH_REQUIREMENTS`: a field that is computed from guarded fields is guarded by the same rules.

use crate::code::Code;
use crate::field_set::{self, Selected, Selection, split_context};
use crate::merged::{Access, MergedField, MergedType};
use crate::model::{Argument, Builtin, Field, GraphId};
use crate::report::{Place, Report};
use crate::validate::MergedSchema;

pub(crate) fn check(schema: MergedSchema<'_, '_>, report: &mut Report) {
    for ty in schema.merged.types.values() {
        for field in ty.fields.values() {
            check_field(schema, ty, field, report);
        }
    }
}

fn check_field(
    schema: MergedSchema<'_, '_>,
    ty: &MergedType<'_>,
    field: &MergedField<'_>,
    report: &mut Report,
) {
    let has = ty.access.and(&field.access);
    let inputs = field.sources.iter().flat_map(|(graph, source)| inputs(schema, ty, *graph, source));
    for Input { parent, text, place } in inputs {
        let Ok(selections) = field_set::parse(text) else { continue };
        let mut missing = Vec::new();
        if !has.covers(&parent.access) {
            missing.push(parent.name.to_owned());
        }
        collect(schema, parent, &selections, &has, &mut missing);
        for required in missing {
            let message = format!(
                "`{}.{}` requires `{required}`, whose access rules it does not carry itself",
                ty.name, field.name
            );
            report.error(Code::MissingTransitiveAuthRequirements, message, place);
        }
    }
}

/// A part of what a field is computed from.
struct Input<'s> {
    /// The type that it is selected on.
    parent: &'s MergedType<'s>,
    /// The selection.
    text: &'s str,
    place: Place<'s>,
}

/// What a field is computed from: what it requires of its own object, and what it has from contexts.
fn inputs<'s>(
    schema: MergedSchema<'s, 's>,
    ty: &'s MergedType<'s>,
    graph: GraphId,
    source: &'s Field<'s>,
) -> Vec<Input<'s>> {
    let requires = source.requires.iter().map(|requires| Input {
        parent: ty,
        text: &requires.text,
        place: schema.place(graph, requires.span),
    });
    let mut found: Vec<Input<'_>> = requires.collect();
    let from_context =
        |argument: &'s Argument<'_>| argument.applied.iter().find(|a| a.is(Builtin::FromContext));
    for applied in source.arguments.values().filter_map(from_context) {
        let Some((name, text)) = applied.string("field").and_then(split_context) else { continue };
        for setter in schema.subgraphs[graph].schema.types.values() {
            let sets = setter.all(Builtin::Context).any(|context| context.string("name") == Some(name));
            if let Some(parent) = schema.merged.types.get(setter.name).filter(|_| sets) {
                found.push(Input { parent, text, place: schema.place(graph, applied.span) });
            }
        }
    }
    found
}

fn collect(
    schema: MergedSchema<'_, '_>,
    parent: &MergedType<'_>,
    selections: &[Selection<'_>],
    has: &Access,
    missing: &mut Vec<String>,
) {
    for selection in selections {
        let below = match selection.what {
            Selected::Fragment { on } => {
                let below = on.map_or(Some(parent), |on| schema.merged.types.get(on));
                if let Some(below) = below
                    && !has.covers(&below.access)
                {
                    missing.push(below.name.to_owned());
                }
                below
            }
            Selected::Field { name, .. } => {
                let Some(field) = parent.fields.get(name) else { continue };
                let below = schema.merged.types.get(field.ty.name);
                let needs =
                    below.map_or_else(|| field.access.clone(), |below| field.access.and(&below.access));
                if !has.covers(&needs) {
                    missing.push(format!("{}.{name}", parent.name));
                }
                below
            }
        };
        if let Some(below) = below {
            collect(schema, below, &selection.children, has, missing);
        }
    }
}
