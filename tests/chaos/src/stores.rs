//! What every store holds, read past the services: tables and collections as JSON.

use std::collections::BTreeMap;

use anyhow::Context;
use futures::TryStreamExt as _;
use mongodb::Client;
use mongodb::bson::{Document, doc};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::Stack;

const MESSAGES: [&str; 5] = ["outbox_heads", "outbox", "inbox", "inbox_streams", "claims"];
const TABLES: [(&str, &[&str]); 6] = [
    ("authors", &["authors"]),
    ("books", &["books", "book_authors"]),
    ("genres", &["genres"]),
    ("lendings", &["lendings", "known_books", "known_students"]),
    ("sagas", &["sagas", "missed"]),
    ("users", &["users", "registrations"]),
];
const COLLECTIONS: [&str; 5] = ["students", "comments", "events", "inbox", "inbox_streams"];

/// All rows and documents.
pub struct Stores(BTreeMap<(&'static str, &'static str), Vec<Value>>);

impl Stores {
    /// Reads all of them.
    pub async fn read(stack: &Stack) -> anyhow::Result<Self> {
        let mut all = BTreeMap::new();
        for (service, own) in TABLES {
            let mut database = PgConnection::connect(stack.direct(service)?).await?;
            for table in own.iter().copied().chain(MESSAGES) {
                all.insert((service, table), rows(&mut database, &format!("SELECT * FROM {table}")).await?);
            }
            database.close().await?;
        }
        let documents = Client::with_uri_str(stack.direct("students")?).await?;
        let documents = documents.default_database().context("the URL names a database")?;
        for name in COLLECTIONS {
            let found = documents.collection::<Document>(name).find(doc! {}).await?;
            let found: Vec<Document> = found.try_collect().await?;
            let found = found.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
            all.insert(("students", name), found);
        }
        Ok(Self(all))
    }

    /// The rows of a table, or the documents of a collection.
    pub fn of(&self, service: &'static str, table: &'static str) -> &[Value] {
        self.0.get(&(service, table)).map_or(&[], Vec::as_slice)
    }
}

/// The engine's clock, which services write so in every dialect.
fn in_postgres(statement: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(
        statement.replace("now_ms()", "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"),
    )
}

/// Runs a statement on a service's database, past the service; how many rows it met.
pub async fn run(stack: &Stack, service: &str, statement: &str) -> anyhow::Result<u64> {
    let mut database = PgConnection::connect(stack.direct(service)?).await?;
    let done = sqlx::raw_sql(in_postgres(statement)).execute(&mut database).await;
    database.close().await?;
    Ok(done.with_context(|| statement.to_owned())?.rows_affected())
}

/// What a query on a service's database answers, past the service.
pub(crate) async fn select(stack: &Stack, service: &str, query: &str) -> anyhow::Result<Vec<Value>> {
    let mut database = PgConnection::connect(stack.direct(service)?).await?;
    let rows = rows(&mut database, query).await;
    database.close().await?;
    rows
}

async fn rows(database: &mut PgConnection, query: &str) -> anyhow::Result<Vec<Value>> {
    let select = in_postgres(&format!("SELECT row_to_json(t)::text FROM ({query}) AS t"));
    let rows: Vec<String> =
        sqlx::query_scalar(select).fetch_all(database).await.with_context(|| query.to_owned())?;
    Ok(rows.iter().map(|row| serde_json::from_str(row)).collect::<Result<_, _>>()?)
}
