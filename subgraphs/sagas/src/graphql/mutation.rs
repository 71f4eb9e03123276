//! What can be done.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use std::{sync::Arc, time};

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use lms_kit::{
    Outcome,
    access::Scope,
    graphql::{Duration, ProblemView, caller, command, settle, views},
    outbox::Wake,
};
use serde_json::json;

use super::{
    begin::{CataloguedAuthor, authors},
    saga::{CatalogueBookSaga, Saga, own_id},
};
use crate::{
    coordinator::StepIn,
    machine::{Beginning, Resolution},
    saga,
    store::SagaStore,
};

pub(crate) struct Mutation;

/// What became of a wish to catalogue a book.
#[derive(SimpleObject)]
pub(crate) struct CatalogueBookPayload {
    /// The saga, as it is now.
    saga: Option<CatalogueBookSaga>,
    /// Why none was begun.
    problems: Vec<ProblemView>,
}

/// What became of a wish about a saga.
#[derive(SimpleObject)]
pub(crate) struct SagaPayload {
    /// The saga, as it is now.
    saga: Option<Saga>,
    /// Why nothing was done.
    problems: Vec<ProblemView>,
}

impl From<Outcome<saga::Saga>> for SagaPayload {
    fn from(outcome: Outcome<saga::Saga>) -> Self {
        Self { saga: outcome.entity.map(Saga::from), problems: views(outcome.problems) }
    }
}

/// What somebody says of the failed steps of a stuck saga.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Resolution")]
pub(crate) enum StuckSagaResolution {
    /// What should have been done or undone has been, by hand.
    Settled,
    /// They are to be tried again.
    Again,
}

#[Object(name = "SagaMutation")]
impl Mutation {
    /// Catalogues a book together with its genre and its authors, those that are new included. The answer comes
    /// at once, or when the saga has settled, but after `awaitCompletion` (30 seconds at most) in any case.
    async fn catalogue_book(
        &self,
        ctx: &Context<'_>,
        isbn: ID,
        title: String,
        description: Option<String>,
        genre: String,
        #[graphql(name = "authors")] given: Vec<CataloguedAuthor>,
        photo: Option<String>,
        await_completion: Option<Duration>,
        idempotency_key: String,
    ) -> Result<CatalogueBookPayload> {
        let store = ctx.data::<Arc<dyn SagaStore>>()?;
        let outcome = settle(async {
            caller(ctx).need(&Scope::STAFF)?;
            let input = json!({
                "isbn": isbn.as_str(),
                "title": title,
                "description": description,
                "genre": genre,
                "authors": authors(given)?,
                "photo": photo,
            });
            let command = command(ctx, "catalogueBook", &idempotency_key, &input)?;
            let id = command.sources.ids.next_id().to_string();
            let (caller, traceparent) = (command.caller.clone(), command.traceparent.clone());
            let beginning = Beginning { id, caller, traceparent, input };
            store.begin("CatalogueBookSaga", beginning, &command).await
        });
        let Outcome { entity, problems } = outcome.await?;
        let saga = match (entity, await_completion) {
            (Some(saga), Some(Duration(longest))) => {
                Some(until_settled(ctx.data::<Wake>()?, store.as_ref(), saga, longest).await?)
            }
            (saga, _) => saga,
        };
        Ok(CatalogueBookPayload { saga: saga.map(CatalogueBookSaga::from), problems: views(problems) })
    }

    /// Turns a saga back, if it is not past its point of no return.
    async fn cancel_saga(&self, ctx: &Context<'_>, id: ID, idempotency_key: String) -> Result<SagaPayload> {
        step_in(ctx, "cancelSaga", &id, StepIn::Cancel, &idempotency_key).await
    }

    /// Asks a saga's services again, without waiting until that is due.
    async fn retry_saga(&self, ctx: &Context<'_>, id: ID, idempotency_key: String) -> Result<SagaPayload> {
        step_in(ctx, "retrySaga", &id, StepIn::Retry, &idempotency_key).await
    }

    /// Lets a stuck saga go on.
    async fn resolve_stuck_saga(
        &self,
        ctx: &Context<'_>,
        id: ID,
        resolution: StuckSagaResolution,
        idempotency_key: String,
    ) -> Result<SagaPayload> {
        let how = StepIn::Resolve(resolution.into());
        step_in(ctx, "resolveStuckSaga", &id, how, &idempotency_key).await
    }
}

/// The longest that anybody waits.
const LONGEST: time::Duration = time::Duration::from_secs(30);
/// How long between two looks: another process may have moved the saga.
const PAUSE: time::Duration = time::Duration::from_millis(100);

/// The saga once it has settled, or as it is after this long.
async fn until_settled(
    moved: &Wake,
    store: &dyn SagaStore,
    mut saga: saga::Saga,
    longest: time::Duration,
) -> Result<saga::Saga> {
    let until = time::Instant::now() + longest.min(LONGEST);
    while !saga.phase.is_settled() && time::Instant::now() < until {
        moved.wait(PAUSE).await;
        if let Some(newer) = store.by_ids(std::slice::from_ref(&saga.id)).await?.pop() {
            saga = newer;
        }
    }
    Ok(saga)
}

async fn step_in(
    ctx: &Context<'_>,
    mutation: &'static str,
    id: &ID,
    how: StepIn,
    idempotency_key: &str,
) -> Result<SagaPayload> {
    let store = ctx.data::<Arc<dyn SagaStore>>()?;
    let outcome = settle(async {
        caller(ctx).need(&Scope::STAFF)?;
        let command = command(ctx, mutation, idempotency_key, &json!([id.as_str(), format!("{how:?}")]))?;
        store.step_in(&own_id(id), how, &command).await
    });
    Ok(outcome.await?.into())
}
