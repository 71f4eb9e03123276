//! What a replica of each node runs: the production code, on the memory engine and bus.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::{
    future::{BoxFuture, FutureExt},
    stream::{FuturesUnordered, StreamExt},
};
use lms_kit::{
    Sources, StoreError,
    bus::{Bus, SharedBus, Topic},
    fault::{self, Place},
    idempotency::Command,
    inbox::{InboxOptions, InboxStore, ReadyLimits},
    outbox::{ClaimOptions, Relay, RelayOptions},
    saga::{COORDINATOR, Steps},
    service::{Listen, Listener, Surroundings},
    sources::IdSource,
};
use lms_sagas::{
    coordinator::{Coordinator, SagaTx, StepIn},
    machine::{Beginning, Resolution},
    saga::Phase,
};
use serde_json::json;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    bus::MemoryBus,
    definitions::{DEFINITIONS, kind},
    engine::{Database, MemoryTx},
    listener::{Ear, Watched},
    participant::Worker,
    process::Process,
    weather::Weather,
    world::PARTICIPANTS,
};

/// How often the coordinator looks for what is due.
const TIMER: Duration = Duration::from_millis(500);
/// The pause before what failed at start is tried again.
const PAUSE: Duration = Duration::from_millis(200);

/// What a node is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// It coordinates sagas.
    Coordinator,
    /// It does steps.
    Participant(&'static str),
    /// It listens to everybody.
    Listener(&'static str),
}

/// What all processes of a run share.
pub(crate) struct Common {
    pub(crate) seed: u64,
    pub(crate) weather: Arc<Weather>,
    pub(crate) bus: MemoryBus,
    pub(crate) around: Surroundings,
    pub(crate) ids: Arc<CountedIds>,
    pub(crate) wishes: Wishes,
}

/// The sagas that clients want, and those that they were told have begun.
#[derive(Default)]
pub(crate) struct Wishes {
    pub(crate) number: usize,
    pub(crate) begun: Mutex<BTreeSet<usize>>,
}

impl Wishes {
    fn next(&self) -> Option<usize> {
        let begun = self.begun.lock().expect("no holder panics");
        (0..self.number).find(|wish| !begun.contains(wish))
    }

    fn fulfilled(&self, wish: usize) {
        self.begun.lock().expect("no holder panics").insert(wish);
    }

    pub(crate) fn are_fulfilled(&self) -> bool {
        self.next().is_none()
    }
}

/// Identifiers in the order in which they are asked for.
#[derive(Default)]
pub(crate) struct CountedIds(AtomicU64);

impl IdSource for CountedIds {
    fn next_id(&self) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u64_pair(0x018b_cfe5_6800_7000, 0x8000_0000_0000_0000 | count)
    }
}

/// How services send and apply in a run: small batches, so that their edges are met, and short leases.
pub(crate) fn surroundings(bus: &MemoryBus, owners: lms_kit::changes::LocalOwners) -> Surroundings {
    let bus: SharedBus = Arc::new(bus.clone());
    let mut around = Surroundings::new(bus, Arc::new(owners));
    around.relay = RelayOptions {
        claim: ClaimOptions { aggregates: 8, depth: 3, lease_ms: 700 },
        poll: Duration::from_secs(1),
        ..RelayOptions::default()
    };
    around.inbox = InboxOptions {
        limits: ReadyLimits { sequences: 8, depth: 3 },
        gap: Duration::from_secs(6),
        poll: Duration::from_secs(2),
        page: 7,
        ..InboxOptions::default()
    };
    around
}

/// One life of a replica; it ends only by what befalls it.
pub(crate) async fn live(part: Part, database: Database, common: Arc<Common>, process: Arc<Process>) {
    let sources = Sources { clock: process, ids: Arc::clone(&common.ids) as _ };
    match part {
        Part::Listener(name) => hear_all(name, database, &common).await,
        Part::Participant(service) => {
            let worker = Worker { service, seed: common.seed };
            let steps = Steps::new(service, worker, sources);
            let listener = Listener {
                consumer: service,
                store: database.clone(),
                handler: steps,
                events_of: &[],
                messages: vec![Topic::commands(service)],
                speaks_on: vec![Topic::replies(COORDINATOR)],
            };
            take_part(service, &listener, &database, &common).await;
        }
        Part::Coordinator => {
            let coordinator = Coordinator::new(&DEFINITIONS, sources.clone());
            let handler = Watched { coordinator: coordinator.clone(), weather: Arc::clone(&common.weather) };
            let listener = Listener {
                consumer: COORDINATOR,
                store: database.clone(),
                handler,
                events_of: &[],
                messages: vec![Topic::replies(COORDINATOR)],
                speaks_on: PARTICIPANTS.map(Topic::commands).to_vec(),
            };
            let office =
                Office { coordinator, database: database.clone(), common: Arc::clone(&common), sources };
            let traffic = take_part(COORDINATOR, &listener, &database, &common).boxed();
            all([traffic, office.keep_time().boxed(), office.serve().boxed(), office.operate().boxed()])
                .await;
        }
    }
}

/// Sends what the service says, and listens.
async fn take_part(service: &str, listener: &dyn Listen, database: &Database, common: &Common) {
    declare(listener, common).await;
    let (outbox, bus) = (Arc::new(database.clone()), Arc::clone(&common.around.bus));
    let relay = Relay::new(service, outbox, bus, database.wake().clone(), common.around.relay);
    all([relay.run().boxed(), listener.listen(&common.around)]).await;
}

/// Does all of this, and looks only at that whose time has come.
async fn all<'f>(parts: impl IntoIterator<Item = BoxFuture<'f, ()>>) {
    parts.into_iter().collect::<FuturesUnordered<_>>().collect::<()>().await;
}

async fn hear_all(consumer: &'static str, database: Database, common: &Common) {
    let listener = Listener {
        consumer,
        store: database,
        handler: Ear,
        events_of: &[COORDINATOR, PARTICIPANTS[0], PARTICIPANTS[1], PARTICIPANTS[2]],
        messages: Vec::new(),
        speaks_on: Vec::new(),
    };
    declare(&listener, common).await;
    listener.listen(&common.around).await;
}

async fn declare(listener: &dyn Listen, common: &Common) {
    while common.bus.declare(&listener.speaks_on(), &listener.subscriptions()).await.is_err() {
        sleep(PAUSE).await;
    }
}

/// What a process of the coordinator does beside its traffic.
struct Office {
    coordinator: Coordinator,
    database: Database,
    common: Arc<Common>,
    sources: Sources,
}

impl Office {
    /// Goes on with what is due.
    async fn keep_time(&self) {
        loop {
            sleep(TIMER).await;
            // What failed is due still.
            let _ = self.tick().await;
        }
    }

    async fn tick(&self) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        if self.coordinator.on_time(&mut tx, 4).await? > 0 {
            self.database.commit(tx).await?;
        }
        Ok(())
    }

    /// Begins the sagas that clients want; each asks until it is told that its saga has begun.
    async fn serve(&self) {
        while let Some(wish) = self.common.wishes.next() {
            let pause = self.common.weather.draw(|chance| chance.between(1, 1_500));
            sleep(Duration::from_millis(pause)).await;
            if self.begin(wish).await.is_ok() {
                self.common.wishes.fulfilled(wish);
            }
        }
    }

    async fn begin(&self, wish: usize) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let id = format!("saga-{wish}");
        if tx.saga(&id).await?.is_some() {
            return Ok(());
        }
        let command = Command::of_saga(&id, None, &self.sources);
        let (kind, input) = (kind(wish), self.input(wish));
        let beginning = Beginning { id, caller: "client".to_owned(), traceparent: None, input };
        self.coordinator.begin(&mut tx, kind, beginning, &command).await?;
        self.commit_change(tx).await
    }

    /// Commits as a change does, with its named places.
    async fn commit_change(&self, tx: MemoryTx) -> Result<(), StoreError> {
        fault::at(Place::ChangeBeforeCommit).await;
        self.database.commit(tx).await?;
        fault::at(Place::ChangeAfterCommit).await;
        Ok(())
    }

    fn input(&self, wish: usize) -> serde_json::Value {
        let number = (self.common.seed + wish as u64) % 3;
        let author = |item| json!({ "authorNumber": format!("n{item}"), "name": format!("author{item}") });
        let authors: Vec<_> = (0..number).map(author).collect();
        json!({
            "name": format!("name{}", wish % 5),
            "isbn": format!("isbn{wish}"),
            "title": "a title",
            "genre": format!("genre{}", wish % 3),
            "authors": authors,
        })
    }

    /// Somebody steps in, now and then, for as long as there is weather.
    async fn operate(&self) {
        while self.common.weather.is_stormy() {
            let pause = self.common.weather.draw(|chance| chance.between(500, 12_000));
            sleep(Duration::from_millis(pause)).await;
            // Whoever is not answered asks another time.
            let _ = self.step_in().await;
        }
    }

    async fn step_in(&self) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let Some((id, phase)) = tx.some_saga() else { return Ok(()) };
        let how = match (phase, self.common.weather.draw(|chance| chance.between(0, 5))) {
            (Phase::Stuck, 0..=2) => StepIn::Resolve(Resolution::Again),
            (Phase::Stuck, _) => StepIn::Resolve(Resolution::Settled),
            (_, 0) => StepIn::Cancel,
            (_, 1) => StepIn::Retry,
            _ => return Ok(()),
        };
        self.common.weather.tell(|| format!("somebody steps in: {how:?} {id}"));
        let command = Command::of_saga(&id, None, &self.sources);
        if self.coordinator.step_in(&mut tx, &id, how, &command).await?.is_ok() {
            self.commit_change(tx).await?;
        }
        Ok(())
    }
}
