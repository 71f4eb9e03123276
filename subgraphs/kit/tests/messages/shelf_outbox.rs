//! A document whose events cannot leave holds up no other.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    changes::Changes,
    documents::{
        ARCHIVE, Aggregate, Collection, Document, DocumentOutbox, Documents, Find, Match, Projection, State,
        WAITING, create,
    },
    event::{Event, OutboxRow},
    outbox::{ClaimOptions, Outbox, Relay, RelayOptions},
    page::SortKey,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    shelf::{ENGINES, NOTES, Shelf},
    wire::Wire,
    world::{ALL, command},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Note {
    id: String,
}

impl State for Note {
    const COLLECTION: &'static Collection = &NOTES;

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> BTreeMap<&'static str, SortKey> {
        BTreeMap::new()
    }
}

/// Makes nothing of an event, and fails with those of `bad` while it is told to.
struct Log(Arc<AtomicBool>);

#[async_trait]
impl Projection for Log {
    async fn project(
        &self,
        _: &dyn Documents,
        event: &OutboxRow,
    ) -> Result<Vec<(&'static Collection, Document)>, StoreError> {
        if self.0.load(Ordering::Relaxed) && event.aggregate_id == "bad" {
            return Err(StoreError::corrupt("log", "told to fail"));
        }
        Ok(Vec::new())
    }
}

/// Notes, and whoever sends what they say.
struct Site {
    shelf: Shelf,
    outbox: Arc<DocumentOutbox>,
    failing: Arc<AtomicBool>,
    wire: Arc<Wire>,
}

impl Site {
    async fn of(engine: &str) -> Self {
        let (shelf, failing) = (Shelf::of(engine).await, Arc::new(AtomicBool::new(false)));
        let outbox = DocumentOutbox::new(Arc::clone(&shelf.documents), Log(Arc::clone(&failing)));
        Self { outbox: Arc::new(outbox.over::<Note>()), shelf, failing, wire: Arc::default() }
    }

    fn relay(&self, claim: ClaimOptions) -> Relay {
        let options = RelayOptions { claim, ..RelayOptions::default() };
        let (outbox, wake) = (Arc::clone(&self.outbox) as Arc<dyn Outbox>, self.outbox.wake().clone());
        Relay::new("notes", outbox, Arc::clone(&self.wire) as _, wake, options)
    }

    fn written(id: &str) -> Aggregate<Note> {
        Self::said(Aggregate::new(Note { id: id.to_owned() }), 0)
    }

    /// The note once more, with an event that was said some days ago.
    fn said(mut note: Aggregate<Note>, days_ago: i64) -> Aggregate<Note> {
        let id = note.state.id.clone();
        let event = Event {
            service: "notes",
            aggregate_type: "Note",
            aggregate_id: id,
            kind: "NoteWritten",
            data: json!({ "value": 1 }),
            deleted: false,
            touches: Vec::new(),
        };
        let mut command = command();
        command.now_ms -= days_ago * 24 * 60 * 60 * 1000;
        note.record(note.state.clone(), &event, &command);
        note
    }

    /// The numbers of a note's events in the archive.
    async fn archived(&self, id: &str) -> Vec<i64> {
        let of = vec![Match::Equals("aggregateId", id.into())];
        let found = self.shelf.documents.find(&ARCHIVE, &Find::first("seq", 9, of)).await.unwrap();
        found.iter().map(|found| found.body["seq"].as_i64().unwrap()).collect()
    }

    /// Makes something else of a stored note's body.
    async fn rewrite(&self, id: &str, change: impl Fn(&mut Value)) {
        let found = self.shelf.documents.get(&NOTES, &[id.to_owned()]).await.unwrap().remove(0);
        let (mut body, keys) = (found.body, BTreeMap::from([(WAITING, SortKey::Null)]));
        change(&mut body);
        let document = Document { id: found.id, revision: found.revision, keys, body };
        assert!(self.shelf.documents.swap(&NOTES, &document).await.unwrap());
    }

    async fn write(&self, id: &str) {
        create(self.shelf.documents.as_ref(), Self::written(id)).await.unwrap().unwrap();
    }

    async fn stuck(&self) -> i64 {
        self.outbox.backlog().await.unwrap().stuck
    }
}

#[tokio::test]
async fn documents_that_cannot_be_read_hold_up_no_other() {
    const FEW: ClaimOptions = ClaimOptions { aggregates: 1, ..ALL };
    for engine in ENGINES {
        let site = Site::of(engine).await;
        let rubbish = |id: &str, body: Value| Document {
            id: id.to_owned(),
            revision: 0,
            keys: BTreeMap::from([(WAITING, 1.into())]),
            body,
        };
        // More of them than a relay with these options looks at.
        for number in 0..6 {
            let document = rubbish(&format!("rubbish {number}"), json!("rubbish"));
            assert!(site.shelf.documents.insert(&NOTES, &document).await.unwrap());
        }
        site.write("good").await;
        let relay = site.relay(FEW);
        for _ in 0..3 {
            relay.turn().await.unwrap();
        }
        assert_eq!(site.wire.seqs("good"), [1], "{engine}");
        assert_eq!(site.stuck().await, 6, "{engine}: they are not forgotten");
        assert_eq!(site.outbox.page(None, 10).await.unwrap().changes.len(), 1, "{engine}: nor in the way");

        // Mended, it is sent when the relay is told to look again.
        let mended = Site::written("rubbish 0").document().unwrap();
        let mended = Document { revision: 1, keys: BTreeMap::from([(WAITING, i64::MAX.into())]), ..mended };
        assert!(site.shelf.documents.swap(&NOTES, &mended).await.unwrap());
        relay.turn().await.unwrap();
        assert_eq!(site.wire.seqs("rubbish 0"), [0; 0], "{engine}: it is not tried again and again");
        site.outbox.reconsider().await.unwrap();
        relay.turn().await.unwrap();
        assert_eq!(site.wire.seqs("rubbish 0"), [1], "{engine}");
        assert_eq!(site.stuck().await, 5, "{engine}");
    }
}

#[tokio::test]
async fn events_that_cannot_be_projected_hold_up_no_other_document() {
    for engine in ENGINES {
        let site = Site::of(engine).await;
        site.failing.store(true, Ordering::Relaxed);
        for id in ["bad", "good"] {
            site.write(id).await;
        }
        let relay = site.relay(ALL);
        while relay.turn().await.unwrap().claimed > 0 {}
        let backlog = site.outbox.backlog().await.unwrap();
        assert_eq!((backlog.events, backlog.stuck), (1, 1), "{engine}: the other has left");
        assert_eq!((site.archived("bad").await, site.archived("good").await), (vec![], vec![1]), "{engine}");

        site.failing.store(false, Ordering::Relaxed);
        site.outbox.reconsider().await.unwrap();
        while relay.turn().await.unwrap().claimed > 0 {}
        let backlog = site.outbox.backlog().await.unwrap();
        assert_eq!((backlog.events, backlog.stuck), (0, 0), "{engine}");
        assert_eq!(site.archived("bad").await, [1], "{engine}: nothing is lost");
    }
}

#[tokio::test]
async fn what_left_long_ago_is_forgotten_and_what_was_said_last_is_not() {
    for engine in ENGINES {
        let site = Site::of(engine).await;
        for id in ["old form", "now", "rubbish"] {
            let note = Site::said(Site::said(Aggregate::new(Note { id: id.to_owned() }), 10), 9);
            let note = if id == "now" { Site::said(note, 1) } else { note };
            create(site.shelf.documents.as_ref(), note).await.unwrap().unwrap();
        }
        let relay = site.relay(ALL);
        while relay.turn().await.unwrap().claimed > 0 {}
        // Documents of old have what was said last in the archive only.
        site.rewrite("old form", |body| body["latest"] = Value::Null).await;
        site.rewrite("rubbish", |body| *body = json!("rubbish")).await;
        let before = site.outbox.of("Note/old form").await.unwrap();
        assert!(before.as_ref().is_some_and(|body| body.contains("\"seq\":2")), "{engine}: {before:?}");

        assert_eq!(site.outbox.forget_archive().await.unwrap(), 4, "{engine}");
        assert_eq!(site.archived("old form").await, [0; 0], "{engine}");
        assert_eq!(site.archived("now").await, [3], "{engine}: it left yesterday");
        assert_eq!(site.archived("rubbish").await, [1, 2], "{engine}: nothing else says what was said last");
        assert_eq!(site.outbox.of("Note/old form").await.unwrap(), before, "{engine}");
        assert_eq!(site.outbox.page(None, 10).await.unwrap().changes.len(), 2, "{engine}");
        assert_eq!(site.outbox.forget_archive().await.unwrap(), 0, "{engine}");
    }
}

#[tokio::test]
async fn more_than_is_looked_at_at_once_is_forgotten_as_well() {
    for engine in ENGINES {
        let site = Site::of(engine).await;
        let of = |number: usize| {
            let note = Site::said(Aggregate::new(Note { id: format!("note {number}") }), 8);
            let event = &note.outbox()[0];
            let keys = [("aggregateId", event.aggregate_id.as_str().into()), ("seq", event.seq.into())];
            Document { id: event.event_id.clone(), revision: 0, keys: keys.into(), body: json!(event) }
        };
        let archived: Vec<_> = (0..1_200).map(of).collect();
        site.shelf.documents.insert_missing(&ARCHIVE, &archived).await.unwrap();
        assert_eq!(site.outbox.forget_archive().await.unwrap(), 1_200, "{engine}: no document needs them");
        assert_eq!(site.shelf.documents.scan(&ARCHIVE, None, 1).await.unwrap(), [], "{engine}");
    }
}
