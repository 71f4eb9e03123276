//! `INVALID_GRAPHQL` for defaults: a default is a value of its type, in its subgraph and once values and fields of other subgraphs
//! are taken from that type.

use std::fmt::{Arguments, Display};

use octavo_language::ast::Value;

use crate::code::Code;
use crate::model::{Span, Subgraph, TypeReference};
use crate::report::{Place, Report};
use crate::validate::input_value::fits;
use crate::validate::{FieldAt, MergedSchema};

pub(crate) fn check(at: FieldAt<'_, '_>, report: &mut Report) {
    let FieldAt { subgraph, parent, field } = at;
    let mut check_one = |what: Arguments<'_>, default: Option<&Value>, ty: TypeReference<'_>, span: Span| {
        let Some(value) = default.filter(|value| !fits(&subgraph.schema, value, ty)) else { return };
        wrong(&what, (value, ty), Place { subgraph: subgraph.name, span }, report);
    };
    let coordinate = format_args!("`{}.{}`", parent.name, field.name);
    check_one(coordinate, field.default, field.ty, field.span);
    for argument in field.arguments.values() {
        let what = format_args!("the argument `{}` of {coordinate}", argument.name);
        check_one(what, argument.default, argument.ty, argument.span);
    }
}

/// Checks the definitions of directives.
pub(crate) fn check_directives(subgraph: &Subgraph<'_>, report: &mut Report) {
    for definition in subgraph.schema.directives.values() {
        for argument in definition.arguments.values() {
            let ty = argument.ty;
            let default = argument.default.filter(|value| !fits(&subgraph.schema, value, ty));
            let Some(value) = default else { continue };
            let what = format_args!("the argument `{}` of `@{}`", argument.name, definition.name);
            let place = Place { subgraph: subgraph.name, span: argument.span };
            wrong(&what, (value, ty), place, report);
        }
    }
}

/// Checks what was merged.
pub(crate) fn check_merged(schema: MergedSchema<'_, '_>, report: &mut Report) {
    let merged = schema.merged;
    let mut check_one =
        |what: Arguments<'_>, default: Option<&Value>, ty: TypeReference<'_>, place: Place<'_>| {
            let Some(value) = default.filter(|value| !fits(merged, value, ty)) else { return };
            wrong(&format_args!("{what} in the supergraph"), (value, ty), place, report);
        };
    for ty in merged.types.values() {
        for field in ty.fields.values() {
            let place = schema.place_of_field(ty.name, field.name);
            let coordinate = format_args!("`{}.{}`", ty.name, field.name);
            check_one(coordinate, field.default, field.ty, place);
            for argument in field.arguments.values() {
                let what = format_args!("the argument `{}` of {coordinate}", argument.name);
                check_one(what, argument.default, argument.ty, place);
            }
        }
    }
    for definition in &merged.executable {
        for argument in definition.arguments.values() {
            let what = format_args!("the argument `{}` of `@{}`", argument.name, definition.name);
            let place = schema.place_of_directive(definition.name);
            check_one(what, argument.default, argument.ty, place);
        }
    }
}

fn wrong(
    what: &dyn Display,
    (value, ty): (&Value, TypeReference<'_>),
    place: Place<'_>,
    report: &mut Report,
) {
    let message = format!("the default `{value}` of {what} is not a value of type `{ty}`");
    report.error(Code::InvalidGraphql, message, place);
}
