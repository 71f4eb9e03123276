//! The monolith: one server that has everything.

use std::sync::atomic::{AtomicU64, Ordering};

use apollo_compiler::executable::Field;

use crate::coerce::{self, Values};
use crate::data::{Data, Object};
use crate::interpret::{Resolved, Resolver};
use crate::world::{MUTATION, QUERY};

/// Resolves all fields from the data.
pub(crate) struct Monolith<'w> {
    pub(crate) data: Data<'w>,
    /// How many fields of the mutation were resolved.
    pub(crate) clock: AtomicU64,
}

impl Resolver for Monolith<'_> {
    type Node = Object;

    fn type_name(&self, node: &Object) -> &str {
        &self.data.world.ty(node.ty).name
    }

    fn resolve(&self, node: &Object, field: &Field, variables: &Values) -> Resolved<Object> {
        let world = self.data.world;
        let Some(definition) = world.ty(node.ty).field(&field.name) else {
            return Resolved::Failure(format!("there is no field `{}`", field.name));
        };
        let Ok(arguments) = coerce::arguments(world, &definition.arguments, &field.arguments, variables)
        else {
            return Resolved::Failure(format!("the arguments of `{}` are not acceptable", field.name));
        };
        let object = timed(*node, || self.clock.fetch_add(1, Ordering::Relaxed) + 1);
        let required = self.data.required(object, definition);
        let arguments = serde_json::Value::Object(arguments).to_string();
        Resolved::of(self.data.value(object, definition, &arguments, &required), &|inner| Object {
            around: object.id,
            ..inner
        })
    }
}

/// The root of an operation.
pub(crate) fn root(is_mutation: bool) -> Object {
    Object::new(if is_mutation { MUTATION } else { QUERY }, 0)
}

/// The root of a mutation is another one for each of its fields, so that their order shows.
pub(crate) fn timed(object: Object, tick: impl FnOnce() -> u64) -> Object {
    if object.ty == MUTATION { Object { id: tick(), ..object } } else { object }
}
