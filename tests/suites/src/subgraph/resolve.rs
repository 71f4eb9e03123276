//! Fields resolved from data.

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::schema::{ExtendedType, Type};

use super::records::Found;
use super::rule::{self, Fault, Scope};
use super::{Diary, Subgraph, locked};
use crate::json::{JsonMap, JsonValue};

/// One call of a subgraph.
pub(super) struct Call<'c> {
    pub(super) subgraph: &'c Subgraph,
    pub(super) diary: &'c Diary,
}

/// An object of an answer.
pub(super) struct Object<'c> {
    call: &'c Call<'c>,
    ty: String,
    record: JsonMap,
    representation: Option<JsonMap>,
}

impl<'c> Object<'c> {
    pub(super) fn root(call: &'c Call<'c>, ty: &str) -> Self {
        let record = call.subgraph.data.get(ty).and_then(JsonValue::as_object).cloned().unwrap_or_default();
        Self { call, ty: ty.to_owned(), record, representation: None }
    }

    /// What the data say of a field: the object itself, else the record of the entity that it mentions, else what was sent as its key.
    fn value_of(&self, field: &str) -> Option<JsonValue> {
        if let Some(value) = self.record.get(field) {
            return Some(value.clone());
        }
        let subgraph = self.call.subgraph;
        if let Some(value) =
            subgraph.record_like(&self.ty, &self.record).and_then(|record| record.get(field).cloned())
        {
            return Some(value);
        }
        let sent = self.representation.as_ref()?.get(field)?;
        subgraph.schema.is_key_field(&self.ty, field).then(|| sent.clone())
    }
}

impl ObjectValue for Object<'_> {
    fn type_name(&self) -> &str {
        &self.ty
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let field = info.field_name();
        match field {
            "_entities" => return Ok(self.call.entities(info.arguments())),
            "_service" => return Ok(ResolvedValue::object(self.call.service())),
            _ => {}
        }
        let Some(value) = self.value_of(field) else {
            return Err(self
                .call
                .violation(format!("asked for `{}.{field}`, and has no data for it", self.ty)));
        };
        let scope = Scope {
            arguments: info.arguments(),
            representation: self.representation.as_ref(),
            record: &self.record,
        };
        self.call.resolved(&value, &info.field_definition().ty, &scope)
    }
}

impl<'c> Call<'c> {
    fn violation(&self, text: String) -> FieldError {
        self.diary.violation(format!("{}: {text}", self.subgraph.name));
        FieldError { message: text }
    }

    fn failed(&self, fault: Fault) -> FieldError {
        match fault {
            Fault::Violation(text) => self.violation(text),
            Fault::Error { message, extensions } => {
                if let Some(extensions) = extensions {
                    locked(&self.diary.extensions).insert(message.clone(), extensions);
                }
                FieldError { message }
            }
        }
    }

    fn resolved<'a>(
        &'a self,
        value: &JsonValue,
        ty: &Type,
        scope: &Scope<'_>,
    ) -> Result<ResolvedValue<'a>, FieldError>
    where
        'c: 'a,
    {
        let value = rule::evaluate(value, scope, self.diary).map_err(|fault| self.failed(fault))?;
        if value.is_null() {
            return Ok(ResolvedValue::null());
        }
        if let Type::List(item) | Type::NonNullList(item) = ty {
            let JsonValue::Array(items) = &value else {
                return Err(self.violation(format!("{value} is no list")));
            };
            return Ok(listed(items.iter().map(|value| self.resolved(value, item, scope)).collect()));
        }
        let name = ty.inner_named_type();
        if self.subgraph.schema.schema.types.get(name).is_none_or(ExtendedType::is_leaf) {
            return Ok(ResolvedValue::leaf(value));
        }
        let JsonValue::Object(record) = value else {
            return Err(self.violation(format!("{value} is no object")));
        };
        let ty = record.get("__typename").and_then(JsonValue::as_str).unwrap_or(name.as_str()).to_owned();
        Ok(ResolvedValue::object(Object { call: self, ty, record, representation: None }))
    }

    /// <https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/entities/intro>: null where there is none.
    fn entities<'a>(&'a self, arguments: &JsonMap) -> ResolvedValue<'a> {
        let representations = arguments.get("representations").and_then(JsonValue::as_array);
        listed(representations.into_iter().flatten().map(|sent| self.entity(sent)).collect())
    }

    fn entity<'a>(&'a self, sent: &JsonValue) -> Result<ResolvedValue<'a>, FieldError> {
        let representation = sent.as_object().cloned().unwrap_or_default();
        match self.subgraph.look_up(&representation) {
            Found::Missing => Ok(ResolvedValue::null()),
            Found::Malformed(why) => Err(self.violation(format!("{sent} is no representation: {why}"))),
            Found::Record(ty, record) => {
                let none = JsonMap::new();
                let scope =
                    Scope { arguments: &none, representation: Some(&representation), record: &record };
                let whole = JsonValue::Object(record.clone());
                rule::evaluate(&whole, &scope, self.diary).map_err(|fault| self.failed(fault))?;
                let representation = Some(representation);
                Ok(ResolvedValue::object(Object { call: self, ty, record, representation }))
            }
        }
    }

    fn service(&self) -> Object<'_> {
        let mut record = JsonMap::new();
        record.insert("sdl", JsonValue::from(self.subgraph.schema.sdl.as_str()));
        Object { call: self, ty: "_Service".to_owned(), record, representation: None }
    }
}

/// A list, some items of which have failed.
fn listed(items: Vec<Result<ResolvedValue<'_>, FieldError>>) -> ResolvedValue<'_> {
    ResolvedValue::list(items.into_iter().map(|item| match item {
        Ok(value) => value,
        Err(FieldError { message }) => ResolvedValue::object(FailedItem(format!("{MARK}{message}{MARK}"))),
    }))
}

/// What stands around a failed item's message.
pub(super) const MARK: char = '\u{1}';

/// An item that failed. The library nulls the whole list for an item that is an error, and the item alone, as it should, for an
/// object of an unknown type, whose name it puts into its message.
struct FailedItem(String);

impl ObjectValue for FailedItem {
    fn type_name(&self) -> &str {
        &self.0
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        Err(self.unknown_field_error(info))
    }
}
