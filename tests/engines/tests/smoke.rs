//! Each engine answers a real client, and breaks and mends when it is told to.

use std::time::Duration;

use anyhow::Context;
use futures::TryStreamExt;
use mongodb::bson::{Document, doc};
use octavo_engines::{Engine, Mongo, Postgres, Pulsar, Redis, shared};
use pulsar::{Consumer, SubType, TokioExecutor};
use redis::AsyncCommands;
use rustix::process::{Pid, test_kill_process};
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

#[tokio::test]
async fn postgres_answers_a_select() -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(&shared::postgres_database("smoke").await?).await?;
    let answer: i64 = sqlx::query_scalar("SELECT count(*) + 41 FROM (VALUES (1)) AS rows")
        .fetch_one(&mut connection)
        .await?;
    assert_eq!(answer, 42);
    Ok(())
}

#[tokio::test]
async fn redis_gives_back_what_was_set() -> anyhow::Result<()> {
    let client = redis::Client::open(shared::redis()?)?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let key = shared::unique("smoke");
    let () = connection.set_ex(&key, "Überfluß 📚", 60).await?;
    let value: String = connection.get(&key).await?;
    assert_eq!(value, "Überfluß 📚");
    Ok(())
}

#[tokio::test]
async fn mongo_finds_what_was_inserted() -> anyhow::Result<()> {
    let client = mongodb::Client::with_uri_str(shared::mongo_database("smoke")?).await?;
    let students =
        client.default_database().context("the URL names a database")?.collection::<Document>("students");
    students.insert_one(doc! { "_id": "2024/1", "grades": [7, 10] }).await?;
    let found = students.find_one(doc! { "grades": 10 }).await?.context("the student is there")?;
    assert_eq!(found.get_str("_id")?, "2024/1");
    Ok(())
}

#[tokio::test]
async fn pulsar_delivers_what_was_published() -> anyhow::Result<()> {
    let client = pulsar::Pulsar::builder(shared::pulsar()?, TokioExecutor).build().await?;
    let topic = shared::unique("smoke");
    let mut consumer: Consumer<Vec<u8>, _> = client
        .consumer()
        .with_topic(&topic)
        .with_subscription("smoke")
        .with_subscription_type(SubType::Failover)
        .build()
        .await?;
    let mut producer = Box::pin(client.producer().with_topic(&topic).build()).await?;
    Box::pin(producer.send_non_blocking(b"a book was added".to_vec())).await?.await?;

    let message =
        timeout(Duration::from_secs(20), consumer.try_next()).await??.context("the topic goes on")?;
    assert_eq!(message.payload.data, b"a book was added");
    consumer.ack(&message).await?;
    Ok(())
}

#[tokio::test]
async fn committed_rows_outlive_a_killed_postgres() -> anyhow::Result<()> {
    let mut engine = Postgres::start().await?;
    let url = engine.create_database("kept").await?;
    let mut connection = PgConnection::connect(&url).await?;
    sqlx::raw_sql("CREATE TABLE books (title text); INSERT INTO books VALUES ('Dune')")
        .execute(&mut connection)
        .await?;

    engine.kill9()?;
    assert!(PgConnection::connect(&url).await.is_err(), "nothing listens after the kill");
    engine.restart().await?;

    let mut connection = PgConnection::connect(&url).await?;
    let title: String = sqlx::query_scalar("SELECT title FROM books").fetch_one(&mut connection).await?;
    assert_eq!(title, "Dune");
    Ok(())
}

#[tokio::test]
async fn a_paused_redis_is_silent_until_it_resumes() -> anyhow::Result<()> {
    let mut engine = Redis::start().await?;
    let mut connection = redis::Client::open(engine.url())?.get_multiplexed_async_connection().await?;
    let () = connection.set("key", 1).await?;

    engine.pause()?;
    let mut waiting = connection.clone();
    let silent = timeout(Duration::from_millis(200), waiting.get::<_, i32>("key")).await;
    assert!(silent.is_err(), "a stopped process answers nothing");
    engine.resume()?;
    assert_eq!(connection.get::<_, i32>("key").await?, 1);
    Ok(())
}

#[tokio::test]
async fn documents_outlive_a_killed_mongo() -> anyhow::Result<()> {
    let mut engine = Mongo::start().await?;
    let client = mongodb::Client::with_uri_str(engine.database_url("kept")).await?;
    let books = client.database("kept").collection::<Document>("books");
    books.insert_one(doc! { "_id": 1 }).await?;
    engine.kill9()?;
    engine.restart().await?;
    assert_eq!(books.count_documents(doc! {}).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_dropped_engine_leaves_no_process() -> anyhow::Result<()> {
    let mut engine = Pulsar::start().await?;
    let pid = engine.server().pid().and_then(|pid| Pid::from_raw(pid.cast_signed())).context("it runs")?;
    assert!(test_kill_process(pid).is_ok(), "the process runs");
    drop(engine);
    assert!(test_kill_process(pid).is_err(), "process {pid:?} still runs");
    Ok(())
}
