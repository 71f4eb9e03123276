//! The relay: claim, publish, settle, again.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use octavo_telemetry::Span;
use tokio::time::Instant;

use super::{Claim, ClaimOptions, Failure, Outbox, Settlement, Wake};
use crate::{
    backoff::doubled,
    bus::{BusError, Outgoing, SharedBus, Topic},
    error::StoreError,
    fault::{self, Place},
    pace::Pace,
    planted::{self, Bug},
    sources::ms,
    trace,
};

/// How a relay works.
#[derive(Debug, Clone, Copy)]
pub struct RelayOptions {
    /// How much it claims at once at most.
    pub claim: ClaimOptions,
    /// How long it waits for a [`Wake`] before it looks by itself: another process may have written.
    pub poll: Duration,
    /// The pause after the first failure in a row; it doubles, up to 64 times this.
    pub pause: Duration,
}

impl Default for RelayOptions {
    fn default() -> Self {
        Self {
            claim: ClaimOptions { aggregates: 256, depth: 32, lease_ms: 10_000 },
            poll: Duration::from_millis(500),
            pause: Duration::from_millis(50),
        }
    }
}

/// Empties one outbox onto a bus.
pub struct Relay {
    outbox: Arc<dyn Outbox>,
    bus: SharedBus,
    events: Topic,
    wake: Wake,
    options: RelayOptions,
    pace: Pace,
}

impl Relay {
    /// A relay for the outbox of a service.
    pub fn new(
        service: &str,
        outbox: Arc<dyn Outbox>,
        bus: SharedBus,
        wake: Wake,
        options: RelayOptions,
    ) -> Self {
        let pace = Pace::new(options.claim.aggregates, options.claim.aggregates);
        Self { outbox, bus, events: Topic::events(service), wake, options, pace }
    }

    /// Sends what waits, for ever.
    pub async fn run(self) {
        let mut failures = 0;
        loop {
            match self.turn().await {
                Ok(Turn { claimed: 0, .. }) => {
                    failures = 0;
                    self.wake.wait(self.options.poll).await;
                }
                Ok(Turn { failed: 0, .. }) => failures = 0,
                Ok(_) => {
                    // Each aggregate that failed is due again when its own pause is over.
                    failures += 1;
                    self.wake.wait(self.pause_after(failures).min(self.options.poll)).await;
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(topic = self.events.name(), %error, "events wait in the outbox");
                    tokio::time::sleep(self.pause_after(failures)).await;
                }
            }
        }
    }

    /// Claims once, and sends and settles what was claimed.
    pub async fn turn(&self) -> Result<Turn, StoreError> {
        let (began, options) = (Instant::now(), self.options.claim);
        let claims = self.outbox.claim(ClaimOptions { aggregates: self.pace.at_once(), ..options }).await?;
        if claims.is_empty() {
            return Ok(Turn { claimed: 0, failed: 0 });
        }
        fault::at(Place::RelayAfterClaim).await;
        let failed = self.send(&claims).await;
        self.pace.learn(claims.len(), began.elapsed(), options.lease_ms);
        Ok(Turn { claimed: claims.len(), failed: failed? })
    }

    /// Sends and settles what was claimed; how many claims have failed.
    async fn send(&self, claims: &[Claim]) -> Result<usize, StoreError> {
        if planted::is(Bug::SettleFirst) {
            let all = claims.iter().flat_map(|claim| &claim.events).map(|_| Ok(())).collect();
            self.outbox.settle(&self.settlements(claims, all)).await?;
        }
        let (outgoing, spans) = self.outgoing(claims).into_iter().unzip();
        let results = self.bus.publish(outgoing).await;
        trace::published(spans, &results);
        fault::at(Place::RelayAfterPublish).await;
        let settlements = self.settlements(claims, results);
        let failed = settlements.iter().filter(|settled| settled.failure.is_some()).count();
        fault::at(Place::RelayBeforeSettle).await;
        self.outbox.settle(&settlements).await?;
        fault::at(Place::RelayAfterSettle).await;
        Ok(failed)
    }

    fn outgoing(&self, claims: &[Claim]) -> Vec<(Outgoing, Span)> {
        let service = self.events.name().trim_end_matches(".events");
        let messages = claims.iter().flat_map(|claim| &claim.events).map(|event| {
            let mut outgoing = Outgoing {
                topic: event.topic.as_ref().map_or_else(|| self.events.clone(), Topic::named),
                key: event.aggregate_id.clone(),
                id: event.event_id.clone(),
                body: event.body.clone(),
            };
            let span = trace::publishing(service, event, &mut outgoing);
            (outgoing, span)
        });
        messages.collect()
    }

    /// What came of each claim: its events up to the first that failed have left.
    fn settlements(&self, claims: &[Claim], results: Vec<Result<(), BusError>>) -> Vec<Settlement> {
        let mut results = results.into_iter();
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        let mut settlements = Vec::with_capacity(claims.len());
        for claim in claims {
            let (mut sent, mut failure) = (0, None);
            for result in results.by_ref().take(claim.events.len()) {
                match result {
                    Ok(()) if failure.is_none() => sent += 1,
                    Err(_) if planted::is(Bug::FailedIsSent) => sent += 1,
                    Err(error) if failure.is_none() => {
                        *told.entry(error.to_string()).or_default() += 1;
                        failure = Some(self.failure(&error, claim.attempts));
                    }
                    _ => {}
                }
            }
            let (aggregate, fence) = (claim.aggregate.clone(), claim.fence);
            settlements.push(Settlement { aggregate, fence, sent, failure });
        }
        for (error, times) in told {
            tracing::warn!(topic = self.events.name(), error, times, "events could not be sent");
        }
        settlements
    }

    fn failure(&self, error: &BusError, attempts: i64) -> Failure {
        if error.is_final() {
            return Failure::Stuck { reason: error.to_string() };
        }
        Failure::Passing { retry_in_ms: ms(self.pause_after(attempts.saturating_add(1))) }
    }

    fn pause_after(&self, failures: i64) -> Duration {
        doubled(self.options.pause, failures)
    }
}

/// What a turn did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// How many aggregates had something waiting.
    pub claimed: usize,
    /// How many of them still have, since sending failed.
    pub failed: usize,
}
