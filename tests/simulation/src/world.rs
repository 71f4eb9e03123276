//! The world of one run: nodes with their replicas, the bus, and the faults that befall them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use lms_kit::{
    bus::{SubscriptionName, Topic},
    changes::LocalOwners,
    saga::COORDINATOR,
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::{
    bus::MemoryBus,
    engine::Database,
    process::{Process, let_weather_decide},
    replica::{Common, CountedIds, Part, Wishes, live, surroundings},
    weather::Weather,
};

/// The services that do steps.
pub(crate) const PARTICIPANTS: [&str; 3] = ["genres", "authors", "books"];
/// The listeners: one from the beginning, one that comes late.
pub(crate) const LISTENERS: [&str; 2] = ["early", "late"];
/// An hour in ms.
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// A node: a database and the replicas that share it.
pub(crate) struct Node {
    pub(crate) name: &'static str,
    pub(crate) database: Database,
    pub(crate) replicas: Vec<Replica>,
}

/// A replica: a process after the other.
pub(crate) struct Replica {
    present: Arc<std::sync::Mutex<Arc<Process>>>,
    /// Until when nobody starts it again, in ms of the run.
    down_until_ms: Arc<std::sync::atomic::AtomicI64>,
    task: JoinHandle<()>,
}

/// All of it.
pub(crate) struct World {
    pub(crate) common: Arc<Common>,
    pub(crate) nodes: Vec<Node>,
}

impl World {
    /// Starts everything.
    pub(crate) fn start(seed: u64, weather: &Arc<Weather>) -> Self {
        let_weather_decide();
        let bus = MemoryBus::new(Arc::clone(weather));
        let parts = [(COORDINATOR, Part::Coordinator)]
            .into_iter()
            .chain(PARTICIPANTS.map(|name| (name, Part::Participant(name))))
            .chain(LISTENERS.map(|name| (name, Part::Listener(name))));
        let databases: BTreeMap<_, _> =
            parts.clone().map(|(name, _)| (name, Database::new(Arc::clone(weather)))).collect();
        let mut owners = LocalOwners::default();
        for name in PARTICIPANTS.into_iter().chain([COORDINATOR]) {
            owners.insert(name, Arc::new(databases[name].for_process()));
        }
        let number = weather.draw(|chance| chance.between(20, 22));
        let wishes = Wishes { number: usize::try_from(number).unwrap_or(20), ..Wishes::default() };
        let around = surroundings(&bus, owners);
        let ids = Arc::new(CountedIds::default());
        deploy(&bus);
        let weather = Arc::clone(weather);
        let common = Arc::new(Common { seed, weather, bus, around, ids, wishes });
        let mut number = 0;
        let nodes = parts.map(|(name, part)| {
            let database = databases[name].clone();
            let count = if name == "late" { 1 } else { 2 };
            let replicas = (0..count).map(|_| {
                number += 1;
                Replica::start(number, part, &database, &common)
            });
            Node { name, replicas: replicas.collect(), database: database.clone() }
        });
        let nodes = nodes.collect();
        Self { common, nodes }
    }

    /// A node by its name.
    pub(crate) fn node(&self, name: &str) -> &Node {
        self.nodes.iter().find(|node| node.name == name).expect("it is one of the world's names")
    }

    /// Ends all processes.
    pub(crate) async fn end(&mut self) {
        for replica in self.nodes.iter_mut().flat_map(|node| &mut node.replicas) {
            replica.task.abort();
            // It was aborted: that is the error.
            let _ = (&mut replica.task).await;
        }
    }
}

/// Subscriptions are declared before anybody publishes; but not those of who comes late.
fn deploy(bus: &MemoryBus) {
    let subscribe =
        |topic: Topic, name: &str| bus.subscription(&SubscriptionName { topic, name: name.to_owned() });
    subscribe(Topic::replies(COORDINATOR), COORDINATOR);
    for name in PARTICIPANTS {
        subscribe(Topic::commands(name), name);
    }
    for source in PARTICIPANTS.into_iter().chain([COORDINATOR]) {
        subscribe(Topic::events(source), "early");
    }
}

impl Replica {
    fn start(number: u64, part: Part, database: &Database, common: &Arc<Common>) -> Self {
        let first = Process::new(number, Arc::clone(&common.weather), 0);
        let present = Arc::new(std::sync::Mutex::new(first));
        let down_until_ms = Arc::default();
        let keeper = Keeper { number, part, database: database.clone(), common: Arc::clone(common) };
        let task = tokio::spawn(keeper.keep(Arc::clone(&present), Arc::clone(&down_until_ms)));
        Self { present, down_until_ms, task }
    }

    /// Ends its process; it is started again after this long.
    pub(crate) fn kill(&self, again_at_ms: i64) {
        self.down_until_ms.store(again_at_ms, std::sync::atomic::Ordering::Relaxed);
        self.process().end();
    }

    /// Lets its process stand still.
    pub(crate) fn freeze(&self, time: Duration) {
        self.process().freeze(Instant::now() + time);
    }

    /// Moves its process's clock.
    pub(crate) fn skew(&self, by_ms: i64) {
        self.process().skew(by_ms);
    }

    fn process(&self) -> Arc<Process> {
        Arc::clone(&self.present.lock().expect("no holder panics"))
    }
}

/// Starts a replica again and again.
struct Keeper {
    number: u64,
    part: Part,
    database: Database,
    common: Arc<Common>,
}

impl Keeper {
    async fn keep(
        self,
        present: Arc<std::sync::Mutex<Arc<Process>>>,
        down_until_ms: Arc<std::sync::atomic::AtomicI64>,
    ) {
        let weather = &self.common.weather;
        if self.part == Part::Listener("late") {
            sleep(Duration::from_millis(weather.draw(|chance| chance.between(5_000, 60_000)))).await;
        }
        loop {
            let skew_ms = weather.draw(|chance| *chance.pick(&[0, 0, HOUR_MS, -HOUR_MS]));
            let process = Process::new(self.number, Arc::clone(weather), skew_ms);
            *present.lock().expect("no holder panics") = Arc::clone(&process);
            let life =
                live(self.part, self.database.for_process(), Arc::clone(&self.common), Arc::clone(&process));
            process.live(life).await;
            let pause = weather.draw(|chance| chance.between(10, 3_000));
            let down = down_until_ms.load(std::sync::atomic::Ordering::Relaxed) - weather.elapsed_ms();
            sleep(Duration::from_millis(pause.max(u64::try_from(down).unwrap_or(0)))).await;
        }
    }
}
