//! `INVALID_GRAPHQL` for defaults: a default is a value of its type, in its subgraph and once values and fields of other subgraphs
//! are taken from that type.

use std::fmt::Display;

use octavo_language::ast::Value;

use crate::code::Code;
use crate::model::{Subgraph, TypeReference};
use crate::report::{Place, Report};
use crate::validate::input_value::{InputTypes, fits};
use crate::validate::{FieldAt, MergedSchema};

pub(crate) fn check(at: FieldAt<'_, '_>, report: &mut Report) {
    let FieldAt { subgraph, parent, field } = at;
    let types = &subgraph.schema;
    let place = |span| move || Place { subgraph: subgraph.name, span };
    let coordinate = format_args!("`{}.{}`", parent.name, field.name);
    check_one(types, &coordinate, (field.default, field.ty), place(field.span), report);
    for argument in field.arguments.values() {
        let what = format_args!("the argument `{}` of {coordinate}", argument.name);
        check_one(types, &what, (argument.default, argument.ty), place(argument.span), report);
    }
}

/// Checks the definitions of directives.
pub(crate) fn check_directives(subgraph: &Subgraph<'_>, report: &mut Report) {
    for definition in subgraph.schema.directives.values() {
        for argument in definition.arguments.values() {
            let what = format_args!("the argument `{}` of `@{}`", argument.name, definition.name);
            let place = || Place { subgraph: subgraph.name, span: argument.span };
            check_one(&subgraph.schema, &what, (argument.default, argument.ty), place, report);
        }
    }
}

/// Checks what was merged.
pub(crate) fn check_merged(schema: MergedSchema<'_, '_>, report: &mut Report) {
    let merged = schema.merged;
    for ty in merged.types.values() {
        for field in ty.fields.values() {
            let place = || schema.place_of_field(ty.name, field.name);
            let coordinate = format_args!("`{}.{}`", ty.name, field.name);
            let what = format_args!("{coordinate} in the supergraph");
            check_one(merged, &what, (field.default, field.ty), place, report);
            for argument in field.arguments.values() {
                let what = format_args!("the argument `{}` of {coordinate} in the supergraph", argument.name);
                check_one(merged, &what, (argument.default, argument.ty), place, report);
            }
        }
    }
    for definition in &merged.executable {
        for argument in definition.arguments.values() {
            let (argument_name, name) = (argument.name, definition.name);
            let what = format_args!("the argument `{argument_name}` of `@{name}` in the supergraph");
            let place = || schema.place_of_directive(name);
            check_one(merged, &what, (argument.default, argument.ty), place, report);
        }
    }
}

fn check_one<'p>(
    types: &impl InputTypes,
    what: &dyn Display,
    (default, ty): (Option<&Value>, TypeReference<'_>),
    place: impl FnOnce() -> Place<'p>,
    report: &mut Report,
) {
    if let Some(value) = default.filter(|value| !fits(types, value, ty)) {
        let message = format!("the default `{value}` of {what} is not a value of type `{ty}`");
        report.error(Code::InvalidGraphql, message, place());
    }
}
