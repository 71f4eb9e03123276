//! The outbox, and what is told of the state.

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    changes::{Changes, Page},
    outbox::{AggregateKey, Backlog, Claim, ClaimOptions, Failure, Outbox, Settlement},
    planted::{self, Bug},
};

use super::{
    Database, State,
    state::{Head, Waiting},
};

/// The pause before an event that can never leave is tried again: it never is.
const NEVER: i64 = 0;

#[async_trait]
impl Outbox for Database {
    async fn claim(&self, options: ClaimOptions) -> Result<Vec<Claim>, StoreError> {
        self.step("claim").await?;
        let claims = {
            let state = &mut *self.state.lock().await;
            let now = self.clock.now_ms(&self.weather);
            claim(state, options, now)
        };
        self.step("claimed").await?;
        Ok(claims)
    }

    async fn settle(&self, settlements: &[Settlement]) -> Result<usize, StoreError> {
        self.step("settle").await?;
        let settled = {
            let state = &mut *self.state.lock().await;
            let now = self.clock.now_ms(&self.weather);
            settlements.iter().filter(|settlement| settle(state, settlement, now)).count()
        };
        self.step("settled").await?;
        Ok(settled)
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.step("backlog").await?;
        let state = &*self.state.lock().await;
        Ok(backlog(state, self.clock.now_ms(&self.weather)))
    }
}

/// What waits.
pub(crate) fn backlog(state: &State, now: i64) -> Backlog {
    let waiting = state.heads.values().filter(|head| head.waiting_since.is_some());
    waiting.fold(Backlog::default(), |sum, head| Backlog {
        events: sum.events + head.last_seq - head.next_seq + 1,
        oldest_ms: sum.oldest_ms.max(head.waiting_since.map(|since| now - since)),
        stuck: sum.stuck + i64::from(head.stuck),
    })
}

fn claim(state: &mut State, options: ClaimOptions, now: i64) -> Vec<Claim> {
    let State { heads, outbox, .. } = state;
    let is_free = |head: &Head| head.waiting_since.is_some() && !head.stuck && head.lease_until <= now;
    let mut free: Vec<_> = heads.iter_mut().filter(|(_, head)| is_free(head)).collect();
    free.sort_by_key(|(_, head)| head.waiting_since);
    free.truncate(usize::try_from(options.aggregates).unwrap_or(usize::MAX));
    let claims = free.into_iter().map(|(aggregate, head)| {
        head.lease_until = now + options.lease_ms;
        head.fence += 1;
        let seqs = head.next_seq..head.next_seq + i64::from(options.depth);
        let events = seqs.map_while(|seq| outbox.get(&(aggregate.clone(), seq)));
        let events = events.map(|waiting| waiting.row.clone()).collect();
        Claim { aggregate: aggregate.clone(), fence: head.fence, attempts: head.attempts, events }
    });
    claims.collect()
}

fn settle(state: &mut State, settlement: &Settlement, now: i64) -> bool {
    let Some(head) = state.heads.get_mut(&settlement.aggregate) else { return false };
    if head.fence != settlement.fence && !planted::is(Bug::NoFence) {
        return false;
    }
    let sent = i64::try_from(settlement.sent).unwrap_or(i64::MAX);
    head.next_seq += sent;
    head.attempts = match (&settlement.failure, sent) {
        (None, _) => 0,
        (Some(_), 0) => head.attempts + 1,
        (Some(_), _) => 1,
    };
    let pause = match &settlement.failure {
        Some(Failure::Passing { retry_in_ms }) => *retry_in_ms,
        Some(Failure::Stuck { .. }) | None => NEVER,
    };
    head.lease_until = now + pause;
    head.stuck = matches!(settlement.failure, Some(Failure::Stuck { .. }));
    let next = state.outbox.get(&(settlement.aggregate.clone(), head.next_seq));
    head.waiting_since = next.map(|waiting| waiting.recorded_at);
    true
}

#[async_trait]
impl Changes for Database {
    async fn page(&self, from: Option<&str>, limit: u32) -> Result<Page, StoreError> {
        self.step("page").await?;
        let state = &*self.state.lock().await;
        let after = from.and_then(|cursor| cursor.split_once('/')).map(key);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let own =
            state.heads.iter().filter(|(aggregate, _)| after.as_ref().is_none_or(|after| *aggregate > after));
        let own = own.filter_map(|(aggregate, head)| Some((aggregate, last(state, aggregate, head)?)));
        let page: Vec<_> = own.take(limit).collect();
        let next = page.last().filter(|_| page.len() == limit);
        let next = next.map(|(aggregate, _)| format!("{}/{}", aggregate.aggregate_type, aggregate.id));
        Ok(Page { changes: page.into_iter().map(|(_, last)| last.row.body.clone()).collect(), next })
    }

    async fn of(&self, stream: &str) -> Result<Option<String>, StoreError> {
        self.step("of").await?;
        let state = &*self.state.lock().await;
        let found = stream.split_once('/').map(key).and_then(|key| state.heads.get_key_value(&key));
        Ok(found.and_then(|(key, head)| last(state, key, head)).map(|last| last.row.body.clone()))
    }
}

fn key((aggregate_type, id): (&str, &str)) -> AggregateKey {
    AggregateKey { aggregate_type: aggregate_type.to_owned(), id: id.to_owned() }
}

/// The last event of an aggregate that is the service's own.
fn last<'s>(state: &'s State, aggregate: &AggregateKey, head: &Head) -> Option<&'s Waiting> {
    state.outbox.get(&(aggregate.clone(), head.last_seq)).filter(|last| last.row.topic.is_none())
}
