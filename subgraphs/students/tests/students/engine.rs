//! What the document engines promise, each of them, without a word of students.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::library::{Database, Engine};
use async_trait::async_trait;
use lms_kit::{
    Problem, Refusal, Sources, StoreError,
    access::Caller,
    bus::NoBus,
    changes::Changes,
    documents::{
        ARCHIVE, ARCHIVE_BY_AGGREGATE, Aggregate, Collection, Decision, Document, DocumentOutbox, Documents,
        Find, FindEach, Index, KeyColumn, Migration, OUTBOX_LIMIT, Projection, State, Step, WAITING, Written,
        create, open, update,
    },
    event::{Event, OutboxRow},
    idempotency::{Call, Command},
    migrate::{MigrateError, Phase},
    outbox::{ClaimOptions, Outbox, Relay, RelayOptions, Settlement, Wake},
    page::SortKey,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const NOTES: Collection = Collection {
    name: "notes",
    keys: &[
        KeyColumn::text("shelf"),
        KeyColumn::integer("place"),
        KeyColumn::text("label"),
        KeyColumn::integer(WAITING),
    ],
};

const STEPS: &[Step] = &[
    Step::Collection(NOTES),
    Step::Index("notes", Index { name: "notes_by_shelf", columns: &["shelf", "place"], unique: false }),
    Step::Index("notes", Index { name: "notes_by_label", columns: &["label"], unique: true }),
    Step::Collection(ARCHIVE),
    Step::Index("events", ARCHIVE_BY_AGGREGATE),
];

const FIRST: Migration = Migration { version: 1, name: "notes", phase: Phase::Expand, steps: STEPS };

async fn engine(database: &Database) -> Arc<dyn Documents> {
    let engine = open("notes", &database.url).await.unwrap();
    engine.migrate("notes", &[FIRST], 1).await.unwrap();
    engine
}

fn note(id: &str, shelf: &str, place: i64) -> Document {
    let keys = BTreeMap::from([
        ("shelf", SortKey::from(shelf)),
        ("place", place.into()),
        ("label", format!("label {id}").into()),
    ]);
    Document {
        id: id.to_owned(),
        revision: 0,
        keys,
        body: json!({ "place": place, "text": "ß 😀", "list": [1, null, 2.5] }),
    }
}

#[tokio::test]
async fn a_document_changes_only_from_the_revision_that_was_read() {
    for kind in Engine::ALL {
        let database = Database::of(kind);
        let engine = engine(&database).await;
        let first = note("a", "s", 1);
        assert!(engine.insert(&NOTES, &first).await.unwrap());
        assert!(!engine.insert(&NOTES, &first).await.unwrap(), "{kind:?}: the identifier is taken");
        let same_label = Document { id: "b".into(), ..first.clone() };
        assert!(!engine.insert(&NOTES, &same_label).await.unwrap(), "{kind:?}: a unique key is taken");
        let read = engine.get(&NOTES, &["a".into(), "b".into()]).await.unwrap();
        assert_eq!((read.len(), read[0].revision, &read[0].body), (1, 1, &first.body), "{kind:?}");
        let next = Document { revision: 1, ..note("a", "s", 2) };
        assert!(engine.swap(&NOTES, &next).await.unwrap());
        assert!(!engine.swap(&NOTES, &next).await.unwrap(), "{kind:?}: it has moved on");
        assert_eq!(engine.get(&NOTES, &["a".into()]).await.unwrap()[0].body["place"], 2);
    }
}

#[tokio::test]
async fn pages_for_many_are_the_pages_of_each() {
    for kind in Engine::ALL {
        let database = Database::of(kind);
        let engine = engine(&database).await;
        let notes: Vec<Document> = (0..1_100)
            .map(|number| {
                note(&format!("{number:04}"), &format!("shelf {}", number % 40 * (number % 3)), number / 7)
            })
            .collect();
        assert_eq!(engine.insert_missing(&NOTES, &notes).await.unwrap(), 1_100);
        assert_eq!(engine.insert_missing(&NOTES, &notes).await.unwrap(), 0, "{kind:?}: they are there");
        let values: Vec<String> = (0..=80).map(|number| format!("shelf {number}")).collect();
        for (descending, from_end, limit) in
            [(false, false, 20), (true, false, 20), (true, true, 3), (false, false, 0)]
        {
            let mut find = Find { descending, ..Find::first("place", limit, Vec::new()) };
            find.window.from_end = from_end;
            let each = FindEach { by: "shelf", values: values.clone(), find: find.clone() };
            let pages = engine.find_each(&NOTES, &each).await.unwrap();
            for value in values.iter().step_by(9) {
                find.matches = vec![lms_kit::documents::Match::Equals("shelf", value.as_str().into())];
                let alone = engine.find(&NOTES, &find).await.unwrap();
                let together = pages.get(value).cloned().unwrap_or_default();
                assert_eq!(together, alone, "{kind:?}: {value}");
            }
        }
        let tallies = engine.tally(&NOTES, "shelf", &values, "place").await.unwrap();
        let wanted = notes.iter().filter(|note| note.keys["shelf"] == SortKey::from("shelf 0"));
        let (count, sum) =
            wanted.fold((0, 0), |(count, sum), note| (count + 1, sum + note.body["place"].as_i64().unwrap()));
        assert_eq!((tallies["shelf 0"].count, tallies["shelf 0"].sum), (count, sum), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_number_is_given_out_twice() {
    for kind in Engine::ALL {
        let database = Database::of(kind);
        let engine = engine(&database).await;
        let takers: Vec<_> = (0..8)
            .map(|_| {
                let engine = Arc::clone(&engine);
                tokio::spawn(async move {
                    let mut taken = Vec::new();
                    for _ in 0..10 {
                        taken.push(engine.take_numbers("n", 1).await.unwrap());
                    }
                    taken
                })
            })
            .collect();
        let mut numbers = BTreeSet::new();
        for taker in takers {
            numbers.extend(taker.await.unwrap());
        }
        assert_eq!(numbers, (1..=80).collect(), "{kind:?}");
    }
}

#[tokio::test]
async fn an_applied_migration_stays_as_it_is() {
    const EDITED: Migration = Migration { steps: &[Step::Collection(NOTES)], ..FIRST };
    const SECOND: Migration = Migration { version: 2, name: "more", ..FIRST };
    for kind in Engine::ALL {
        let database = Database::of(kind);
        let one = open("notes", &database.url).await.unwrap();
        let other = open("notes", &database.url).await.unwrap();
        let (first, second) =
            tokio::join!(one.migrate("notes", &[FIRST], 1), other.migrate("notes", &[FIRST], 1));
        first.unwrap();
        second.unwrap();
        let applied = async || {
            one.ledger("notes").await.unwrap().into_iter().map(|row| row.version).collect::<Vec<_>>()
        };
        assert_eq!(applied().await, vec![1], "{kind:?}: once");
        let edited = one.migrate("notes", &[EDITED], 1).await;
        assert!(matches!(edited, Err(MigrateError::Changed { version: 1, .. })), "{kind:?}: {edited:?}");
        one.migrate("notes", &[FIRST, SECOND], 1).await.unwrap();
        one.migrate("notes", &[FIRST], 1).await.unwrap();
        assert_eq!(applied().await, vec![1, 2], "{kind:?}: an older program runs beside what was added");
    }
}

/// A note that counts its changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Note {
    id: String,
    changes: i64,
    text: String,
}

impl State for Note {
    const COLLECTION: &'static Collection = &NOTES;

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> BTreeMap<&'static str, SortKey> {
        BTreeMap::from([
            ("shelf", "s".into()),
            ("place", self.changes.into()),
            ("label", self.id.as_str().into()),
        ])
    }
}

/// Makes nothing of an event, and fails while it is told to.
#[derive(Clone)]
struct Log(Arc<AtomicBool>);

#[async_trait]
impl Projection for Log {
    async fn project(
        &self,
        _: &dyn Documents,
        _event: &OutboxRow,
    ) -> Result<Vec<(&'static Collection, Document)>, StoreError> {
        if self.0.load(Ordering::Relaxed) {
            Err(StoreError::corrupt("log", "told to fail"))
        } else {
            Ok(Vec::new())
        }
    }
}

fn command(sources: &Sources, key: &str) -> Command {
    let call = Call { caller: Caller::Local("tests".into()), traceparent: None, sources: sources.clone() };
    Command::new(&call, "change", key, &Value::Null).unwrap()
}

fn changed() -> Event {
    Event {
        service: "notes",
        aggregate_type: "Note",
        aggregate_id: "n".into(),
        kind: "NoteChanged",
        data: Value::Null,
        deleted: false,
        touches: Vec::new(),
    }
}

/// Notes with their outboxes, and a relay that has nobody to tell.
struct Notes {
    engine: Arc<dyn Documents>,
    outbox: Arc<DocumentOutbox>,
    failing: Arc<AtomicBool>,
    sources: Sources,
}

impl Notes {
    async fn of(database: &Database) -> Self {
        let (engine, failing) = (engine(database).await, Arc::new(AtomicBool::new(false)));
        let outbox = DocumentOutbox::new(Arc::clone(&engine), Log(Arc::clone(&failing))).over::<Note>();
        let fresh = Aggregate::new(Note { id: "n".into(), changes: 0, text: String::new() });
        create(engine.as_ref(), fresh).await.unwrap().unwrap();
        Self { engine, outbox: Arc::new(outbox), failing, sources: Sources::repeatable() }
    }

    fn relay(&self) -> Relay {
        let outbox = Arc::clone(&self.outbox) as Arc<dyn Outbox>;
        Relay::new("notes", outbox, Arc::new(NoBus), Wake::default(), RelayOptions::default())
    }

    async fn change(&self, key: &str) -> Result<i64, Refusal> {
        let (missing, command) = (Problem::not_found(&["id"], "no note"), command(&self.sources, key));
        let decide = |aggregate: &mut Aggregate<Note>| {
            if let Some(before) = aggregate.replayed(&command)? {
                return Ok(Decision::Before(before));
            }
            let note = Note { changes: aggregate.state.changes + 1, ..aggregate.state.clone() };
            aggregate.change(note, &changed(), &command)?;
            Ok(Decision::Changed)
        };
        match update(self.engine.as_ref(), ("n", missing), decide).await? {
            Written::Before(note) => Ok(note.changes),
            Written::Now(aggregate) => {
                let changes = aggregate.state.changes;
                self.outbox.written(&[*aggregate]).await;
                Ok(changes)
            }
        }
    }

    async fn archived(&self) -> Vec<i64> {
        let archived = self.engine.find(&ARCHIVE, &Find::first("seq", 100, Vec::new())).await.unwrap();
        archived.iter().map(|event| event.body["seq"].as_i64().unwrap()).collect()
    }
}

#[tokio::test]
async fn a_full_outbox_refuses_and_empties_in_order() {
    for kind in Engine::ALL {
        let database = Database::of(kind);
        let notes = Notes::of(&database).await;
        notes.failing.store(true, Ordering::Relaxed);
        for number in 0..OUTBOX_LIMIT {
            notes.change(&format!("k{number}")).await.unwrap();
        }
        let refused = notes.change("one more").await.unwrap_err();
        let Refusal::Problems(problems) = &refused else { panic!("{refused}") };
        assert!(matches!(problems[..], [Problem::Unavailable { .. }]), "{kind:?}: {problems:?}");
        assert_eq!(notes.change("k3").await.unwrap(), 4, "{kind:?}: what it came to then");
        assert_eq!(notes.outbox.backlog().await.unwrap().events, 32, "{kind:?}");

        notes.failing.store(false, Ordering::Relaxed);
        let relay = notes.relay();
        while relay.turn().await.unwrap().claimed > 0 {}
        assert_eq!(notes.outbox.backlog().await.unwrap().events, 0, "{kind:?}: nothing waits");
        notes.change("one more").await.unwrap();
        relay.turn().await.unwrap();
        assert_eq!(notes.archived().await, (1..=33).collect::<Vec<_>>(), "{kind:?}");
    }
}

#[tokio::test]
async fn what_a_relay_claimed_is_not_anothers_until_its_lease_ends() {
    for kind in Engine::ALL {
        let database = Database::of(kind);
        let notes = Notes::of(&database).await;
        notes.change("first").await.unwrap();
        let claim = |lease_ms| ClaimOptions { aggregates: 10, depth: 10, lease_ms };
        let asleep = notes.outbox.claim(claim(0)).await.unwrap();
        let awake = notes.outbox.claim(claim(60_000)).await.unwrap();
        assert!(notes.outbox.claim(claim(0)).await.unwrap().is_empty(), "{kind:?}: it has a lease");
        let settlement = |of: &lms_kit::outbox::Claim| Settlement {
            aggregate: of.aggregate.clone(),
            fence: of.fence,
            sent: 1,
            failure: None,
        };
        assert_eq!(notes.outbox.settle(&[settlement(&asleep[0])]).await.unwrap(), 0, "{kind:?}");
        // A command between the claim and its settlement keeps its own event.
        notes.change("second").await.unwrap();
        assert_eq!(notes.outbox.settle(&[settlement(&awake[0])]).await.unwrap(), 1, "{kind:?}");
        let left = notes.outbox.claim(claim(0)).await.unwrap();
        assert_eq!(left[0].events.iter().map(|event| event.seq).collect::<Vec<_>>(), [2], "{kind:?}");
    }
}

#[tokio::test]
async fn the_state_is_the_latest_event_of_each_document() {
    for kind in Engine::ALL {
        let database = Database::of(kind);
        let notes = Notes::of(&database).await;
        for number in 0..3 {
            notes.change(&format!("k{number}")).await.unwrap();
        }
        while notes.relay().turn().await.unwrap().claimed > 0 {}
        let others = (0..5)
            .map(|number| Aggregate::new(Note { id: format!("m{number}"), changes: 0, text: String::new() }));
        for mut other in others {
            let event = Event { aggregate_id: other.state.id.clone(), ..changed() };
            other.record(other.state.clone(), &event, &command(&notes.sources, "other"));
            create(notes.engine.as_ref(), other).await.unwrap().unwrap();
        }
        let (mut seqs, mut from) = (Vec::new(), None);
        loop {
            let page = notes.outbox.page(from.as_deref(), 4).await.unwrap();
            for body in &page.changes {
                let event = lms_kit::event::Envelope::parse(body.as_bytes()).unwrap();
                seqs.push((event.subject, event.seq));
            }
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        let others = (0..5).map(|number| (format!("m{number}"), 1));
        assert_eq!(seqs, others.chain([("n".to_owned(), 3)]).collect::<Vec<_>>(), "{kind:?}");
        assert!(notes.outbox.of("Note/n").await.unwrap().unwrap().contains("\"seq\":3"), "{kind:?}");
        assert_eq!(notes.outbox.of("Other/n").await.unwrap(), None, "{kind:?}");
    }
}

#[test]
fn a_document_stays_small_however_it_is_used() {
    let sources = Sources::repeatable();
    // The longest comment there can be: four bytes for each of its characters.
    let mut aggregate = Aggregate::new(Note { id: "n".into(), changes: 0, text: "😀".repeat(4096) });
    let event = Event {
        data: json!({ "isbn": "9780000000000", "student": "2024/17", "id": "x".repeat(24), "grade": 10 }),
        ..changed()
    };
    for number in 0..OUTBOX_LIMIT {
        let note = Note { changes: aggregate.state.changes + 1, ..aggregate.state.clone() };
        let key = format!("0190c1f4-8a2b-7def-8123-{number:012}");
        aggregate.change(note, &event, &command(&sources, &key)).unwrap();
    }
    let document = aggregate.document().unwrap();
    let bytes = document.body.to_string().len();
    assert!(bytes < 64 * 1024, "{bytes} bytes");
}
