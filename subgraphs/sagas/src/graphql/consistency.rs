//! How far services are behind one another, as clients see it.

use std::time;

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use lms_kit::{
    Problem,
    access::Scope,
    bus::MessageKind,
    graphql::{DateTime, Duration, caller},
};

use crate::{
    consistency::{Edge, Round, Told, edges},
    watching::Watch,
};

/// What goes from a service to another.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "MessageKind")]
pub(crate) enum ConsistencyEdgeKind {
    /// What has happened to a service's aggregates.
    Events,
    /// What a service is asked to do.
    Commands,
    /// What a service is answered.
    Replies,
}

/// How far one service is behind another whose messages it hears.
#[derive(SimpleObject, Clone, PartialEq)]
pub(crate) struct ConsistencyEdge {
    /// The service that says the messages.
    from: String,
    /// The service that hears them.
    to: String,
    /// The part of the service that hears them.
    consumer: String,
    /// What the messages are.
    kind: ConsistencyEdgeKind,
    /// How long ago that was said which was not applied yet; null where nobody can say.
    behind: Option<Duration>,
    /// How many messages have come, and are not applied.
    waiting: i64,
    /// How long ago the oldest of them came.
    oldest: Option<Duration>,
    /// How many sequences wait for a message that has not come.
    parked: i64,
    /// How long the one that waits longest has waited.
    oldest_parked: Option<Duration>,
    /// How many dead letters there are.
    dead: i64,
    /// When the newest marker left that has returned, by the clock of the service that said it.
    last_seen: Option<DateTime>,
    /// Whether the markers return in time, and nothing is parked or dead.
    healthy: bool,
}

/// What waits in a service to leave.
#[derive(SimpleObject)]
pub(crate) struct ServiceTraffic {
    /// The service.
    name: String,
    /// Whether it does not answer. The rest is what it told last.
    away: bool,
    /// How many messages have not left.
    outbox: i64,
    /// How long the oldest of them has waited.
    oldest: Option<Duration>,
    /// How many aggregates have a message that can never leave as it is.
    stuck: i64,
}

/// How consistent the services are.
#[derive(SimpleObject)]
pub(crate) struct Consistency {
    /// Each way from a service to another.
    edges: Vec<ConsistencyEdge>,
    /// What waits in each service to leave.
    services: Vec<ServiceTraffic>,
}

fn length(ms: i64) -> Duration {
    Duration(time::Duration::from_millis(ms.max(0).cast_unsigned()))
}

impl From<Edge> for ConsistencyEdge {
    fn from(edge: Edge) -> Self {
        let backlog = edge.backlog;
        Self {
            from: edge.from,
            to: edge.to,
            consumer: edge.consumer,
            kind: edge.kind.into(),
            behind: edge.behind_ms.map(length),
            waiting: backlog.events,
            oldest: backlog.oldest_ms.map(length),
            parked: backlog.parked,
            oldest_parked: backlog.oldest_parked_ms.map(length),
            dead: backlog.dead,
            last_seen: edge.last_seen.map(DateTime::from_ms),
            healthy: edge.healthy,
        }
    }
}

impl From<&Round> for Consistency {
    fn from(round: &Round) -> Self {
        Self {
            edges: edges(round).into_iter().map(Into::into).collect(),
            services: round.services.iter().map(|(name, told)| service(name, told)).collect(),
        }
    }
}

fn service(name: &str, told: &Told) -> ServiceTraffic {
    let outbox = told.last.as_ref().map(|(traffic, _)| traffic.outbox).unwrap_or_default();
    let (events, oldest, stuck) = (outbox.events, outbox.oldest_ms.map(length), outbox.stuck);
    ServiceTraffic { name: name.to_owned(), away: told.away, outbox: events, oldest, stuck }
}

#[derive(Default)]
pub(crate) struct ConsistencyQuery;

#[Object]
impl ConsistencyQuery {
    /// How far services are behind one another, for librarians.
    async fn consistency(&self, ctx: &Context<'_>) -> Result<Consistency> {
        caller(ctx).need(&Scope::STAFF)?;
        match ctx.data::<Watch>()?.now().await {
            Some(round) => Ok(round.as_ref().into()),
            None => Err(Problem::unavailable(2).into()),
        }
    }
}
