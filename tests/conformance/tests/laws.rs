//! What each SQL engine must keep to, whatever is asked at the same time.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use futures::future::join_all;
use lms_kit::{
    Service, Sources,
    service::Headers,
    sources::Clock,
    sql::{Db, DbOptions, Sql},
};
use octavo_engines::shared;
use serde_json::{Value, json};

/// A genres service on a database of its own.
struct Genres {
    url: String,
    service: Service,
    clock: Arc<SetClock>,
    _folder: tempfile::TempDir,
}

/// A clock that a test sets.
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

const CREATE: &str = "mutation($name: String!, $key: String!) {
    createGenre(name: $name, idempotencyKey: $key) { genre { id name version } problems { code } } }";
const RENAME: &str = "mutation($id: ID!, $name: String!, $version: Int!, $key: String!) {
    renameGenre(id: $id, name: $name, expectedVersion: $version, idempotencyKey: $key) {
        genre { id version } problems { code } } }";

impl Genres {
    async fn on(url: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("genres.sqlite");
        let url = url.unwrap_or_else(|| format!("sqlite:{}", path.display()));
        let clock = Arc::new(SetClock(AtomicI64::new(1_700_000_000_000)));
        let sources = Sources { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..Sources::system() };
        let service = lms_genres::open(&url, sources).await.unwrap();
        Self { url, service, clock, _folder: folder }
    }

    async fn ask(&self, query: &str, variables: Value) -> String {
        let body = json!({ "query": query, "variables": variables }).to_string();
        String::from_utf8(self.service.answer(body.as_bytes(), Headers::default()).await).unwrap()
    }

    async fn created(&self, name: &str) -> Value {
        let answer = self.ask(CREATE, json!({ "name": name, "key": name })).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["data"]["createGenre"]["genre"].clone()
    }

    async fn db(&self) -> Db {
        Db::open("laws", &self.url, DbOptions::default()).await.unwrap()
    }

    /// The events in the outbox: aggregate, seq and type, in order.
    async fn events(&self) -> Vec<(String, i64, String)> {
        let query = Sql::new("SELECT aggregate_id, seq, type FROM outbox ORDER BY aggregate_id, seq");
        let rows = self.db().await.rows(&query).await.unwrap();
        let read = |row: &lms_kit::sql::Row| {
            (row.text("aggregate_id").unwrap(), row.int("seq").unwrap(), row.text("type").unwrap())
        };
        rows.iter().map(read).collect()
    }
}

/// Runs a law on both engines.
async fn on_both<F: Future<Output = ()>>(law: impl Fn(Genres) -> F) {
    law(Genres::on(None).await).await;
    law(Genres::on(Some(shared::postgres_database("genres").await.unwrap())).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_at_once_with_one_key_are_one_change_and_one_answer() {
    on_both(|genres| async move {
        let asks = (0..8).map(|_| genres.ask(CREATE, json!({ "name": "Once", "key": "one" })));
        let answers = join_all(asks).await;
        assert!(answers[0].contains("\"name\":\"Once\""), "{}", answers[0]);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(genres.events().await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_who_saw_one_version_one_wins() {
    on_both(|genres| async move {
        let id = genres.created("Contested").await["id"].clone();
        let asks = (0..8).map(|at| {
            let variables =
                json!({ "id": id, "name": format!("Name {at}"), "version": 1, "key": format!("key {at}") });
            genres.ask(RENAME, variables)
        });
        let answers = join_all(asks).await;
        assert_eq!(answers.iter().filter(|answer| answer.contains("\"version\":2")).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.contains("VERSION_CONFLICT")).count(), 7);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_who_want_one_name_one_gets_it() {
    on_both(|genres| async move {
        let asks =
            (0..8).map(|at| genres.ask(CREATE, json!({ "name": "Wanted", "key": format!("key {at}") })));
        let answers = join_all(asks).await;
        assert_eq!(answers.iter().filter(|answer| answer.contains("\"version\":1")).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.contains("DUPLICATE")).count(), 7);

        let mut ids = Vec::new();
        for at in 0..4 {
            ids.push(genres.created(&format!("Renamed {at}")).await["id"].clone());
        }
        let asks = ids.iter().map(|id| {
            genres.ask(RENAME, json!({ "id": id, "name": "One for all", "version": 1, "key": id }))
        });
        let answers = join_all(asks).await;
        assert_eq!(answers.iter().filter(|answer| answer.contains("\"version\":2")).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.contains("DUPLICATE")).count(), 3);
    })
    .await;
}

#[tokio::test]
async fn each_change_has_one_event_and_a_refusal_has_none() {
    on_both(|genres| async move {
        let id = genres.created("Eventful").await["id"].clone();
        genres.created("eventful").await;
        for (name, version) in [("Second", 1), ("Refused", 1), ("Third", 2), ("", 3)] {
            let key = format!("{name} {version}");
            genres.ask(RENAME, json!({ "id": id, "name": name, "version": version, "key": key })).await;
        }
        let delete = "mutation($id: ID!) { deleteGenre(id: $id, expectedVersion: 3, idempotencyKey: \"d\") { genre { id } } }";
        genres.ask(delete, json!({ "id": id })).await;
        let events: Vec<_> = genres.events().await.into_iter().map(|(_, seq, kind)| (seq, kind)).collect();
        let expected = ["GenreCreated", "GenreRenamed", "GenreRenamed", "GenreDeleted"];
        assert_eq!(events, (1..).zip(expected.map(str::to_owned)).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_key_is_kept_for_a_day() {
    on_both(|genres| async move {
        let first = genres.created("Kept").await;
        assert_eq!(genres.created("Kept").await, first);
        genres.clock.0.fetch_add(24 * 60 * 60 * 1000 - 1, Ordering::Relaxed);
        assert_eq!(genres.created("Kept").await, first);
        genres.clock.0.fetch_add(1, Ordering::Relaxed);
        assert_eq!(genres.created("Kept").await, Value::Null, "after a day it is asked anew, and taken");
        genres.created("Later").await;
        genres.service.purge().await.unwrap();
        let left = genres.db().await.rows(&Sql::new("SELECT key FROM idempotency")).await.unwrap();
        let left: Vec<_> = left.iter().map(|row| row.text("key").unwrap()).collect();
        assert_eq!(left, ["Later"], "what is over is forgotten, the rest is kept");
    })
    .await;
}

#[tokio::test]
async fn fifty_representations_cost_one_statement_for_each_key() {
    on_both(|genres| async move {
        let mut representations = Vec::new();
        for at in 0..25 {
            let genre = genres.created(&format!("Genre {at}")).await;
            representations.push(json!({ "__typename": "Genre", "id": genre["id"] }));
            representations.push(json!({ "__typename": "Genre", "name": genre["name"] }));
        }
        let before = genres.service.statements();
        let query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Genre { id } } }";
        let answer = genres.ask(query, json!({ "r": representations })).await;
        assert_eq!(answer.matches("\"id\"").count(), 50, "{answer}");
        assert_eq!(genres.service.statements() - before, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_start_at_once_migrate_once() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", folder.path().join("genres.sqlite").display());
    for url in [sqlite, shared::postgres_database("genres").await.unwrap()] {
        let opened = join_all((0..4).map(|_| lms_genres::open(&url, Sources::system()))).await;
        let services: Vec<_> = opened.into_iter().map(Result::unwrap).collect();
        let db = Db::open("laws", &url, DbOptions::default()).await.unwrap();
        let applied = Sql::new("SELECT owner, version FROM migration_ledger ORDER BY owner, version");
        let rows = db.rows(&applied).await.unwrap();
        let applied: Vec<_> =
            rows.iter().map(|row| (row.text("owner").unwrap(), row.int("version").unwrap())).collect();
        for owner in ["genres", "kit"] {
            let versions: Vec<i64> =
                applied.iter().filter(|(by, _)| by == owner).map(|(_, version)| *version).collect();
            let last = i64::try_from(versions.len()).unwrap();
            assert!(last > 0 && versions.iter().copied().eq(1..=last), "{owner}: {versions:?}");
        }
        for service in services {
            service.close().await;
        }
    }
}

#[tokio::test]
async fn an_edited_migration_and_an_unknown_one_stop_the_start() {
    on_both(|genres| async move {
        let db = genres.db().await;
        let write = async |sql: &'static str| {
            let mut tx = db.begin().await.unwrap();
            tx.run(&Sql::new(sql)).await.unwrap();
            tx.commit().await.unwrap();
        };
        let refusal = async || match lms_genres::open(&genres.url, Sources::system()).await {
            Ok(_) => panic!("it started"),
            Err(error) => error.to_string(),
        };
        write("UPDATE migration_ledger SET version = 9, phase = 'contract' WHERE owner = 'genres'").await;
        let refused = refusal().await;
        assert!(
            refused.contains("genres/0009 has taken something away, and this program does not know it"),
            "{refused}"
        );
        write("UPDATE migration_ledger SET version = 1, checksum = 'abc' WHERE owner = 'genres'").await;
        let refused = refusal().await;
        assert!(refused.contains("genres/0001 was changed after it was applied: abc there"), "{refused}");
    })
    .await;
}
