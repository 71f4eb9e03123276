//! Markers show how far behind a consumer is, go the way of every message, and leave nothing behind.

use std::{sync::Arc, time::Duration};

use async_graphql::{EmptyMutation, Object};
use lms_kit::{
    Service, Sources,
    bus::{LocalBus, SubscriptionName, Topic},
    changes::{Changes, LocalOwners, SqlChanges},
    inbox::{Consumer, Inbox, InboxStore, SqlInbox},
    service::{Listener, Markers, SchemaParts, SqlEngine, Surroundings, schema},
    sql::Sql,
    watch::{Peer, Traffic},
};

use crate::world::{Database, ENGINES, Ear, Listening, apply_all, inbox, soon};

struct Query;

#[Object]
impl Query {
    async fn nothing(&self) -> Option<bool> {
        None
    }
}

const EVERY: Duration = Duration::from_millis(20);

fn notes(db: &Database) -> Service {
    let parts = SchemaParts::new("notes", schema(Query, EmptyMutation).finish(), &[]);
    let engine = SqlEngine { db: db.db.clone(), owner: "notes", migrations: &[] };
    Service::new(parts, Arc::new(engine), Sources::system()).unwrap()
}

fn heard(db: &Database) -> Service {
    let listener = Listener {
        consumer: "listener",
        store: SqlInbox::new(db.db.clone()),
        handler: Ear::default(),
        events_of: &["notes"],
        messages: Vec::new(),
        speaks_on: Vec::new(),
    };
    let parts = SchemaParts::new("listener", schema(Query, EmptyMutation).finish(), &[]).listening(listener);
    let engine = SqlEngine { db: db.db.clone(), owner: "listener", migrations: &[] };
    Service::new(parts, Arc::new(engine), Sources::system()).unwrap()
}

async fn surroundings(folder: &tempfile::TempDir, notes: &Database, markers: Markers) -> Surroundings {
    let bus = LocalBus::open(&folder.path().join("bus.sqlite")).await.unwrap();
    let mut owners = LocalOwners::default();
    owners.insert("notes", Arc::new(SqlChanges::new(notes.db.clone())));
    Surroundings { markers, ..Surroundings::new(Arc::new(bus), Arc::new(owners)) }
}

async fn rows(db: &Database, table: &'static str) -> i64 {
    let count = Sql::new("SELECT COUNT(*) AS rows FROM ").push(table);
    db.db.one(&count, "count").await.unwrap().int("rows").unwrap()
}

fn mark(traffic: &Traffic) -> i64 {
    traffic.hears[0].marks.first().map_or(0, |mark| mark.left_at)
}

#[tokio::test]
async fn markers_come_through_and_leave_one_row_behind() {
    for engine in ENGINES {
        let (source, target) = (Database::of(engine).await, Database::of(engine).await);
        let folder = tempfile::tempdir().unwrap();
        let around = surroundings(&folder, &source, Markers { every: EVERY, always: true }).await;
        let (notes, ear) = (notes(&source), heard(&target));
        let (joined, around_ear) = (notes.clone(), around.clone());
        let sending = tokio::spawn(async move { joined.take_part(&around).await });
        let hearing = {
            let ear = ear.clone();
            tokio::spawn(async move { ear.take_part(&around_ear).await })
        };
        source.write("a", 1).await;
        let marked = |than: i64| {
            let ear = ear.clone();
            async move || mark(&ear.traffic().await.unwrap()) > than
        };
        assert!(soon(marked(0)).await, "{engine}");
        let first = ear.traffic().await.unwrap();
        assert!(soon(marked(mark(&first))).await, "{engine}: the next ones come as well");
        let place = &first.hears[0].marks[0];
        assert_eq!(
            (place.source.as_str(), place.topic.as_str(), place.partition),
            ("notes", "notes.events", 0),
            "{engine}"
        );
        assert_eq!(first.hears[0].marks.len(), 1, "{engine}: its own topic is heard by nobody");
        let told = notes.traffic().await.unwrap();
        assert!(told.sent.latest.len() > 1 && told.sent.next_after(told.now).is_none(), "{engine}: {told:?}");
        let partitions: Vec<_> =
            told.speaks_on.iter().map(|spoken| (spoken.topic.as_str(), spoken.partitions)).collect();
        assert_eq!(partitions, [("notes.events", 1)], "{engine}");

        assert!(
            soon(async || !target.heard().await.is_empty()).await,
            "{engine}: the event came between them"
        );
        tokio::time::sleep(EVERY * 10).await;
        sending.abort();
        hearing.abort();
        assert_eq!(target.heard().await["Note/a"].0, "1", "{engine}: markers disturb no sequence");
        assert_eq!(rows(&source, "outbox").await, 1, "{engine}: nor the archive");
        let state = SqlChanges::new(source.db.clone()).page(None, 10).await.unwrap();
        assert_eq!(state.changes.len(), 1, "{engine}: nor the state");
        assert_eq!(rows(&target, "inbox_streams").await, 2, "{engine}: the note's, and the markers'");
        assert!(rows(&target, "inbox").await <= 1, "{engine}");
    }
}

/// A listener's subscription and inbox, each moved by hand.
async fn by_hand(
    around: &Surroundings,
    inbox: Inbox<SqlInbox>,
) -> (Consumer<SqlInbox>, Box<dyn lms_kit::bus::Subscription>, Arc<Inbox<SqlInbox>>) {
    let name = SubscriptionName { topic: Topic::events("notes"), name: "listener".to_owned() };
    around.bus.declare(&[], std::slice::from_ref(&name)).await.unwrap();
    let inbox = Arc::new(inbox);
    let consumer = Consumer::of_events(Arc::clone(&around.bus), name.clone(), Arc::clone(&inbox));
    (consumer, around.bus.subscribe(&name).await.unwrap(), inbox)
}

#[tokio::test]
async fn a_marker_counts_when_it_is_applied_and_one_waits_at_most() {
    for engine in ENGINES {
        let (source, target) = (Database::of(engine).await, Database::of(engine).await);
        let folder = tempfile::tempdir().unwrap();
        let around = surroundings(&folder, &source, Markers { every: EVERY, always: true }).await;
        let (consumer, mut subscription, inbox) =
            by_hand(&around, inbox(&target, &source, Ear::default())).await;
        let sending = {
            let (notes, around) = (notes(&source), around.clone());
            tokio::spawn(async move { notes.take_part(&around).await })
        };
        for _ in 0..3 {
            tokio::time::sleep(EVERY * 3).await;
            consumer.receive_once(subscription.as_mut()).await.unwrap();
        }
        let ear = heard(&target);
        assert_eq!(mark(&ear.traffic().await.unwrap()), 0, "{engine}: received and stored is not applied");
        assert_eq!(rows(&target, "inbox").await, 1, "{engine}: the others of its kind wait behind none");
        assert_eq!(inbox.store().backlog("listener").await.unwrap().events, 0, "{engine}: it is no event");
        apply_all(&inbox).await.unwrap();
        let applied = mark(&ear.traffic().await.unwrap());
        assert!(applied > 0, "{engine}");
        tokio::time::sleep(EVERY * 3).await;
        sending.abort();
        // Whatever comes late is older than what was applied.
        let late = consumer.receive_once(subscription.as_mut());
        if let Ok(received) = tokio::time::timeout(EVERY * 100, late).await {
            received.unwrap();
        }
        apply_all(&inbox).await.unwrap();
        assert!(mark(&ear.traffic().await.unwrap()) >= applied, "{engine}");
        assert_eq!(rows(&target, "inbox").await, 0, "{engine}");
    }
}

#[tokio::test]
async fn a_service_that_nobody_looks_at_says_none_if_it_is_told_so() {
    let source = Database::of("sqlite").await;
    let folder = tempfile::tempdir().unwrap();
    let around = surroundings(&folder, &source, Markers { every: EVERY, always: false }).await;
    let notes = notes(&source);
    let joined = notes.clone();
    let sending = tokio::spawn(async move { joined.take_part(&around).await });
    tokio::time::sleep(EVERY * 5).await;
    assert!(notes.traffic().await.unwrap().sent.latest.is_empty(), "nobody has looked yet");
    assert!(
        soon(async || notes.traffic().await.unwrap().sent.latest.len() > 2).await,
        "whoever looks, looks on"
    );
    sending.abort();
}
