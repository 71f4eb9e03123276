//! PostgreSQL's connections: shared, cleared up, and given to nobody when they are lost.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use futures::future::join_all;
use lms_kit::sql::{Db, DbOptions, Sql};

/// What one process holds at most.
const CONNECTIONS: i64 = 10;

async fn database() -> (Db, String) {
    let url = octavo_engines::shared::postgres_database("connections").await.unwrap();
    let db = Db::open("connections", &url, DbOptions::default()).await.unwrap();
    db.run(&Sql::new("CREATE TABLE notes (id BIGINT PRIMARY KEY)")).await.unwrap();
    (db, url)
}

fn note(id: i64) -> Sql {
    Sql::new("INSERT INTO notes (id) VALUES ($1)").bind(id)
}

async fn number(db: &Db, of: &'static str) -> i64 {
    db.one(&Sql::new(of), "number").await.unwrap().int("n").unwrap()
}

#[tokio::test]
async fn what_is_dropped_is_taken_back_and_its_connection_is_used_again() {
    let (db, _) = database().await;
    let db = &db;
    let dropped = (0..3 * CONNECTIONS).map(|id| async move {
        let mut tx = db.begin().await.unwrap();
        tx.run(&note(id)).await.unwrap();
        let asleep = Sql::new("SELECT pg_sleep(0.3)");
        // Every other one is left in the middle of a statement.
        let length = Duration::from_millis(if id % 2 == 0 { 20 } else { 0 });
        assert!(tokio::time::timeout(length, tx.run(&asleep)).await.is_err());
    });
    join_all(dropped).await;
    let mut tx = db.begin().await.unwrap();
    tx.run(&note(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(number(db, "SELECT COUNT(*) AS n FROM notes").await, 1, "only what was committed is there");
    let held = "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database()";
    let held = number(db, held).await;
    assert!((1..=CONNECTIONS).contains(&held), "{held} connections");
}

#[tokio::test]
async fn what_the_server_has_ended_is_given_to_nobody() {
    let (db, url) = database().await;
    let other = Db::open("connections", &url, DbOptions::default()).await.unwrap();
    let end = Sql::new(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    for rest in [Duration::ZERO, Duration::from_millis(1_100)] {
        // As many are open at once as there may be.
        let open = (0..CONNECTIONS).map(|_| db.begin());
        for tx in join_all(open).await {
            tx.unwrap().roll_back().await.unwrap();
        }
        other.rows(&end).await.unwrap();
        tokio::time::sleep(rest).await;
        if rest.is_zero() {
            // One that was in use a moment ago shows only when it is asked: a reading is asked once more.
            assert_eq!(number(&db, "SELECT COUNT(*) AS n FROM notes").await, 0);
        }
        db.run(&note(7)).await.unwrap();
        db.run(&Sql::new("DELETE FROM notes")).await.unwrap();
    }
}
