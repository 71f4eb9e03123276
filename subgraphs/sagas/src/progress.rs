//! Following things: a saga from one of its versions on, and how far services are behind one another.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::{Stream, stream};
use lms_kit::{StoreError, outbox::pause};

use crate::{
    consistency::{Edge, edges},
    store::{History, SagaChange},
    watching::Watch,
};

/// How long between two looks at a saga: another process may have moved it.
const LOOK: Duration = Duration::from_millis(200);
/// The least time between two looks at the edges.
const EDGES_EVERY: Duration = Duration::from_secs(1);

/// Each change of a saga after a version, those to come included, until it has settled.
pub(crate) fn of_saga(
    history: History,
    saga: String,
    after: i64,
) -> impl Stream<Item = Result<SagaChange, Arc<StoreError>>> + Send {
    let following = Following { history, saga, after, seq: 0, found: VecDeque::new(), settled: false };
    stream::unfold(Some(following), async |following| {
        let mut following = following?;
        match following.next().await {
            Ok(change) => change.map(|change| (Ok(change), Some(following))),
            Err(error) => Some((Err(Arc::new(error)), None)),
        }
    })
}

struct Following {
    history: History,
    saga: String,
    after: i64,
    /// The newest event that was read.
    seq: i64,
    found: VecDeque<SagaChange>,
    /// Whether the newest event said that nothing more happens by itself.
    settled: bool,
}

impl Following {
    async fn next(&mut self) -> Result<Option<SagaChange>, StoreError> {
        loop {
            if let Some(change) = self.found.pop_front() {
                return Ok(Some(change));
            }
            let changes = self.history.after(&self.saga, self.seq).await?;
            match changes.last() {
                Some(newest) => (self.seq, self.settled) = (newest.seq, newest.said.phase.is_settled()),
                None if self.settled => return Ok(None),
                None => pause(LOOK).await,
            }
            self.found.extend(changes.into_iter().filter(|change| change.said.version > self.after));
        }
    }
}

/// The edges, as they are and whenever they change.
pub(crate) fn of_edges(watch: Watch) -> impl Stream<Item = Vec<Edge>> + Send {
    let rounds = watch.rounds();
    stream::unfold((watch, rounds, None::<Vec<Edge>>), async |(watch, mut rounds, before)| {
        loop {
            if before.is_some() {
                pause(EDGES_EVERY).await;
                rounds.changed().await.ok()?;
            }
            watch.look();
            let round = rounds.wait_for(Option::is_some).await.ok()?.clone();
            let edges = round.map(|round| edges(&round)).unwrap_or_default();
            if before.as_ref().is_none_or(|before| differ(before, &edges)) {
                return Some((edges.clone(), (watch, rounds, Some(edges))));
            }
        }
    })
}

/// Whether edges differ in what somebody would notice. That markers went on returning is no news, nor is a tenth of a
/// second.
fn differ(before: &[Edge], now: &[Edge]) -> bool {
    let noticed = |edges: &[Edge]| edges.iter().map(noticed).collect::<Vec<_>>();
    noticed(before) != noticed(now)
}

fn noticed(edge: &Edge) -> Edge {
    let tenths = |ms: i64| ms / 100;
    let mut noticed = Edge { behind_ms: edge.behind_ms.map(tenths), last_seen: None, ..edge.clone() };
    noticed.backlog.oldest_ms = noticed.backlog.oldest_ms.map(tenths);
    noticed.backlog.oldest_parked_ms = noticed.backlog.oldest_parked_ms.map(tenths);
    noticed
}
