//! What this service sees of the others: it asks them all each second, and remembers what each told last.

use std::{
    pin::pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures::future::{Either, select};
use lms_kit::{
    StoreError,
    bus::SubscriptionName,
    outbox::{Wake, pause},
    service::{Listen, Markers, Surroundings},
    watch::{Heard, Peers},
};
use tokio::sync::watch;

use crate::consistency::{Round, Told};

/// For how long somebody who has looked is taken to look on.
const LOOKING: Duration = Duration::from_mins(1);
/// The longest that somebody waits for the services to be asked.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the service sees of the others, once it has joined them.
#[derive(Clone)]
pub(crate) struct Watch(Arc<Inner>);

struct Inner {
    joined: OnceLock<(Peers, Markers)>,
    rounds: watch::Sender<Option<Arc<Round>>>,
    looked_at: Mutex<Option<Instant>>,
    looked: Wake,
    /// One round at a time: what was told later is not replaced by what was told before.
    turn: tokio::sync::Mutex<()>,
}

impl Watch {
    /// Before it has joined anybody.
    pub(crate) fn new() -> Self {
        let rounds = watch::Sender::new(None);
        let (joined, looked_at, looked) = (OnceLock::new(), Mutex::default(), Wake::default());
        let turn = tokio::sync::Mutex::default();
        Self(Arc::new(Inner { joined, rounds, looked_at, looked, turn }))
    }

    /// Whom it may ask; nobody before it has joined them.
    pub(crate) fn peers(&self) -> Peers {
        self.0.joined.get().map(|(peers, _)| peers.clone()).unwrap_or_default()
    }

    /// The rounds that come; whoever takes them is looking.
    pub(crate) fn rounds(&self) -> watch::Receiver<Option<Arc<Round>>> {
        self.look();
        self.0.rounds.subscribe()
    }

    /// How it was when the services were last asked; whoever asks is looking.
    pub(crate) fn last(&self) -> Option<Arc<Round>> {
        self.rounds().borrow().clone()
    }

    /// Says that somebody is looking.
    pub(crate) fn look(&self) {
        *self.0.looked_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.0.looked.tell();
    }

    /// How it is now: what the services answer when they are asked for it. While nobody has looked there were no
    /// markers; then it is how it is when they may have returned. `None` if that does not come in time.
    pub(crate) async fn now(&self) -> Option<Arc<Round>> {
        match select(pin!(self.since(Instant::now())), pin!(pause(PATIENCE))).await {
            Either::Left((round, _)) => round,
            Either::Right(_) => None,
        }
    }

    async fn since(&self, asked: Instant) -> Option<Arc<Round>> {
        let (mut rounds, joined) = (self.rounds(), self.0.joined.get());
        let every = joined.map_or(Markers::default().every, |(_, markers)| markers.every);
        let went_on = rounds.borrow().as_ref().is_some_and(|round| round.at + every * 3 > asked);
        let least = match joined.filter(|_| went_on) {
            Some((peers, _)) => {
                self.ask(peers, asked).await;
                asked
            }
            None => asked + every,
        };
        let found = rounds.wait_for(|round| round.as_ref().is_some_and(|round| round.began >= least)).await;
        found.ok()?.clone()
    }

    fn is_looked_at(&self) -> bool {
        let looked_at = *self.0.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        looked_at.is_some_and(|at| at.elapsed() < LOOKING)
    }

    /// Asks all services once, unless somebody has asked them since: whoever waits for a turn shares the next one.
    async fn ask(&self, peers: &Peers, since: Instant) {
        let _turn = self.0.turn.lock().await;
        let before = self.0.rounds.borrow().clone();
        if before.as_ref().is_some_and(|round| round.began >= since) {
            return;
        }
        let began = Instant::now();
        let mut services = before.map(|round| round.services.clone()).unwrap_or_default();
        for (name, answer) in peers.traffic().await {
            let told = services.entry(name.to_owned()).or_insert(Told { last: None, away: true });
            match answer {
                Ok((traffic, at)) => *told = Told { last: Some((traffic, at)), away: false },
                Err(error) => {
                    if !told.away {
                        tracing::warn!(service = name, %error, "a service does not tell what waits in it");
                    }
                    told.away = true;
                }
            }
        }
        self.0.rounds.send_replace(Some(Arc::new(Round { began, at: Instant::now(), services })));
    }
}

/// It hears nothing: it asks.
#[async_trait]
impl Listen for Watch {
    fn subscriptions(&self) -> Vec<SubscriptionName> {
        Vec::new()
    }

    async fn hears(&self) -> Result<Vec<Heard>, StoreError> {
        Ok(Vec::new())
    }

    async fn listen(&self, surroundings: &Surroundings) {
        let Surroundings { peers, markers, .. } = surroundings;
        // Whoever joins twice joins the same services.
        self.0.joined.get_or_init(|| (peers.clone(), *markers));
        loop {
            while !markers.always && !self.is_looked_at() {
                self.0.looked.wait(LOOKING).await;
            }
            self.ask(peers, Instant::now()).await;
            pause(markers.every).await;
        }
    }
}
