//! What can be followed.
#![expect(clippy::unused_async, reason = "async-graphql has every field of a subscription asynchronous")]

use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject, Subscription};
use futures::{Stream, StreamExt};
use lms_kit::{
    Problem,
    access::Scope,
    graphql::{DateTime, caller},
    node,
};

use super::{
    consistency::ConsistencyEdge,
    query::visible,
    saga::{Saga, SagaPhase, SagaStepStatus},
};
use crate::{
    progress,
    store::{History, SagaChange},
    watching::Watch,
};

/// A saga after one of its changes.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct SagaProgress {
    #[graphql(skip)]
    id: ID,
    /// Grows with each change: what to go on after.
    version: i64,
    /// Where it was then.
    phase: SagaPhase,
    /// Where its steps were then.
    steps: Vec<SagaStepProgress>,
    /// When that was.
    at: DateTime,
}

/// A step of a saga after one of the saga's changes.
#[derive(SimpleObject)]
pub(crate) struct SagaStepProgress {
    /// Its name, unique in the saga.
    name: String,
    /// Where it was then.
    status: SagaStepStatus,
}

#[ComplexObject]
impl SagaProgress {
    /// The saga, as it is now.
    async fn saga(&self, ctx: &Context<'_>) -> Result<Option<Saga>> {
        Ok(visible(ctx, &self.id).await?.and_then(Saga::of))
    }
}

fn seen(id: &ID, change: SagaChange) -> SagaProgress {
    let steps = change.said.steps.into_iter();
    let steps = steps.map(|step| SagaStepProgress { name: step.name, status: step.status.into() });
    SagaProgress {
        id: id.clone(),
        version: change.said.version,
        phase: change.said.phase.into(),
        steps: steps.collect(),
        at: DateTime::from_ms(change.at),
    }
}

pub(crate) struct Follow;

#[Subscription(name = "Subscription")]
impl Follow {
    /// Each change of a saga after one of its versions, the first one included if none is given, and those to come, until
    /// it has settled. Whoever lost the connection goes on after the last version that came. For whoever began it and
    /// for librarians.
    async fn saga_progress(
        &self,
        ctx: &Context<'_>,
        id: ID,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = Result<SagaProgress>> + use<>> {
        let unknown = || Problem::not_found(&["id"], format!("there is no saga {}", id.as_str()));
        visible(ctx, &id).await?.ok_or_else(unknown)?;
        let changes =
            progress::of_saga(ctx.data::<History>()?.clone(), node::own_key(&id), after.unwrap_or_default());
        Ok(changes.map(move |change| Ok(seen(&id, change?))))
    }

    /// How far services are behind one another: all edges, now and when one changes, at most once a second. For librarians.
    async fn consistency_lag(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Vec<ConsistencyEdge>> + use<>> {
        caller(ctx).need(&Scope::STAFF)?;
        let edges = progress::of_edges(ctx.data::<Watch>()?.clone());
        Ok(edges.map(|edges| edges.into_iter().map(Into::into).collect()))
    }
}
