//! Finding sagas that are lost. If the database came from an older backup, sagas that began later are not known any more, and
//! what their services did for them stays half done. So services are asked, a little after the start and then time and again,
//! for which sagas they did something since they were last asked; those that are not known are taken up again
//! ([`crate::machine::take_up`]). An answer that belongs to no saga says the same of one whose step was done only since.
//!
//! 1. Each service names its sagas after the last that it was asked about. What it was asked about is in the database too, so
//!    that one from a backup asks from there on.
//! 2. All services that take part in sagas are asked what they did for each saga that is missed: which kind it is, and how far
//!    it had come, nobody knows alone. While one of them does not answer, it waits.

use std::time::Duration;

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    bus::SubscriptionName,
    outbox::{Wake, pause},
    saga::Effect,
    service::{Listen, Surroundings},
    sql::{Db, Sql},
    watch::{Heard, PeerError, Peers},
};

use crate::{
    Times,
    coordinator::Coordinator,
    definition::{DEFINITIONS, services},
    store::{Missed, Missing},
};

/// How many sagas that cannot be taken up end a round: a service that is away tells of none.
const FEW: usize = 10;
/// Longer than a round: nothing may be forgotten in it that it looks for.
const ROUND: Duration = Duration::from_hours(1);

/// Compares what services did with the sagas of a database.
pub(crate) struct Comparing {
    missed: Missed,
    coordinator: Coordinator,
    /// Told when a saga was taken up.
    moved: Wake,
    times: Times,
}

/// Why lost sagas are not found, or not taken up.
#[derive(Debug, thiserror::Error)]
enum CompareError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("`{service}` does not tell what it did: {source}")]
    Silent { service: &'static str, source: PeerError },
    #[error("`{0}` is not known here, give its URL with --peer")]
    Unknown(&'static str),
}

impl Comparing {
    pub(crate) fn new(db: Db, coordinator: Coordinator, moved: Wake, times: Times) -> Self {
        Self { missed: Missed(db), coordinator, moved, times }
    }

    /// Asks all services once, and takes up what is missed.
    async fn round(&self, peers: &Peers) -> Result<(), CompareError> {
        let now_ms = self.missed.0.one(&Sql::new("SELECT now_ms() AS now"), "clock").await?.int("now")?;
        // Those that ended before may have been forgotten, and of those that have just begun the request may still be to come.
        let oldest = ago(now_ms, self.times.kept.saturating_sub(ROUND));
        let newest = ago(now_ms, self.times.compared);
        let mut failed = None;
        for service in services(DEFINITIONS) {
            if let Err(error) = self.compare(peers, service, (&oldest, &newest)).await {
                failed.get_or_insert(error);
            }
        }
        self.take_up_all(peers, &oldest).await?;
        failed.map_or(Ok(()), Err)
    }

    /// Asks one service for the sagas that it was not asked about, between two.
    async fn compare(
        &self,
        peers: &Peers,
        service: &'static str,
        (oldest, newest): (&str, &str),
    ) -> Result<(), CompareError> {
        let peer = peers.get(service).ok_or(CompareError::Unknown(service))?;
        let mut after = self.missed.compared(service).await?.max(oldest.to_owned());
        loop {
            let page = peer.sagas_after(&after).await;
            let mut page = page.map_err(|source| CompareError::Silent { service, source })?;
            page.retain(|saga| saga.as_str() <= newest);
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(last);
            self.missed.compare(service, &page).await?;
        }
    }

    async fn take_up_all(&self, peers: &Peers, oldest: &str) -> Result<(), CompareError> {
        let (mut after, mut failures) = (String::new(), 0);
        loop {
            let missing = self.missed.after(&after).await?;
            let Some(last) = missing.last() else { return Ok(()) };
            after.clone_from(&last.saga);
            for missing in &missing {
                if let Err(error) = self.look_after(peers, missing, oldest).await {
                    tracing::warn!(saga = missing.saga, %error, "a lost saga waits");
                    failures += 1;
                }
                if failures == FEW {
                    return Ok(());
                }
            }
            self.moved.tell();
        }
    }

    async fn look_after(&self, peers: &Peers, missing: &Missing, oldest: &str) -> Result<(), CompareError> {
        let is_old = missing.saga.as_str() < oldest;
        // What was done for one that is too old is nobody's any more: it ended, and was forgotten.
        let done = if is_old { Vec::new() } else { done_for(peers, &missing.saga).await? };
        let mut tx = self.missed.0.begin().await?;
        if missing.found(&mut tx).await? {
            let began_at = began_at(&missing.saga);
            self.coordinator.take_up(&mut tx, (&missing.saga, began_at), done).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// What each service did for a saga; an error if one does not tell.
async fn done_for(peers: &Peers, saga: &str) -> Result<Vec<(&'static str, Effect)>, CompareError> {
    let mut done = Vec::new();
    for service in services(DEFINITIONS) {
        let peer = peers.get(service).ok_or(CompareError::Unknown(service))?;
        let effects = peer.effects(saga).await;
        let effects = effects.map_err(|source| CompareError::Silent { service, source })?;
        done.extend(effects.into_iter().map(|effect| (service, effect)));
    }
    Ok(done)
}

/// Comes before the identifiers of sagas that began later than so long ago: they begin with the time.
fn ago(now_ms: i64, length: Duration) -> String {
    let at = now_ms - i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
    let digits = format!("{:012x}", at.max(0));
    let (first, second) = digits.split_at(8);
    format!("{first}-{second}-7000-8000-000000000000")
}

/// When a saga began, by its identifier, in ms.
fn began_at(saga: &str) -> i64 {
    let digits: String = saga.chars().filter(|digit| *digit != '-').take(12).collect();
    i64::from_str_radix(&digits, 16).unwrap_or_default()
}

/// It hears nothing: it asks.
#[async_trait]
impl Listen for Comparing {
    fn subscriptions(&self) -> Vec<SubscriptionName> {
        Vec::new()
    }

    async fn hears(&self) -> Result<Vec<Heard>, StoreError> {
        Ok(Vec::new())
    }

    async fn listen(&self, surroundings: &Surroundings) {
        let mut told = String::new();
        loop {
            pause(self.times.compared).await;
            let failed = self.round(&surroundings.peers).await.err().map(|error| error.to_string());
            let failed = failed.unwrap_or_default();
            if failed != told && !failed.is_empty() {
                tracing::warn!(error = failed, "sagas that may be lost are looked for again later");
            }
            told = failed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_compared_by_their_times() {
        let id = "0193e5a0-1c2d-7abc-8def-0123456789ab";
        let at = began_at(id);
        assert_eq!(format!("{at:012x}"), "0193e5a01c2d");
        let second = Duration::from_secs(1);
        assert!(ago(at, Duration::ZERO).as_str() < id && id < ago(at + 2_000, second).as_str());
        assert_eq!(began_at(&ago(at, second)), at - 1_000);
    }
}
