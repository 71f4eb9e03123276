//! Whether a value, as it is written, is one of a type. See <https://spec.graphql.org/draft/#sec-Input-Values>.

use octavo_language::ast::Value;

use crate::merged::Merged;
use crate::model::{Kind, Schema, TypeReference};

/// The types that values are held against: those of a subgraph, or the merged ones.
pub(crate) trait InputTypes {
    fn kind(&self, ty: &str) -> Option<Kind>;
    fn has_value(&self, ty: &str, value: &str) -> bool;
    fn field(&self, ty: &str, field: &str) -> Option<TypeReference<'_>>;
}

/// Both keep their types alike, under the names of fields and values.
macro_rules! input_types {
    ($($types:ty),+) => {$(
        impl InputTypes for $types {
            fn kind(&self, ty: &str) -> Option<Kind> {
                self.types.get(ty).map(|ty| ty.kind)
            }

            fn has_value(&self, ty: &str, value: &str) -> bool {
                self.types.get(ty).is_some_and(|ty| ty.values.contains_key(value))
            }

            fn field(&self, ty: &str, field: &str) -> Option<TypeReference<'_>> {
                Some(self.types.get(ty)?.fields.get(field)?.ty)
            }
        }
    )+};
}

input_types!(Schema<'_>, Merged<'_>);

/// Whether `value` can be coerced to `ty`. Values nest no deeper than the parser lets them.
pub(crate) fn fits(types: &impl InputTypes, value: &Value, ty: TypeReference<'_>) -> bool {
    match value {
        Value::Variable(_) => return false,
        Value::Null => return !ty.is_non_null(),
        Value::List(items) if ty.is_list() => {
            let inner = TypeReference { lists: ty.lists - 1, ..ty };
            return items.iter().all(|item| fits(types, item, inner));
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
        _ => fits_definition(types, value, named),
    }
}

fn fits_definition(types: &impl InputTypes, value: &Value, ty: TypeReference<'_>) -> bool {
    match (types.kind(ty.name), value) {
        (Some(Kind::Enum), Value::Enum(name)) => types.has_value(ty.name, name.as_str()),
        (Some(Kind::Enum), Value::String(name)) => types.has_value(ty.name, name),
        (Some(Kind::Input), Value::Object(fields)) => fields.iter().all(|(name, value)| {
            types.field(ty.name, name.as_str()).is_some_and(|field| fits(types, value, field))
        }),
        (Some(Kind::Enum | Kind::Input), _) => false,
        _ => true,
    }
}
