//! Sagas that ended long ago are forgotten, with what was said of them; those that somebody still needs are not.

use lms_kit::{
    Service, Sources,
    service::Headers,
    sql::{Db, DbOptions, Sql},
};
use serde_json::{Value, json};
use tempfile::TempDir;

const ENGINES: [&str; 2] = ["sqlite", "postgres"];
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A sagas service that nobody answers, and its database.
struct Desk {
    service: Service,
    db: Db,
    _folder: TempDir,
}

impl Desk {
    async fn of(engine: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match engine {
            "postgres" => octavo_engines::shared::postgres_database("sagas").await.unwrap(),
            _ => format!("sqlite:{}", folder.path().join("sagas.sqlite").display()),
        };
        let service = lms_sagas::open(&url, Sources::system(), lms_sagas::Times::default()).await.unwrap();
        let db = Db::open("test", &url, DbOptions::default()).await.unwrap();
        Self { service, db, _folder: folder }
    }

    async fn run(&self, statement: &'static str, id: &str, number: i64) {
        self.db.run(&Sql::new(statement).bind(id).bind(number)).await.unwrap();
    }

    /// A saga that came to a phase so many days ago, and of which all has been said.
    async fn saga(&self, name: &str, phase: &'static str, days_ago: i64) -> String {
        let begin = "mutation($key: String!) { catalogueBook(isbn: \"9780306406157\", title: \"A Book\", genre: \"Physics\",
            authors: [{ authorNumber: \"1\" }], idempotencyKey: $key) { saga { id } } }";
        let body = json!({ "query": begin, "variables": { "key": name } }).to_string();
        let answer = self.service.answer(body.as_bytes(), Headers::default()).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let id = answer["data"]["catalogueBook"]["saga"]["id"].as_str().unwrap();
        let (_, id) = lms_kit::node::split(id).unwrap();
        let ended = Sql::new("UPDATE sagas SET phase = $3, updated_at = now_ms() - $2 WHERE id = $1");
        self.db.run(&ended.bind(&id).bind(days_ago * DAY_MS).bind(phase)).await.unwrap();
        let said = "UPDATE outbox_heads SET waiting_since = NULL, next_seq = last_seq + 1 WHERE aggregate_id = $1 AND $2 = 0";
        self.run(said, &id, 0).await;
        id
    }

    /// How many rows are there of a saga, and of what was said of it.
    async fn rows(&self, id: &str) -> [i64; 3] {
        let mut rows = [0; 3];
        for (count, query) in rows.iter_mut().zip([
            "SELECT COUNT(*) AS n FROM sagas WHERE id = $1",
            "SELECT COUNT(*) AS n FROM outbox WHERE aggregate_type = 'Saga' AND aggregate_id = $1",
            "SELECT COUNT(*) AS n FROM outbox_heads WHERE aggregate_type = 'Saga' AND aggregate_id = $1",
        ]) {
            *count = self.db.row(&Sql::new(query).bind(id)).await.unwrap().unwrap().int("n").unwrap();
        }
        rows
    }
}

#[tokio::test]
async fn sagas_are_forgotten_thirty_days_after_they_ended() {
    for engine in ENGINES {
        let desk = Desk::of(engine).await;
        let gone = [desk.saga("a", "COMPLETED", 31).await, desk.saga("b", "COMPENSATED", 400).await];
        let lately = desk.saga("c", "COMPLETED", 29).await;
        let stuck = desk.saga("d", "STUCK", 400).await;
        let waiting = desk.saga("e", "COMPLETED", 31).await;
        let waits =
            "UPDATE outbox_heads SET waiting_since = $2 WHERE aggregate_type = 'Saga' AND aggregate_id = $1";
        desk.run(waits, &waiting, 1).await;
        desk.service.purge().await.unwrap();
        for id in &gone {
            assert_eq!(desk.rows(id).await, [0; 3], "{engine}");
        }
        for (id, why) in
            [(lately, "it ended lately"), (stuck, "somebody is needed"), (waiting, "it is not all said")]
        {
            assert_eq!(desk.rows(&id).await, [1; 3], "{engine}: {why}");
        }
    }
}

#[tokio::test]
async fn more_sagas_than_are_forgotten_at_once_are_forgotten_as_well() {
    for engine in ENGINES {
        let desk = Desk::of(engine).await;
        let one = desk.saga("a", "COMPLETED", 31).await;
        let mut tx = desk.db.begin().await.unwrap();
        for number in 0..1_100_i64 {
            let copy = Sql::new(
                "INSERT INTO sagas (id, kind, phase, due_at, version, body, created_at, updated_at) \
                 SELECT $2, kind, phase, due_at, version, body, created_at, updated_at FROM sagas WHERE id = $1",
            );
            tx.run(&copy.bind(&one).bind(format!("copy {number}"))).await.unwrap();
        }
        tx.commit().await.unwrap();
        desk.service.purge().await.unwrap();
        let left = desk.db.row(&Sql::new("SELECT COUNT(*) AS n FROM sagas")).await.unwrap().unwrap();
        assert_eq!(left.int("n").unwrap(), 0, "{engine}");
    }
}
