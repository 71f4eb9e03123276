//! How a service's schema is built, and how it is held without its types.

use std::sync::Arc;

use async_graphql::{
    EmptySubscription, ObjectType, Request, Response, SDLExportOptions, Schema, SchemaBuilder,
    SubscriptionType,
};
use async_trait::async_trait;
use futures::stream::BoxStream;

use super::{KeepsSagas, Listen, Measures};
use crate::{
    deposit::Deposits,
    federation::{Annotation, Federated, SdlError, annotate},
    saga::Effects,
};

/// How deep selections may go, entities and connections included.
const MAX_DEPTH: usize = 40;
/// How many fields a request may ask for.
const MAX_FIELDS: usize = 20_000;
/// How many directives one field may bear.
const MAX_DIRECTIVES: usize = 16;

/// Begins a service's schema: federation, entities that fail one by one, limits.
pub fn schema<Q, M>(query: Q, mutation: M) -> SchemaBuilder<Federated<Q>, M, EmptySubscription>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
{
    schema_with_events(query, mutation, EmptySubscription)
}

/// The same for a service with subscriptions.
pub fn schema_with_events<Q, M, S>(
    query: Q,
    mutation: M,
    subscription: S,
) -> SchemaBuilder<Federated<Q>, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    Schema::build(Federated(query), mutation, subscription)
        .enable_federation()
        .enable_subscription_in_federation()
        .limit_depth(MAX_DEPTH)
        .limit_recursive_depth(MAX_DEPTH)
        .limit_complexity(MAX_FIELDS)
        .limit_directives(MAX_DIRECTIVES)
}

/// A built schema with what its SDL says beyond it.
pub struct SchemaParts {
    pub(super) name: &'static str,
    pub(super) executor: Box<dyn Execute>,
    pub(super) exported: String,
    pub(super) annotations: &'static [Annotation],
    pub(super) documents: Vec<Document>,
    pub(super) listeners: Vec<Box<dyn Listen>>,
    pub(super) sagas: Option<Box<dyn KeepsSagas>>,
    pub(super) measures: Option<Box<dyn Measures>>,
    pub(super) deposits: Option<Arc<dyn Deposits>>,
    pub(super) effects: Option<Arc<dyn Effects>>,
}

/// JSON that anyone may read beside the graph.
pub(super) struct Document {
    pub(super) path: &'static str,
    pub(super) json: String,
}

impl SchemaParts {
    /// The parts of the service `name`.
    pub fn new<Q, M, S>(
        name: &'static str,
        schema: Schema<Federated<Q>, M, S>,
        annotations: &'static [Annotation],
    ) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let exported = export(&schema);
        Self {
            name,
            executor: Box::new(schema),
            exported,
            annotations,
            documents: Vec::new(),
            listeners: Vec::new(),
            sagas: None,
            measures: None,
            deposits: None,
            effects: None,
        }
    }

    /// Keeps sagas.
    #[must_use]
    pub fn keeping_sagas(mut self, sagas: impl KeepsSagas + 'static) -> Self {
        self.sagas = Some(Box::new(sagas));
        self
    }

    /// Measures this beside what every service does.
    #[must_use]
    pub fn measuring(mut self, measures: impl Measures + 'static) -> Self {
        self.measures = Some(Box::new(measures));
        self
    }

    /// Answers `GET` of a path with JSON.
    #[must_use]
    pub fn publishing(mut self, path: &'static str, json: String) -> Self {
        self.documents.push(Document { path, json });
        self
    }

    /// Keeps what other services take.
    #[must_use]
    pub fn keeping(mut self, deposits: impl Deposits + 'static) -> Self {
        self.deposits = Some(Arc::new(deposits));
        self
    }

    /// Takes part in sagas, and tells whoever coordinates them what it did for them.
    #[must_use]
    pub fn taking_part(mut self, effects: impl Effects + 'static) -> Self {
        self.effects = Some(Arc::new(effects));
        self
    }

    /// Listens to other services.
    #[must_use]
    pub fn listening(mut self, listener: impl Listen + 'static) -> Self {
        self.listeners.push(Box::new(listener));
        self
    }
}

/// The SDL of a schema, which needs no engine.
pub fn sdl<Q, M, S>(
    schema: &Schema<Federated<Q>, M, S>,
    annotations: &[Annotation],
) -> Result<String, SdlError>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    annotate(&export(schema), annotations)
}

/// The library's export in the very form in which it answers `_service { sdl }`.
fn export<Q, M, S>(schema: &Schema<Federated<Q>, M, S>) -> String
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    schema.sdl_with_options(SDLExportOptions::new().federation().compose_directive())
}

/// A schema without its types.
#[async_trait]
pub(super) trait Execute: Send + Sync {
    async fn execute(&self, request: Request) -> Response;
    fn subscribe(&self, request: Request) -> BoxStream<'static, Response>;
}

#[async_trait]
impl<Q, M, S> Execute for Schema<Federated<Q>, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    async fn execute(&self, request: Request) -> Response {
        Self::execute(self, request).await
    }

    fn subscribe(&self, request: Request) -> BoxStream<'static, Response> {
        self.execute_stream(request)
    }
}
