//! `_entities`, a representation at a time.
//!
//! async-graphql gives up the whole list when one representation is malformed, missing or failed. The query
//! root wrapped here answers null for such a one, with an error whose path holds its index; the others come
//! back. All of them still run at once, so that data loaders see them together.
//!
//! The library does not say which index it resolves, but it makes the calls of one `_entities` field in
//! order, and each is counted before it first waits.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, PathSegment, Positioned,
    ServerError, ServerResult, Value, parser::types::Field, registry::Registry,
    resolver_utils::resolve_container,
};

/// A query root whose entities fail one by one.
pub struct Federated<Q>(pub Q);

/// How many representations of each `_entities` field of a request have been begun, by response key.
#[derive(Default)]
pub(crate) struct EntityCalls(Mutex<HashMap<String, usize>>);

impl EntityCalls {
    fn next(&self, response_key: &str) -> usize {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = calls.entry(response_key.to_owned()).or_default();
        *count += 1;
        *count - 1
    }
}

impl<Q: ObjectType> ContainerType for Federated<Q> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        self.0.resolve_field(ctx).await
    }

    async fn find_entity(&self, ctx: &Context<'_>, representation: &Value) -> ServerResult<Option<Value>> {
        let response_key = ctx.item.node.response_key().node.as_str();
        let Some(calls) = ctx.data_opt::<EntityCalls>() else {
            return self.0.find_entity(ctx, representation).await;
        };
        let at = ctx.with_index(calls.next(response_key));
        let error = match self.0.find_entity(&at, representation).await {
            Ok(Some(Value::Null)) if has_error(&at) => return Ok(Some(Value::Null)),
            Ok(Some(Value::Null)) => entity_error(&at, "ENTITY_NOT_FOUND", "no such entity"),
            Ok(Some(entity)) => return Ok(Some(entity)),
            Ok(None) => entity_error(
                &at,
                "MALFORMED_REPRESENTATION",
                "the representation has no type and key of this subgraph",
            ),
            Err(error) if error.path.is_empty() => at.set_error_path(error),
            Err(error) => error,
        };
        ctx.add_error(error);
        Ok(Some(Value::Null))
    }
}

impl<Q: ObjectType> OutputType for Federated<Q> {
    fn type_name() -> Cow<'static, str> {
        Q::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Q::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<Q: ObjectType> ObjectType for Federated<Q> {}

fn entity_error(at: &Context<'_>, code: &'static str, message: &'static str) -> ServerError {
    let mut error = at.set_error_path(ServerError::new(message, Some(at.item.pos)));
    let mut extensions = async_graphql::ErrorExtensionValues::default();
    extensions.set("code", code);
    error.extensions = Some(extensions);
    error
}

/// Whether an error is already reported at or below this place: then its null needs no other.
fn has_error(at: &Context<'_>) -> bool {
    let here: Vec<PathSegment> = at.set_error_path(ServerError::new("", None)).path;
    let errors = at.query_env.errors.lock().unwrap_or_else(PoisonError::into_inner);
    errors.iter().any(|error| error.path.starts_with(&here))
}
