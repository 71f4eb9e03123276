//! `INVALID_GRAPHQL` for defaults: a default is a value of its type. See <https://spec.graphql.org/draft/#sec-Input-Values>.

use std::fmt::Arguments;

use octavo_language::ast::Value;

use crate::code::Code;
use crate::model::{Kind, Schema, Span, TypeReference};
use crate::report::{Place, Report};
use crate::validate::FieldAt;

pub(crate) fn check(at: FieldAt<'_, '_>, report: &mut Report) {
    let FieldAt { subgraph, parent, field } = at;
    let mut check_one = |what: Arguments<'_>, default: Option<&Value>, ty: TypeReference<'_>, span: Span| {
        let Some(value) = default else { return };
        if !fits(&subgraph.schema, value, ty) {
            let message = format!("the default `{value}` of {what} is not a value of type `{ty}`");
            report.error(Code::InvalidGraphql, message, Place { subgraph: subgraph.name, span });
        }
    };
    let coordinate = format_args!("`{}.{}`", parent.name, field.name);
    check_one(coordinate, field.default, field.ty, field.span);
    for argument in field.arguments.values() {
        let what = format_args!("the argument `{}` of {coordinate}", argument.name);
        check_one(what, argument.default, argument.ty, argument.span);
    }
}

/// Whether `value` can be coerced to `ty`. Values nest no deeper than the parser lets them.
fn fits(schema: &Schema<'_>, value: &Value, ty: TypeReference<'_>) -> bool {
    match value {
        Value::Null => return !ty.is_non_null(),
        Value::List(items) if ty.is_list() => {
            let inner = TypeReference { lists: ty.lists - 1, ..ty };
            return items.iter().all(|item| fits(schema, item, inner));
        }
        _ => {}
    }
    let named = TypeReference { lists: 0, ..ty };
    match (named.name, value) {
        ("Int", Value::Float(number)) => {
            number.as_str().parse().is_ok_and(|number: f64| number.fract() == 0.0)
        }
        ("Int", Value::Int(_))
        | ("Float", Value::Int(_) | Value::Float(_))
        | ("String", Value::String(_))
        | ("Boolean", Value::Boolean(_))
        | ("ID", Value::String(_) | Value::Int(_)) => true,
        ("Int" | "Float" | "String" | "Boolean" | "ID", _) => false,
        _ => fits_definition(schema, value, named),
    }
}

fn fits_definition(schema: &Schema<'_>, value: &Value, ty: TypeReference<'_>) -> bool {
    let Some(definition) = schema.types.get(ty.name) else { return true };
    match (definition.kind, value) {
        (Kind::Enum, Value::Enum(name)) => definition.values.contains_key(name.as_str()),
        (Kind::Enum, Value::String(name)) => definition.values.contains_key(&**name),
        (Kind::Input, Value::Object(fields)) => fields.iter().all(|(name, value)| {
            definition.fields.get(name.as_str()).is_some_and(|field| fits(schema, value, field.ty))
        }),
        (Kind::Enum | Kind::Input, _) => false,
        _ => true,
    }
}
