//! A service over an engine of its own that listens: records in a file that is written anew with each commit.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    event::Envelope,
    inbox::{DeadLetters, HandleError, Handler, InboxStore, Most},
    migrate::{MigrateError, Phase},
    records::{Migration, RecordEngine, RecordInbox, RecordTx, Records, Write, migrate},
    service::Engine,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::{
    wire::Wire,
    world::{ALL, Database, Ear, Listening, apply_all, inbox},
};

/// The engines of this kind.
pub(crate) const ENGINES: [&str; 1] = ["records in a file"];

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "notes", phase: Phase::Expand, script: "room for notes" }];

/// All that is in the file.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Content {
    scripts: Vec<String>,
    records: BTreeMap<String, String>,
    heard: BTreeMap<String, (String, i64)>,
}

/// The engine.
pub(crate) struct File {
    path: PathBuf,
    content: Mutex<Content>,
    statements: AtomicU64,
    fails: AtomicBool,
}

impl File {
    fn open(path: PathBuf) -> Self {
        let content = std::fs::read(&path).map(|bytes| serde_json::from_slice(&bytes).unwrap());
        let content = Mutex::new(content.unwrap_or_default());
        Self { path, content, statements: AtomicU64::default(), fails: AtomicBool::default() }
    }

    async fn write(&self, change: impl FnOnce(&mut Content)) -> Result<(), StoreError> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let mut content = self.content.lock().await;
        let mut changed = content.clone();
        change(&mut changed);
        if self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::Refused("the disk is full".into()));
        }
        std::fs::write(&self.path, serde_json::to_vec(&changed).unwrap()).unwrap();
        *content = changed;
        Ok(())
    }
}

#[async_trait]
impl Records for File {
    /// What was heard: sequence, number and value.
    type Effects = Vec<(String, i64, i64)>;

    async fn get(&self, keys: &[String]) -> Result<BTreeMap<String, String>, StoreError> {
        let content = self.content.lock().await;
        let found = keys.iter().filter_map(|key| Some((key.clone(), content.records.get(key)?.clone())));
        Ok(found.collect())
    }

    async fn scan(&self, prefix: &str) -> Result<BTreeMap<String, String>, StoreError> {
        let content = self.content.lock().await;
        let found = content.records.iter().filter(|(key, _)| key.starts_with(prefix));
        Ok(found.map(|(key, text)| (key.clone(), text.clone())).collect())
    }

    async fn commit(&self, records: &[Write], effects: Self::Effects) -> Result<(), StoreError> {
        self.write(|content| {
            for Write { key, text } in records {
                match text {
                    Some(text) => drop(content.records.insert(key.clone(), text.clone())),
                    None => drop(content.records.remove(key)),
                }
            }
            for (stream, seq, value) in effects {
                let heard = content.heard.entry(stream).or_default();
                let seqs = format!("{} {seq}", heard.0);
                seqs.trim_start().clone_into(&mut heard.0);
                heard.1 = value;
            }
        })
        .await
    }

    async fn run(&self, script: &str) -> Result<(), StoreError> {
        self.write(|content| content.scripts.push(script.to_owned())).await
    }

    fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    async fn close(&self) {}
}

/// A database of this kind.
pub(crate) struct Tray {
    file: Arc<File>,
    inbox: RecordInbox<File>,
    folder: tempfile::TempDir,
}

impl Tray {
    /// What a process that starts anew finds.
    fn restarted(self) -> Self {
        let file = Arc::new(File::open(self.folder.path().join("notes.json")));
        Self { inbox: RecordInbox::new(Arc::clone(&file)), file, folder: self.folder }
    }
}

#[async_trait]
impl Handler<RecordTx<File>> for Ear {
    async fn apply(&self, tx: &mut RecordTx<File>, event: &Envelope) -> Result<(), HandleError> {
        let value = self.value(event)?;
        tx.effects.push((event.stream(), event.seq, value));
        Ok(())
    }
}

impl Listening for Tray {
    type Store = RecordInbox<File>;

    async fn of(_: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = Arc::new(File::open(folder.path().join("notes.json")));
        Self { inbox: RecordInbox::new(Arc::clone(&file)), file, folder }
    }

    fn store(&self) -> RecordInbox<File> {
        self.inbox.clone()
    }

    fn handler(&self, ear: Ear) -> impl Handler<RecordTx<File>> + 'static {
        ear
    }

    async fn heard(&self) -> BTreeMap<String, (String, i64)> {
        self.file.content.lock().await.heard.clone()
    }
}

/// What waits, is dead or was applied is what a process that starts anew knows; a commit that fails has not happened.
#[tokio::test]
async fn what_was_committed_outlives_the_process_and_nothing_else_does() {
    let (notes, wire) = (Database::of("sqlite").await, Arc::new(Wire::default()));
    for value in 1..=4 {
        notes.write("a", value).await;
        notes.write("b", value).await;
    }
    while notes.relay(&wire, ALL).turn().await.unwrap().claimed > 0 {}
    let (events, ear) = (wire.received(), Ear::default());
    ear.refuses.lock().unwrap().push(3);
    let first = Tray::of("").await;
    let dying = inbox(&first, &notes, ear.clone());
    let of_a = |event: &&lms_kit::inbox::Received| event.sequence.stream == "Note/a";
    let all_of_a: Vec<_> = events.iter().filter(of_a).cloned().collect();
    dying.receive(&all_of_a).await.unwrap();
    apply_all(&dying).await.unwrap();
    // It has stored these when it ends, and has not applied them.
    let of_b: Vec<_> = events.iter().filter(|event| !of_a(event)).cloned().collect();
    dying.receive(&of_b[1..]).await.unwrap();
    first.file.fails.store(true, Ordering::Relaxed);
    dying.receive(&of_b[..1]).await.unwrap_err();
    first.file.fails.store(false, Ordering::Relaxed);
    let backlog = dying.store().backlog("listener").await.unwrap();
    assert_eq!((backlog.events, backlog.parked, backlog.dead), (5, 1, 1), "what failed was not stored");

    let second = first.restarted();
    let alive = inbox(&second, &notes, ear.clone());
    assert_eq!(alive.store().backlog("listener").await.unwrap().events, 5);
    let letters = alive.store().list(Most::default()).await.unwrap().letters;
    assert_eq!((letters.len(), letters[0].seq, letters[0].behind), (1, 3, 1));
    ear.refuses.lock().unwrap().clear();
    assert!(alive.store().replay("listener", &letters[0].sequence, 3, None).await.unwrap());
    alive.receive(&of_b[..1]).await.unwrap();
    apply_all(&alive).await.unwrap();
    alive.receive(&events).await.unwrap();
    apply_all(&alive).await.unwrap();
    let heard = second.heard().await;
    assert_eq!((heard["Note/a"].0.as_str(), heard["Note/b"].0.as_str()), ("1 2 3 4", "1 2 3 4"));
    let left = second.file.scan("event ").await.unwrap();
    assert_eq!(left, BTreeMap::new(), "what was applied is not kept");
}

#[tokio::test]
async fn one_ledger_says_which_migrations_ran() {
    let folder = tempfile::tempdir().unwrap();
    let file = Arc::new(File::open(folder.path().join("notes.json")));
    let engine = RecordEngine::open(Arc::clone(&file), "notes", MIGRATIONS, 7).await.unwrap();
    assert_eq!(engine.ready().await, Ok(()));
    drop(RecordEngine::open(Arc::clone(&file), "notes", MIGRATIONS, 8).await.unwrap());
    let content = file.content.lock().await.clone();
    assert_eq!(content.scripts, ["room for notes"], "it ran once");
    let row: serde_json::Value = serde_json::from_str(&content.records["migration notes 0001"]).unwrap();
    assert_eq!((&row["kind"], &row["applied_at"]), (&"records".into(), &7.into()), "{row}");

    let edited = [Migration { script: "more room", ..MIGRATIONS[0] }];
    let refused = migrate(file.as_ref(), ("notes", &edited), 9, None).await.unwrap_err();
    assert!(matches!(refused, MigrateError::Changed { .. }), "{refused}");
    let standing = engine.standing().await.unwrap().unwrap();
    assert_eq!((standing.ledger.len(), standing.pending.len()), (1, 0));
}

#[tokio::test]
async fn messages_that_were_applied_long_ago_are_forgotten_and_events_never_are() {
    let tray = Tray::of("").await;
    let of = |name: &str| format!("sequence listener notes {name}");
    let record = |name: &str, applied_at: i64| Write {
        key: of(name),
        text: Some(format!(
            "{{\"lastSeq\":1,\"attempts\":0,\"nextTryAt\":0,\"dead\":null,\"appliedAt\":{applied_at}}}"
        )),
    };
    let records = [
        record("Command/old", 0),
        record("Reply/old", 0),
        record("Command/new", i64::MAX),
        record("Note/old", 0),
    ];
    tray.file.commit(&records, Vec::new()).await.unwrap();
    let engine = RecordEngine::open(Arc::clone(&tray.file), "notes", MIGRATIONS, 1).await.unwrap();
    engine.purge(0).await.unwrap();
    let left: Vec<_> = tray.file.scan("sequence ").await.unwrap().into_keys().collect();
    assert_eq!(left, [of("Command/new"), of("Note/old")]);
}
