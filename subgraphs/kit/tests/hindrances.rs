//! What keeps an engine that is there from what it is asked: locks and connections that others have, and a disk that is full.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use lms_kit::{
    StoreError,
    sql::{Db, DbOptions, Sql},
};
use octavo_engines::shared;

/// More failures in a row than open a breaker.
const TIMES: usize = 8;
/// More than connections to PostgreSQL that a service has.
const MANY: usize = 32;
const OPTIONS: DbOptions = DbOptions { timeout: Duration::from_millis(300) };

async fn open(url: &str) -> Db {
    Db::open("held", url, OPTIONS).await.unwrap()
}

/// A table with a row, and what locks the row.
async fn table(db: &Db) -> Sql {
    for statement in ["CREATE TABLE held (id BIGINT PRIMARY KEY)", "INSERT INTO held VALUES (1)"] {
        db.run(&Sql::new(statement)).await.unwrap();
    }
    Sql::new("UPDATE held SET id = id WHERE id = 1")
}

async fn answers(db: &Db) -> bool {
    db.row(&Sql::new("SELECT id FROM held")).await.is_ok_and(|row| row.is_some())
}

#[tokio::test]
async fn a_row_that_others_hold_is_no_outage() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("held.sqlite").display());
    for url in [file, shared::postgres_database("held").await.unwrap()] {
        let (db, other) = (open(&url).await, open(&url).await);
        let lock = table(&other).await;
        let mut held = other.begin().await.unwrap();
        held.run(&lock).await.unwrap();
        for _ in 0..TIMES {
            let refused = db.run(&lock).await.unwrap_err();
            assert!(matches!(refused, StoreError::Contended(_)), "{url}: {refused:?}");
            assert!(refused.is_passing(), "{url}: whoever asked may ask again");
            // Else the server ends the transaction that holds the row.
            held.rows(&Sql::new("SELECT id FROM held")).await.unwrap();
        }
        assert!(answers(&db).await, "{url}: nobody else is kept from it");
        held.commit().await.unwrap();
        db.run(&lock).await.unwrap();
    }
}

/// Those who have the connections say for themselves what fails.
#[tokio::test]
async fn connections_that_others_have_are_no_outage() {
    let db = open(&shared::postgres_database("held").await.unwrap()).await;
    table(&db).await;
    let mut taken = Vec::new();
    let refused = loop {
        assert!(taken.len() < MANY, "there is no end of connections");
        match db.begin().await {
            Ok(begun) => taken.push(begun),
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, StoreError::Contended(_)), "{refused:?}");
    for _ in 1..TIMES {
        let refused = db.begin().await.err().unwrap();
        assert!(matches!(refused, StoreError::Contended(_)), "{refused:?}");
    }
    drop(taken);
    assert!(answers(&db).await, "it answers as soon as one is free");
}

#[tokio::test]
async fn a_file_without_room_is_read_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&format!("sqlite:{}", folder.path().join("full.sqlite").display())).await;
    table(&db).await;
    let many = Sql::new(
        "INSERT INTO held WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n",
    );
    // No less than it has.
    db.run(&Sql::new("PRAGMA max_page_count = 1")).await.unwrap();
    for _ in 0..TIMES {
        let refused = db.run(&many).await.unwrap_err();
        assert!(matches!(refused, StoreError::Contended(_)), "whoever writes tries again: {refused:?}");
        assert!(answers(&db).await, "what is there is read");
    }
    db.run(&Sql::new("PRAGMA max_page_count = 100000")).await.unwrap();
    assert_eq!(db.run(&many).await.unwrap(), 19_999);
}
