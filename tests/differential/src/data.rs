//! The data: each value is worked out where it is asked for, from the object's number, the field and its arguments, so that every server
//! that resolves a field has the same.

use serde_json::Value as JsonValue;

use crate::chance::{index, mix, with, with_text};
use crate::world::{Context, FieldDef, KeyPart, Kind, Nature, Pick, QUERY, TypeId, TypeRef, World};

/// The data of one world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Data<'w> {
    pub(crate) world: &'w World,
    salt: u64,
    rates: Rates,
}

/// How many of a thousand values are none.
#[derive(Clone, Copy, Debug)]
struct Rates {
    /// Null where it may be.
    nulls: usize,
    /// A resolver's error.
    failures: usize,
    /// Null where it may not be.
    breaches: usize,
}

/// An object: of an entity its number, otherwise where it was come upon. The root of a mutation is numbered by the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) ty: TypeId,
    pub(crate) id: u64,
    /// The number of the object in whose field it stands.
    pub(crate) around: u64,
}

impl Object {
    pub(crate) fn new(ty: TypeId, id: u64) -> Self {
        Self { ty, id, around: 0 }
    }
}

/// What a resolver gives.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    /// An error, with its message.
    Failure(String),
    /// JSON text.
    Leaf(String),
    Object(Object),
    List(Vec<Value>),
}

impl<'w> Data<'w> {
    /// Data by chance: without any failures for some seeds, with many for others.
    pub(crate) fn new(world: &'w World, seed: u64) -> Self {
        let salt = with(seed, world.seed);
        let rates = match mix(salt) % 4 {
            0 => Rates { nulls: 0, failures: 0, breaches: 0 },
            1 => Rates { nulls: 120, failures: 0, breaches: 0 },
            2 => Rates { nulls: 60, failures: 60, breaches: 15 },
            _ => Rates { nulls: 40, failures: 20, breaches: 40 },
        };
        Self { world, salt, rates }
    }

    /// The value of a field, given its arguments and what it requires, each in one spelling.
    pub(crate) fn value(&self, object: Object, field: &FieldDef, arguments: &str, required: &str) -> Value {
        if let Nature::Key(part) = field.nature {
            return self.key(object, field.ty.inner(), part);
        }
        let type_number = u64::try_from(object.ty).unwrap_or_default();
        let hash = with_text(with(with(self.salt, type_number), object.id), &field.name);
        let hash = with_text(with_text(hash, arguments), required);
        let name = || format!("{}.{} fails", self.world.ty(object.ty).name, field.name);
        self.of(&field.ty, hash, (field.nature == Nature::Plain).then_some(&name))
    }

    fn of(&self, ty: &TypeRef, hash: u64, failure: Option<&dyn Fn() -> String>) -> Value {
        if let Some(failure) = failure
            && index(with(hash, 1), 1000) < self.rates.failures
        {
            return Value::Failure(failure());
        }
        let breach = if failure.is_some() { self.rates.breaches } else { 0 };
        let nulls = if ty.is_non_null() { breach } else { self.rates.nulls };
        if index(with(hash, 2), 1000) < nulls {
            return Value::Null;
        }
        match ty {
            TypeRef::List { item, .. } => {
                let count = [0, 1, 1, 2, 2, 3][index(with(hash, 3), 6)];
                Value::List(
                    (0..count).map(|number| self.of(item, with(hash, 100 + number), failure)).collect(),
                )
            }
            TypeRef::Named { ty, .. } => self.named(*ty, with(hash, 4)),
        }
    }

    fn named(&self, ty: TypeId, hash: u64) -> Value {
        let def = self.world.ty(ty);
        match def.kind {
            // There is one query, wherever it is come upon.
            Kind::Object if ty == QUERY => Value::Object(Object::new(ty, 0)),
            Kind::Object if def.is_entity() => Value::Object(Object::new(ty, (hash >> 9) % def.instances)),
            Kind::Object => Value::Object(Object::new(ty, hash)),
            Kind::Interface | Kind::Union => {
                let member = def.members[index(hash, def.members.len())];
                self.named(member, with(hash, 5))
            }
            Kind::Enum => Value::Leaf(format!("\"{}\"", def.values[index(hash, def.values.len())])),
            _ => Value::Leaf(leaf(&def.name, hash)),
        }
    }

    fn key(&self, object: Object, ty: TypeId, part: KeyPart) -> Value {
        let def = self.world.ty(ty);
        let number = match part {
            KeyPart::Whole => object.id,
            KeyPart::High => object.id / 3,
            KeyPart::Low => object.id % 3,
        };
        match (def.kind, &*def.name) {
            (Kind::Object, _) => Value::Object(Object::new(ty, object.id)),
            (_, "Int") => Value::Leaf((number + 100).to_string()),
            _ => Value::Leaf(format!("\"{}-{number}\"", self.world.ty(object.ty).name)),
        }
    }

    /// The values of a field set, in one spelling.
    pub(crate) fn picked(&self, object: Object, picks: &[Pick]) -> String {
        let texts = picks.iter().filter(|pick| pick.on.is_none_or(|on| on == object.ty)).map(|pick| {
            let value = match self.world.ty(object.ty).field(&pick.field) {
                Some(field) => {
                    let required = self.required(object, field);
                    self.value(object, field, &pick.canonical, &required)
                }
                None => Value::Null,
            };
            format!("{}:{}", pick.field, self.spelled(&value, &pick.below))
        });
        format!("{{{}}}", texts.collect::<Vec<_>>().join(","))
    }

    /// What a field is worked out from.
    pub(crate) fn required(&self, object: Object, field: &FieldDef) -> String {
        if let Some(Context { host, picks, .. }) = &field.context {
            return self.picked(Object::new(*host, object.around), picks);
        }
        field.requires.as_ref().map_or_else(String::new, |picks| self.picked(object, picks))
    }

    fn spelled(&self, value: &Value, below: &[Pick]) -> String {
        match value {
            Value::Null | Value::Failure(_) => "null".to_owned(),
            Value::Leaf(text) => respelled(text),
            Value::Object(object) => self.picked(*object, below),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.spelled(item, below)).collect();
                format!("[{}]", items.join(","))
            }
        }
    }
}

/// The values of a field set as a representation has them, in the same spelling; what is missing if something is.
pub(crate) fn picked_from(world: &World, value: &JsonValue, picks: &[Pick]) -> Result<String, String> {
    let object = match value {
        JsonValue::Null => return Ok("null".to_owned()),
        JsonValue::Array(items) => {
            let items: Result<Vec<String>, String> =
                items.iter().map(|item| picked_from(world, item, picks)).collect();
            return Ok(format!("[{}]", items?.join(",")));
        }
        _ if picks.is_empty() => return Ok(value.to_string()),
        JsonValue::Object(object) => object,
        _ => return Err(format!("{value} is no object")),
    };
    let ty = object.get("__typename").and_then(JsonValue::as_str).and_then(|name| world.named(name));
    let picks = picks.iter().filter(|pick| pick.on.is_none() || pick.on == ty);
    let texts = picks.map(|pick| {
        let value = object.get(&pick.field).ok_or_else(|| pick.field.clone())?;
        Ok(format!("{}:{}", pick.field, picked_from(world, value, &pick.below)?))
    });
    Ok(format!("{{{}}}", texts.collect::<Result<Vec<_>, String>>()?.join(",")))
}

fn respelled(text: &str) -> String {
    serde_json::from_str::<JsonValue>(text).map_or_else(|_| text.to_owned(), |value| value.to_string())
}

/// A value of a scalar: some are written as no library would write them, since a gateway has no business with that.
fn leaf(name: &str, hash: u64) -> String {
    let number = index(with(hash, 6), 1000);
    match (name, index(hash, 6)) {
        ("Int", 0) => format!("-{}", number + 1),
        ("Int", _) | ("Blob", 2) => number.to_string(),
        ("Float", 0) => format!("-{number}.50"),
        ("Float", 1) => format!("{number}e-2"),
        ("Float", _) => format!("{number}.25"),
        ("Boolean", choice) => (choice % 2 == 0).to_string(),
        ("Blob", 0) => format!("{{\"a\":[{number},null],\"b\":{{}}}}"),
        ("Blob", 1) => format!("[true,{number}.0,\"\"]"),
        ("Blob", _) => format!("\"blob {number}\""),
        ("String", 0) => format!("\"\\u00e9 \\\"{number}\\\" \\\\\\n\""),
        ("String", 1) => format!("\"é {number} \u{1F600}\""),
        ("String", 2) => "\"\"".to_owned(),
        _ => format!("\"w{number}\""),
    }
}
