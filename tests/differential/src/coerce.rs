//! Input values coerced (<https://spec.graphql.org/draft/#sec-Coercing-Field-Arguments>), into JSON with one spelling.

use apollo_compiler::ast::{self, Argument, Type, Value};
use apollo_compiler::{ExecutableDocument, Node};
use serde_json::{Map, Number, Value as JsonValue};

use crate::world::{InputDef, Kind, TypeRef, World};

/// Values by name.
pub(crate) type Values = Map<String, JsonValue>;

/// A value that its type does not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unacceptable;

/// What is given to a field's arguments, defaults filled in.
pub(crate) fn arguments(
    world: &World,
    definitions: &[InputDef],
    given: &[Node<Argument>],
    variables: &Values,
) -> Result<Values, Unacceptable> {
    let mut values = Values::new();
    for definition in definitions {
        let given = given.iter().find(|argument| argument.name == *definition.name);
        let value = match given {
            Some(argument) => literal(world, &definition.ty, &argument.value, variables)?,
            None => None,
        };
        if let Some(value) = or_default(world, definition, value)? {
            values.insert(definition.name.clone(), value);
        }
    }
    Ok(values)
}

/// What is sent for an operation's variables, defaults filled in.
pub(crate) fn variables(
    world: &World,
    operation: &apollo_compiler::executable::Operation,
    sent: &Values,
) -> Result<Values, Unacceptable> {
    let mut values = Values::new();
    for variable in &operation.variables {
        // Representations have a type that the monolith does not have; they are read where they are used.
        let Some(ty) = reference(world, &variable.ty) else {
            values.extend(
                sent.get(variable.name.as_str()).map(|value| (variable.name.to_string(), value.clone())),
            );
            continue;
        };
        let value = match (sent.get(variable.name.as_str()), &variable.default_value) {
            (Some(value), _) => Some(json(world, &ty, value)?),
            (None, Some(default)) => literal(world, &ty, default, &Values::new())?,
            (None, None) if ty.is_non_null() => return Err(Unacceptable),
            (None, None) => None,
        };
        values.extend(value.map(|value| (variable.name.to_string(), value)));
    }
    Ok(values)
}

/// Arguments in parentheses, parsed.
pub(crate) fn parse_arguments(text: &str) -> Option<Vec<Node<Argument>>> {
    let document = ast::Document::parse(format!("{{ field{text} }}"), "arguments.graphql").ok()?;
    let ast::Definition::OperationDefinition(operation) = document.definitions.first()? else { return None };
    let ast::Selection::Field(field) = operation.selection_set.first()? else { return None };
    Some(field.arguments.clone())
}

fn parse(text: &str) -> Option<Value> {
    parse_arguments(&format!("(value: {text})"))?.first().map(|argument| (*argument.value).clone())
}

/// The only operation of a document.
pub(crate) fn only_operation(
    document: &ExecutableDocument,
) -> Option<&Node<apollo_compiler::executable::Operation>> {
    document.operations.iter().next()
}

fn or_default(
    world: &World,
    definition: &InputDef,
    value: Option<JsonValue>,
) -> Result<Option<JsonValue>, Unacceptable> {
    let value = match (value, &definition.default) {
        (None, Some(default)) => {
            let default = parse(default).ok_or(Unacceptable)?;
            literal(world, &definition.ty, &default, &Values::new())?
        }
        (value, _) => value,
    };
    let missing = value.as_ref().is_none_or(JsonValue::is_null);
    if missing && definition.ty.is_non_null() { Err(Unacceptable) } else { Ok(value) }
}

/// A written value; `None` for a variable without one.
fn literal(
    world: &World,
    ty: &TypeRef,
    value: &Value,
    variables: &Values,
) -> Result<Option<JsonValue>, Unacceptable> {
    if let Value::Variable(name) = value {
        return Ok(variables.get(name.as_str()).cloned());
    }
    if matches!(value, Value::Null) {
        return if ty.is_non_null() { Err(Unacceptable) } else { Ok(Some(JsonValue::Null)) };
    }
    let inner = match (ty, value) {
        (TypeRef::List { item, .. }, Value::List(items)) => {
            let items: Result<Vec<JsonValue>, Unacceptable> = items
                .iter()
                .map(|value| {
                    let value = literal(world, item, value, variables)?.unwrap_or(JsonValue::Null);
                    if value.is_null() && item.is_non_null() { Err(Unacceptable) } else { Ok(value) }
                })
                .collect();
            return items.map(|items| Some(JsonValue::Array(items)));
        }
        (TypeRef::List { item, .. }, _) => {
            let single = literal(world, item, value, variables)?;
            return Ok(single.map(|single| JsonValue::Array(vec![single])));
        }
        (TypeRef::Named { ty, .. }, _) => world.ty(*ty),
    };
    if inner.kind != Kind::Input {
        return scalar(inner.kind, &inner.name, &plain(value)?).map(Some);
    }
    let Value::Object(fields) = value else { return Err(Unacceptable) };
    let mut values = Values::new();
    for definition in &inner.inputs {
        let given = fields.iter().find(|(name, _)| *name == *definition.name);
        let value = match given {
            Some((_, value)) => literal(world, &definition.ty, value, variables)?,
            None => None,
        };
        if let Some(value) = or_default(world, definition, value)? {
            values.insert(definition.name.clone(), value);
        }
    }
    Ok(Some(JsonValue::Object(values)))
}

/// A sent value.
fn json(world: &World, ty: &TypeRef, value: &JsonValue) -> Result<JsonValue, Unacceptable> {
    if value.is_null() {
        return if ty.is_non_null() { Err(Unacceptable) } else { Ok(JsonValue::Null) };
    }
    let inner = match (ty, value) {
        (TypeRef::List { item, .. }, JsonValue::Array(items)) => {
            let items: Result<_, _> = items.iter().map(|value| json(world, item, value)).collect();
            return items.map(JsonValue::Array);
        }
        (TypeRef::List { item, .. }, _) => return Ok(JsonValue::Array(vec![json(world, item, value)?])),
        (TypeRef::Named { ty, .. }, _) => world.ty(*ty),
    };
    if inner.kind != Kind::Input {
        return scalar(inner.kind, &inner.name, value);
    }
    let fields = value.as_object().ok_or(Unacceptable)?;
    if fields.keys().any(|name| !inner.inputs.iter().any(|input| input.name == *name)) {
        return Err(Unacceptable);
    }
    let mut values = Values::new();
    for definition in &inner.inputs {
        let given =
            fields.get(&definition.name).map(|value| json(world, &definition.ty, value)).transpose()?;
        if let Some(value) = or_default(world, definition, given)? {
            values.insert(definition.name.clone(), value);
        }
    }
    Ok(JsonValue::Object(values))
}

fn scalar(kind: Kind, name: &str, value: &JsonValue) -> Result<JsonValue, Unacceptable> {
    let fits = match (kind, name) {
        (Kind::Enum, _) | (_, "String") => value.is_string(),
        (_, "Int") => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        (_, "Boolean") => value.is_boolean(),
        (_, "ID") => {
            return match value {
                JsonValue::String(_) => Ok(value.clone()),
                JsonValue::Number(number) if number.is_i64() => Ok(JsonValue::String(number.to_string())),
                _ => Err(Unacceptable),
            };
        }
        (_, "Float") => {
            let number = value.as_f64().and_then(Number::from_f64);
            return number.map(JsonValue::Number).ok_or(Unacceptable);
        }
        _ => true,
    };
    if fits { Ok(value.clone()) } else { Err(Unacceptable) }
}

/// A constant as the JSON that it looks like.
fn plain(value: &Value) -> Result<JsonValue, Unacceptable> {
    Ok(match value {
        Value::Null => JsonValue::Null,
        Value::Enum(name) => JsonValue::String(name.to_string()),
        Value::String(text) => JsonValue::String(text.clone()),
        Value::Boolean(value) => JsonValue::Bool(*value),
        Value::Int(number) => serde_json::from_str(number.as_str()).map_err(|_| Unacceptable)?,
        Value::Float(number) => serde_json::from_str(number.as_str()).map_err(|_| Unacceptable)?,
        Value::List(items) => {
            JsonValue::Array(items.iter().map(|item| plain(item)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| Ok((name.to_string(), plain(value)?)));
            JsonValue::Object(fields.collect::<Result<_, _>>()?)
        }
        Value::Variable(_) => return Err(Unacceptable),
    })
}

/// A type of a document as a type of the monolith.
fn reference(world: &World, ty: &Type) -> Option<TypeRef> {
    Some(match ty {
        Type::Named(name) => TypeRef::named(world.named(name)?, false),
        Type::NonNullNamed(name) => TypeRef::named(world.named(name)?, true),
        Type::List(item) => TypeRef::List { item: Box::new(reference(world, item)?), non_null: false },
        Type::NonNullList(item) => TypeRef::List { item: Box::new(reference(world, item)?), non_null: true },
    })
}

/// A constant's text as JSON.
pub(crate) fn constant(text: &str) -> Option<JsonValue> {
    plain(&parse(text)?).ok()
}
