//! The reports service in this process, its bus, and stand-ins for whoever it hears.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use lms_kit::{
    Service, Sources, StoreError,
    bus::{LocalBus, Outgoing, SharedBus, Topic},
    changes::{Changes, LocalOwners, Page},
    event::Envelope,
    service::{Headers, Surroundings},
    sources::Clock,
};
use serde_json::{Value, json};
use tantivy::{DocAddress, TantivyDocument, schema::Value as _};
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::Instant};

use crate::said::{SERVICES, Said};

/// What the clock shows: 2026-03-15.
const NOW: i64 = 1_773_532_800_000;
const PATIENCE: Duration = Duration::from_mins(3);

struct Stopped;

impl Clock for Stopped {
    fn now_ms(&self) -> i64 {
        NOW
    }
}

/// What a service tells whoever asks for its state; without any, it does not answer.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Option<Vec<String>>>>);

impl Told {
    pub(crate) fn answers(&self, events: Vec<String>) {
        *self.0.lock().unwrap() = Some(events);
    }
}

#[async_trait]
impl Changes for Told {
    async fn page(&self, from: Option<&str>, limit: u32) -> Result<Page, StoreError> {
        let told = self.0.lock().unwrap().clone().ok_or_else(|| StoreError::Away("not now".into()))?;
        let skipped: usize = from.map_or(0, |place| place.parse().unwrap());
        let changes: Vec<String> = told.into_iter().skip(skipped).take(limit as usize).collect();
        let next = (changes.len() == limit as usize).then(|| (skipped + changes.len()).to_string());
        Ok(Page { changes, next })
    }

    async fn of(&self, _: &str) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
}

/// The service, and its bus.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) told: BTreeMap<&'static str, Told>,
    pub(crate) bus: SharedBus,
    listening: JoinHandle<()>,
    pub(crate) folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bus = bus(folder.path()).await;
        let sources = Sources { clock: Arc::new(Stopped), ..Sources::system() };
        let service = lms_reports::open(&url(folder.path()), sources).await.unwrap();
        let (mut owners, mut told) = (LocalOwners::default(), BTreeMap::new());
        for name in SERVICES {
            let owner = Told::default();
            owners.insert(name, Arc::new(owner.clone()));
            told.insert(name, owner);
        }
        let around = Surroundings::new(Arc::clone(&bus), Arc::new(owners));
        let listener = service.clone();
        let listening = tokio::spawn(async move { listener.take_part(&around).await });
        Self { service, told, bus, listening, folder }
    }

    /// One that has nothing to load, and is told all of this.
    pub(crate) async fn hearing(events: &[Said]) -> Self {
        let world = Self::new().await;
        world.told.values().for_each(|owner| owner.answers(Vec::new()));
        publish(&world.bus, events).await;
        world.until_quiet().await;
        world
    }

    pub(crate) async fn ask(&self, query: &str) -> Value {
        let body = json!({ "query": query }).to_string();
        let answer = self.service.answer(body.as_bytes(), Headers::default()).await;
        serde_json::from_slice(&answer).unwrap()
    }

    /// The reports of an answer without errors.
    pub(crate) async fn reports(&self, fields: &str) -> Value {
        let answer = self.ask(&format!("{{ reports {{ {fields} }} }}")).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"]["reports"].clone()
    }

    /// Waits until the bus is empty and nothing waits in the inbox.
    pub(crate) async fn until_quiet(&self) {
        let marker = crate::said::lending("marker", "marker", None, 0, 1);
        publish(&self.bus, std::slice::from_ref(&marker)).await;
        let deadline = Instant::now() + PATIENCE;
        loop {
            use lms_kit::watch::Peer;
            let traffic = self.service.traffic().await.unwrap();
            let entries = self.entries();
            let has_come = entries.is_some_and(|entries| entries.contains_key("lending marker"));
            if has_come && traffic.hears[0].waiting.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "{traffic:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// All that is counted.
    pub(crate) fn entries(&self) -> Option<BTreeMap<String, String>> {
        entries(&index(self.folder.path()))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// The bus of a folder, with all topics declared.
pub(crate) async fn bus(folder: &Path) -> SharedBus {
    let bus: SharedBus = Arc::new(LocalBus::open(&folder.join("bus.sqlite")).await.unwrap());
    bus.declare(&SERVICES.map(Topic::events), &[]).await.unwrap();
    bus
}

pub(crate) fn index(folder: &Path) -> PathBuf {
    folder.join("reports.index")
}

pub(crate) fn url(folder: &Path) -> String {
    format!("tantivy:{}", index(folder).display())
}

pub(crate) async fn publish(bus: &SharedBus, events: &[Said]) {
    let message = |said: &Said| {
        let event = Envelope::parse(said.body.as_bytes()).unwrap();
        let topic = Topic::events(said.service);
        Outgoing { topic, key: event.subject.clone(), id: event.id, body: said.body.clone() }
    };
    for result in bus.publish(events.iter().map(message).collect()).await {
        result.unwrap();
    }
}

/// What is counted by the last commit of an index, by key; nothing while its files are being replaced.
pub(crate) fn entries(path: &Path) -> Option<BTreeMap<String, String>> {
    let index = tantivy::Index::open_in_dir(path).ok()?;
    let (searcher, schema) = (index.reader().ok()?.searcher(), index.schema());
    let [key, text] = ["key", "text"].map(|name| schema.get_field(name).unwrap());
    let mut entries = BTreeMap::new();
    for (place, segment) in (0..).zip(searcher.segment_readers()) {
        for document in segment.doc_ids_alive() {
            let document: TantivyDocument = searcher.doc(DocAddress::new(place, document)).ok()?;
            let text_of = |field| document.get_first(field).unwrap().as_str().unwrap().to_owned();
            if ["book ", "comment ", "lending "].iter().any(|kind| text_of(key).starts_with(kind)) {
                let twice = entries.insert(text_of(key), text_of(text));
                assert_eq!(twice, None, "{} is there twice", text_of(key));
            }
        }
    }
    Some(entries)
}
