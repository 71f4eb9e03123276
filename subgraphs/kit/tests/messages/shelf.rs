//! A service over documents that listens, and what a process of it leaves behind when it ends at the wrong moment.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    bus::MessageKind,
    documents::{
        Aggregate, Collection, Document, DocumentInbox, DocumentOutbox, DocumentTx, Documents, Find,
        INBOX_ROOM, KeyColumn, Migration, Projection, State, Step, WAITING, hear, open,
    },
    event::{Envelope, OutboxRow},
    inbox::{
        Advance, DeadLetters, HandleError, Handler, Inbox, InboxStore, Most, ReadyLimits, Received,
        SequenceKey,
    },
    migrate::Phase,
    page::SortKey,
    saga::STEPS_ROOM,
    service::{DocumentEngine, Engine},
};
use serde::{Deserialize, Serialize};

use crate::{
    wire::Wire,
    world::{ALL, Database, Ear, Listening, apply_all, inbox, side_by_side, soon},
};

/// The document engines, each of which every test runs on.
#[cfg(feature = "mongo")]
pub(crate) const ENGINES: [&str; 2] = ["documents in sqlite", "documents in mongodb"];
#[cfg(not(feature = "mongo"))]
pub(crate) const ENGINES: [&str; 1] = ["documents in sqlite"];

/// What was heard of each note, by sequence.
const HEARD: Collection =
    Collection { name: "heard", keys: &[KeyColumn::integer("value"), KeyColumn::integer(WAITING)] };

/// What is done to notes by steps.
pub(crate) const NOTES: Collection = Collection { name: "notes", keys: &[KeyColumn::integer(WAITING)] };

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "notes",
        phase: Phase::Expand,
        steps: &[
            Step::Collection(HEARD),
            Step::Collection(NOTES),
            Step::Collection(lms_kit::documents::ARCHIVE),
        ],
    },
    Migration { version: 2, name: "inbox", phase: Phase::Expand, steps: INBOX_ROOM },
    Migration { version: 3, name: "saga_steps", phase: Phase::Expand, steps: STEPS_ROOM },
];

/// A database of documents.
pub(crate) struct Shelf {
    pub(crate) documents: Arc<dyn Documents>,
    lease_ms: i64,
    _folder: tempfile::TempDir,
}

impl Shelf {
    pub(crate) async fn of(engine: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match engine {
            "documents in mongodb" => octavo_engines::shared::mongo_database("notes").unwrap(),
            _ => format!("sqlite:{}", folder.path().join("notes.sqlite").display()),
        };
        let documents = open("notes", &url).await.unwrap();
        documents.migrate("notes", MIGRATIONS, 1).await.unwrap();
        Self { documents, lease_ms: 10_000, _folder: folder }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Heard {
    stream: String,
    seqs: Vec<String>,
    value: i64,
}

impl State for Heard {
    const COLLECTION: &'static Collection = &HEARD;

    fn id(&self) -> &str {
        &self.stream
    }

    fn keys(&self) -> BTreeMap<&'static str, SortKey> {
        BTreeMap::from([("value", self.value.into())])
    }
}

struct DocumentEar {
    ear: Ear,
    documents: Arc<dyn Documents>,
}

#[async_trait]
impl Handler<DocumentTx> for DocumentEar {
    async fn apply(&self, _: &mut DocumentTx, event: &Envelope) -> Result<(), HandleError> {
        let (value, stream) = (self.ear.value(event)?, event.stream());
        tokio::time::sleep(self.ear.takes).await;
        let new = || Heard { stream: event.stream(), seqs: Vec::new(), value: 0 };
        let change = |heard: &mut Heard| {
            heard.seqs.push(event.seq.to_string());
            heard.value = value;
        };
        Ok(hear(self.documents.as_ref(), (&stream, new), event, change).await?)
    }
}

impl Listening for Shelf {
    type Store = DocumentInbox;

    const AT_ONCE: bool = false;

    async fn of(engine: &str) -> Self {
        Self::of(engine).await
    }

    fn store(&self) -> DocumentInbox {
        DocumentInbox::new(Arc::clone(&self.documents)).with_lease(self.lease_ms)
    }

    fn handler(&self, ear: Ear) -> impl Handler<DocumentTx> + 'static {
        DocumentEar { ear, documents: Arc::clone(&self.documents) }
    }

    async fn heard(&self) -> BTreeMap<String, (String, i64)> {
        let found = self.documents.find(&HEARD, &Find::first("value", 1_000, Vec::new())).await.unwrap();
        let heard = found.into_iter().map(|found| Aggregate::<Heard>::read(found).unwrap().state);
        heard.map(|heard| (heard.stream, (heard.seqs.join(" "), heard.value))).collect()
    }
}

/// Makes nothing of an event.
pub(crate) struct NoLog;

#[async_trait]
impl Projection for NoLog {
    async fn project(
        &self,
        _: &dyn Documents,
        _: &OutboxRow,
    ) -> Result<Vec<(&'static Collection, Document)>, StoreError> {
        Ok(Vec::new())
    }
}

const ONE: ReadyLimits = ReadyLimits { sequences: 1, depth: 16 };

/// Three events of a note have come to a listener whose claims hold for a moment.
async fn three(engine: &str) -> (Shelf, Database) {
    let (notes, wire) = (Database::of("sqlite").await, Arc::new(Wire::default()));
    for value in 1..=3 {
        notes.write("a", value).await;
    }
    notes.relay(&wire, ALL).turn().await.unwrap();
    let listener = Shelf { lease_ms: 300, ..Shelf::of(engine).await };
    inbox(&listener, &notes, Ear::default()).receive(&wire.received()).await.unwrap();
    (listener, notes)
}

#[tokio::test]
async fn what_was_done_and_not_noted_is_done_once() {
    for engine in ENGINES {
        let (listener, notes) = three(engine).await;
        let (store, handler) = (listener.store(), listener.handler(Ear::default()));
        let mut tx = store.begin().await.unwrap();
        let ready = store.ready(&mut tx, "listener", ONE).await.unwrap();
        for (_, body) in &ready[0].events[..2] {
            handler.apply(&mut tx, &Envelope::parse(body.as_bytes()).unwrap()).await.unwrap();
        }
        // The process ends here. Until its lease is over nobody else has the sequence.
        let inbox = inbox(&listener, &notes, Ear::default());
        assert_eq!(apply_all(&inbox).await.unwrap(), 0, "{engine}");
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(apply_all(&inbox).await.unwrap(), 3, "{engine}");
        assert_eq!(listener.heard().await["Note/a"], ("1 2 3".to_owned(), 3), "{engine}");

        // Whoever slept over his lease advances nothing.
        let done = Advance { sequence: ready[0].sequence.clone(), up_to: 1 };
        store.advance(&mut tx, "listener", &[done]).await.unwrap();
        store.commit(tx).await.unwrap();
        let last = store.last(&mut DocumentTx::default(), "listener", &ready[0].sequence).await.unwrap();
        assert_eq!(last, 3, "{engine}");
    }
}

#[tokio::test]
async fn what_an_advanced_sequence_held_goes_when_its_process_has_ended() {
    for (engine, up_to) in ENGINES.into_iter().flat_map(|engine| [(engine, 2), (engine, 3)]) {
        let (listener, notes) = three(engine).await;
        let store = listener.store();
        let mut tx = store.begin().await.unwrap();
        let ready = store.ready(&mut tx, "listener", ONE).await.unwrap();
        let done = Advance { sequence: ready[0].sequence.clone(), up_to };
        store.advance(&mut tx, "listener", &[done]).await.unwrap();
        drop(tx);
        assert_eq!(store.backlog("listener").await.unwrap().events, 3, "{engine}: they are still there");
        let inbox = inbox(&listener, &notes, Ear::default());
        let cleared = soon(async || {
            apply_all(&inbox).await.unwrap();
            store.backlog("listener").await.unwrap().events == 0
        });
        assert!(cleared.await, "{engine}, {up_to}");
        let third = (up_to == 2).then(|| ("3".to_owned(), 3));
        assert_eq!(listener.heard().await.remove("Note/a"), third, "{engine}: what was left to apply");
    }
}

#[tokio::test]
async fn a_sequence_is_one_processs_until_its_lease_is_over() {
    for engine in ENGINES {
        let (listener, _notes) = three(engine).await;
        let store = listener.store();
        let (mut one, mut other) = (store.begin().await.unwrap(), store.begin().await.unwrap());
        let began = Instant::now();
        let ready = store.ready(&mut one, "listener", ONE).await.unwrap();
        assert_eq!(store.ready(&mut other, "listener", ONE).await.unwrap(), [], "{engine}");
        let last = store.last(&mut other, "listener", &ready[0].sequence).await.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(250), "{engine}: {:?}", began.elapsed());
        assert_eq!(last, 0, "{engine}");
        for (mut tx, up_to) in [(other, 1), (one, 3)] {
            let done = Advance { sequence: ready[0].sequence.clone(), up_to };
            store.advance(&mut tx, "listener", &[done]).await.unwrap();
            store.commit(tx).await.unwrap();
        }
        let last = store.last(&mut DocumentTx::default(), "listener", &ready[0].sequence).await.unwrap();
        assert_eq!(last, 1, "{engine}: the first has lost it");
    }
}

#[tokio::test]
async fn what_one_process_has_does_not_hide_what_is_left_for_others() {
    const MOST: ReadyLimits = ReadyLimits { sequences: 1_000, depth: 16 };
    for engine in ENGINES {
        let (notes, wire) = (Database::of("sqlite").await, Arc::new(Wire::default()));
        for number in 0..40 {
            notes.write(&number.to_string(), 1).await;
        }
        notes.relay(&wire, ALL).turn().await.unwrap();
        let listener = Shelf::of(engine).await;
        let store = listener.store();
        store.receive("listener", &wire.received()).await.unwrap();
        let (mut one, mut other) = (store.begin().await.unwrap(), store.begin().await.unwrap());
        let first = store.ready(&mut one, "listener", MOST).await.unwrap();
        let second = store.ready(&mut other, "listener", MOST).await.unwrap();
        assert_eq!((first.len(), second.len()), (4, 4), "{engine}");
        store.roll_back(one).await.unwrap();
        // A quick database is asked for twice as many each time.
        let (mut left, mut most) = (36, 8);
        while left > 0 {
            let mut third = store.begin().await.unwrap();
            let found = store.ready(&mut third, "listener", MOST).await.unwrap();
            assert_eq!(
                found.len(),
                left.min(most),
                "{engine}: {left} are nobody's, those that were given up among them"
            );
            let done = found.into_iter().map(|ready| Advance { sequence: ready.sequence, up_to: 1 });
            store.advance(&mut third, "listener", &done.collect::<Vec<_>>()).await.unwrap();
            store.commit(third).await.unwrap();
            (left, most) = (left.saturating_sub(most), most * 2);
        }
    }
}

#[tokio::test]
async fn a_dead_letter_whose_claim_was_not_released_stays_dead() {
    for engine in ENGINES {
        let (listener, notes) = three(engine).await;
        let store = listener.store();
        let mut tx = store.begin().await.unwrap();
        let ready = store.ready(&mut tx, "listener", ONE).await.unwrap();
        store.fail("listener", &ready[0].sequence, 1, "told to", None).await.unwrap();
        drop(tx);
        tokio::time::sleep(Duration::from_millis(400)).await;
        let inbox = inbox(&listener, &notes, Ear::default());
        assert_eq!(apply_all(&inbox).await.unwrap(), 0, "{engine}");
        assert_eq!(store.list(Most::default()).await.unwrap().letters[0].behind, 2, "{engine}");
        assert!(store.discard("listener", &ready[0].sequence, 1).await.unwrap());
        assert_eq!(apply_all(&inbox).await.unwrap(), 2, "{engine}");
    }
}

/// Sets a time that documents of a collection are found by back to the beginning.
pub(crate) async fn grow_old(shelf: &Shelf, collection: &'static str, column: &'static str) {
    let collection = Collection { name: collection, keys: &[] };
    for found in shelf.documents.scan(&collection, None, 100).await.unwrap() {
        assert!(shelf.documents.set_key(&collection, &found, column, 1.into()).await.unwrap());
    }
}

/// What a process does each hour.
pub(crate) async fn purge(shelf: &Shelf, outbox: DocumentOutbox) {
    let documents = Arc::clone(&shelf.documents);
    let engine =
        DocumentEngine { documents, outbox: Arc::new(outbox), owner: "notes", migrations: MIGRATIONS };
    engine.purge(0).await.unwrap();
}

#[tokio::test]
async fn messages_that_were_applied_long_ago_are_forgotten() {
    for engine in ENGINES {
        let (notes, wire) = (Database::of("sqlite").await, Arc::new(Wire::default()));
        notes.write("a", 1).await;
        notes.relay(&wire, ALL).turn().await.unwrap();
        let listener = Shelf::of(engine).await;
        let inbox = inbox(&listener, &notes, Ear::default());
        let body =
            wire.sent.lock().unwrap()[0].body.replace("\"aggregate\":\"Note\"", "\"aggregate\":\"Command\"");
        let message = [Received::alone(&Envelope::parse(body.as_bytes()).unwrap(), body)];
        let again = async || {
            inbox.receive(&message).await.unwrap();
            apply_all(&inbox).await.unwrap()
        };
        assert_eq!((again().await, again().await), (1, 0), "{engine}");
        purge(&listener, DocumentOutbox::new(Arc::clone(&listener.documents), NoLog)).await;
        assert_eq!(again().await, 0, "{engine}: it was applied a moment ago");
        grow_old(&listener, "inbox_streams", "appliedAt").await;
        purge(&listener, DocumentOutbox::new(Arc::clone(&listener.documents), NoLog)).await;
        assert_eq!(again().await, 1, "{engine}: nobody knows any more");
    }
}

#[tokio::test]
async fn what_waits_is_told_by_source_and_markers_are_no_part_of_it() {
    for engine in ENGINES {
        let (notes, wire) = (Database::of("sqlite").await, Arc::new(Wire::default()));
        for value in 1..=3 {
            notes.write("a", value).await;
            notes.write("b", value).await;
        }
        notes.relay(&wire, ALL).turn().await.unwrap();
        let listener = Shelf::of(engine).await;
        let (inbox, store) = (inbox(&listener, &notes, Ear::default()), listener.store());
        let other = |source: &str, stream: &str| {
            let sequence = SequenceKey { source: source.to_owned(), stream: stream.to_owned() };
            Received { sequence, seq: 1, event_id: stream.to_owned(), body: "{".to_owned() }
        };
        let events = wire.received();
        let of_a = events.iter().filter(|event| event.sequence.stream == "Note/a");
        let without_first = events.iter().filter(|event| event.sequence.stream == "Note/b" && event.seq > 1);
        let all: Vec<Received> =
            of_a.chain(without_first).cloned().chain([other("asks", "Command/1")]).collect();
        inbox.receive(&all).await.unwrap();
        store.receive("another", &all).await.unwrap();
        let marker = other("(markers)", "notes/notes.events/0");
        store.receive("listener", std::slice::from_ref(&marker)).await.unwrap();
        let waiting = store.waiting("listener").await.unwrap();
        let told: Vec<_> = waiting
            .iter()
            .map(|of| (of.source.as_str(), of.kind, of.backlog.events, of.backlog.parked, of.backlog.dead))
            .collect();
        let notes_wait = ("notes", MessageKind::Events, 5, 1, 0);
        assert_eq!(told, [("asks", MessageKind::Commands, 1, 0, 0), notes_wait], "{engine}");
        assert!(waiting.iter().all(|of| of.backlog.oldest_ms.is_some()), "{engine}");
        assert_eq!(store.backlog("listener").await.unwrap().events, 6, "{engine}");
        assert_eq!(store.markers("listener").await.unwrap(), [], "{engine}: it came, and was not applied");

        let mut tx = store.begin().await.unwrap();
        store.last(&mut tx, "listener", &marker.sequence).await.unwrap();
        let done = Advance { sequence: marker.sequence.clone(), up_to: 1_234 };
        store.advance(&mut tx, "listener", &[done]).await.unwrap();
        store.commit(tx).await.unwrap();
        let applied = [(marker.sequence.stream.clone(), 1_234)];
        assert_eq!(store.markers("listener").await.unwrap(), applied, "{engine}");
        apply_all(&inbox).await.unwrap();
        let left = store.backlog("listener").await.unwrap();
        assert_eq!((left.events, left.parked, left.dead), (3, 1, 1), "{engine}: two of b, and the letter");
    }
}

#[tokio::test]
async fn two_processes_over_a_slow_database_do_not_take_all_from_one_another() {
    for engine in ENGINES {
        let (notes, wire) = (Database::of("sqlite").await, Arc::new(Wire::default()));
        for number in 0..32 {
            notes.write(&number.to_string(), 1).await;
        }
        notes.relay(&wire, ALL).turn().await.unwrap();
        let listener = Shelf { lease_ms: 400, ..Shelf::of(engine).await };
        // What is claimed at first takes longer than the claims hold.
        let slow = Ear { takes: Duration::from_millis(120), ..Ear::default() };
        let both = [(); 2].map(|()| inbox(&listener, &notes, slow.clone()));
        both[0].receive(&wire.received()).await.unwrap();
        let applied = side_by_side(&both, async |inbox: &Inbox<DocumentInbox>| {
            apply_all(inbox).await.unwrap();
            inbox.store().backlog("listener").await.unwrap().events == 0
        });
        assert!(applied.await, "{engine}: each claim is lost to the other");
        let heard = listener.heard().await;
        assert!(heard.len() == 32 && heard.values().all(|(seqs, _)| seqs == "1"), "{engine}: {heard:?}");
    }
}
