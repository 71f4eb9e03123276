//! The file of a local bus: topics, subscriptions, messages, and who waits for which.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use sqlx::{QueryBuilder, Row, Sqlite, Transaction, sqlite::SqliteRow};

use super::RETENTION;
use crate::{
    bus::{BusError, Delivery, Outgoing, Receipt, SubscriptionName, Topic},
    sources::{ms, now_ms},
    sql::sqlite::{self, SqlitePools},
};

const PATIENCE: Duration = Duration::from_secs(5);
/// How many rows one statement inserts: a statement takes at most 32,766 values.
const ROWS: usize = 500;
const PURGE_EVERY_MS: i64 = 60_000;

const TABLES: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS topics (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE IF NOT EXISTS subscriptions (id INTEGER PRIMARY KEY, \
     topic INTEGER NOT NULL REFERENCES topics (id), name TEXT NOT NULL, UNIQUE (topic, name))",
    // A number is never given twice, or a subscription that goes on after the last one would miss a message.
    "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY AUTOINCREMENT, \
     topic INTEGER NOT NULL REFERENCES topics (id), key TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS waiting (subscription INTEGER NOT NULL, message INTEGER NOT NULL, \
     PRIMARY KEY (subscription, message)) WITHOUT ROWID",
];

/// A file, open.
#[derive(Clone)]
pub(super) struct Store {
    pools: SqlitePools,
    purged: Arc<AtomicI64>,
}

impl Store {
    pub(super) async fn open(path: &Path) -> Result<Self, sqlx::Error> {
        let pools = sqlite::open(path, PATIENCE).await?;
        for table in TABLES {
            sqlx::query(table).execute(&pools.writer).await?;
        }
        Ok(Self { pools, purged: Arc::new(AtomicI64::new(now_ms())) })
    }

    pub(super) async fn declare(
        &self,
        topics: &[Topic],
        subscriptions: &[SubscriptionName],
    ) -> Result<(), BusError> {
        let mut transaction = self.begin().await?;
        for topic in topics.iter().chain(subscriptions.iter().map(|subscription| &subscription.topic)) {
            let insert = "INSERT INTO topics (name) VALUES ($1) ON CONFLICT DO NOTHING";
            sqlx::query(insert).bind(topic.name()).execute(&mut *transaction).await.map_err(classify)?;
        }
        for subscription in subscriptions {
            declare_subscription(&mut transaction, subscription).await?;
        }
        transaction.commit().await.map_err(classify)
    }

    /// Stores messages in one transaction; those whose topic was not declared are refused.
    pub(super) async fn publish(&self, messages: &[Outgoing]) -> Vec<Result<(), BusError>> {
        match self.try_publish(messages).await {
            Ok(results) => results,
            Err(error) => messages.iter().map(|_| Err(error.again())).collect(),
        }
    }

    async fn try_publish(&self, messages: &[Outgoing]) -> Result<Vec<Result<(), BusError>>, BusError> {
        let now = now_ms();
        let mut transaction = self.begin().await?;
        self.purge_when_due(&mut transaction, now).await?;
        let topics = topics(&mut transaction).await?;
        let before = last_message(&mut transaction).await?;
        let mut results = Vec::with_capacity(messages.len());
        let mut rows = Vec::with_capacity(messages.len());
        for message in messages {
            let topic = topics.get(message.topic.name());
            results.push(topic.map(drop).ok_or_else(|| undeclared(&message.topic)));
            rows.extend(topic.map(|topic| (*topic, message)));
        }
        for chunk in rows.chunks(ROWS) {
            insert(&mut transaction, chunk, now).await?;
        }
        let wait = "INSERT INTO waiting (subscription, message) SELECT s.id, m.id FROM messages m \
                    JOIN subscriptions s ON s.topic = m.topic WHERE m.id > $1";
        sqlx::query(wait).bind(before).execute(&mut *transaction).await.map_err(classify)?;
        transaction.commit().await.map_err(classify)?;
        Ok(results)
    }

    /// The number of a declared subscription.
    pub(super) async fn subscription(&self, subscription: &SubscriptionName) -> Result<i64, BusError> {
        let select = "SELECT s.id FROM subscriptions s JOIN topics t ON t.id = s.topic \
                      WHERE t.name = $1 AND s.name = $2";
        let row = sqlx::query(select).bind(subscription.topic.name()).bind(&subscription.name);
        if let Some(row) = row.fetch_optional(&self.pools.reader).await.map_err(classify)? {
            return row.try_get(0).map_err(classify);
        }
        let SubscriptionName { topic, name } = subscription;
        let reason = format!("`{name}` does not subscribe to `{}`: declare it first", topic.name());
        Err(BusError::Refused(reason.into()))
    }

    /// The next messages for which a subscription waits, after a number, with their numbers.
    pub(super) async fn waiting(
        &self,
        subscription: i64,
        after: i64,
        most: usize,
    ) -> Result<Vec<(i64, Delivery)>, BusError> {
        let select = "SELECT m.id, m.key, m.body FROM waiting w JOIN messages m ON m.id = w.message \
                      WHERE w.subscription = $1 AND w.message > $2 ORDER BY w.message LIMIT $3";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let query = sqlx::query(select).bind(subscription).bind(after).bind(most);
        let rows = query.fetch_all(&self.pools.reader).await.map_err(classify)?;
        rows.iter().map(delivery).collect::<Result<_, _>>().map_err(classify)
    }

    /// The number of the newest message of all topics.
    pub(super) async fn newest(&self) -> Result<i64, BusError> {
        let query = sqlx::query("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'messages'");
        let row = query.fetch_one(&self.pools.reader).await.map_err(classify)?;
        row.try_get(0).map_err(classify)
    }

    /// The next messages of topics after a number, with their numbers, whoever waits for them.
    pub(super) async fn published(
        &self,
        topics: impl Iterator<Item = &str>,
        after: i64,
        most: usize,
    ) -> Result<Vec<(i64, Vec<u8>)>, BusError> {
        let names = serde_json::to_string(&topics.collect::<Vec<_>>()).expect("texts are JSON");
        let select = "SELECT m.id, m.body FROM messages m JOIN topics t ON t.id = m.topic \
                      WHERE m.id > $1 AND t.name IN (SELECT value FROM json_each($2)) ORDER BY m.id LIMIT $3";
        let query = sqlx::query(select).bind(after).bind(names).bind(i64::try_from(most).unwrap_or(i64::MAX));
        let rows = query.fetch_all(&self.pools.reader).await.map_err(classify)?;
        let body = |row: &SqliteRow| Ok((row.try_get(0)?, row.try_get::<String, _>(1)?.into_bytes()));
        rows.iter().map(body).collect::<Result<_, _>>().map_err(classify)
    }

    pub(super) async fn acknowledge(&self, subscription: i64, receipts: &[Receipt]) -> Result<(), BusError> {
        let ids: Vec<u64> = receipts.iter().map(|receipt| receipt.0).collect();
        let ids = serde_json::to_string(&ids).expect("numbers are JSON");
        let delete = "DELETE FROM waiting WHERE subscription = $1 \
                      AND message IN (SELECT value FROM json_each($2))";
        let query = sqlx::query(delete).bind(subscription).bind(ids);
        query.execute(&self.pools.writer).await.map(drop).map_err(classify)
    }

    pub(super) async fn ping(&self) -> Result<(), BusError> {
        sqlx::query("SELECT 1").execute(&self.pools.reader).await.map(drop).map_err(classify)
    }

    /// Closes the connections; the log is moved into the file.
    pub(super) async fn close(&self) {
        self.pools.close().await;
    }

    /// Takes the write lock at once: one that reads first and writes later could be refused in between.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, BusError> {
        self.pools.writer.begin_with("BEGIN IMMEDIATE").await.map_err(classify)
    }

    async fn purge_when_due(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        now: i64,
    ) -> Result<(), BusError> {
        if now - self.purged.load(Ordering::Relaxed) < PURGE_EVERY_MS {
            return Ok(());
        }
        self.purged.store(now, Ordering::Relaxed);
        purge(transaction, now - ms(RETENTION)).await
    }
}

/// Adds a subscription that is new, and lets it wait for all that its topic still keeps.
async fn declare_subscription(
    transaction: &mut Transaction<'static, Sqlite>,
    subscription: &SubscriptionName,
) -> Result<(), BusError> {
    let add = "INSERT INTO subscriptions (topic, name) SELECT id, $2 FROM topics WHERE name = $1 \
               ON CONFLICT DO NOTHING RETURNING id";
    let query = sqlx::query(add).bind(subscription.topic.name()).bind(&subscription.name);
    let Some(row) = query.fetch_optional(&mut **transaction).await.map_err(classify)? else { return Ok(()) };
    let id: i64 = row.try_get(0).map_err(classify)?;
    let wait = "INSERT INTO waiting (subscription, message) SELECT $1, m.id FROM messages m \
                JOIN topics t ON t.id = m.topic WHERE t.name = $2";
    let query = sqlx::query(wait).bind(id).bind(subscription.topic.name());
    query.execute(&mut **transaction).await.map(drop).map_err(classify)
}

async fn topics(transaction: &mut Transaction<'static, Sqlite>) -> Result<HashMap<String, i64>, BusError> {
    let query = sqlx::query("SELECT name, id FROM topics");
    let rows = query.fetch_all(&mut **transaction).await.map_err(classify)?;
    let pair = |row: &SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?));
    rows.iter().map(pair).collect::<Result<_, _>>().map_err(classify)
}

/// The highest number that was ever given to a message.
async fn last_message(transaction: &mut Transaction<'static, Sqlite>) -> Result<i64, BusError> {
    let query = sqlx::query("SELECT seq FROM sqlite_sequence WHERE name = 'messages'");
    let row = query.fetch_optional(&mut **transaction).await.map_err(classify)?;
    row.map_or(Ok(0), |row| row.try_get(0)).map_err(classify)
}

async fn insert(
    transaction: &mut Transaction<'static, Sqlite>,
    rows: &[(i64, &Outgoing)],
    now: i64,
) -> Result<(), BusError> {
    let mut query = QueryBuilder::new("INSERT INTO messages (topic, key, body, at) ");
    query.push_values(rows, |mut row, (topic, message)| {
        row.push_bind(*topic).push_bind(&message.key).push_bind(&message.body).push_bind(now);
    });
    query.build().execute(&mut **transaction).await.map(drop).map_err(classify)
}

/// Removes the messages from before `until` for which nobody waits.
async fn purge(transaction: &mut Transaction<'static, Sqlite>, until: i64) -> Result<(), BusError> {
    let delete = "DELETE FROM messages WHERE at < $1 AND NOT EXISTS (SELECT 1 FROM subscriptions s \
                  JOIN waiting w ON w.subscription = s.id AND w.message = messages.id \
                  WHERE s.topic = messages.topic)";
    sqlx::query(delete).bind(until).execute(&mut **transaction).await.map(drop).map_err(classify)
}

fn delivery(row: &SqliteRow) -> Result<(i64, Delivery), sqlx::Error> {
    let id: i64 = row.try_get(0)?;
    let body: String = row.try_get(2)?;
    let receipt = Receipt(id.cast_unsigned());
    Ok((id, Delivery { key: row.try_get(1)?, body: body.into_bytes(), receipt }))
}

fn undeclared(topic: &Topic) -> BusError {
    BusError::Refused(format!("there is no topic `{}`: declare it first", topic.name()).into())
}

/// Sorts the driver's errors by what a caller can do about them.
fn classify(error: sqlx::Error) -> BusError {
    // Busy, locked, a failing or a full disk: the same call may succeed later.
    const PASSING: [u32; 4] = [5, 6, 10, 13];
    let passing = match &error {
        sqlx::Error::Database(refusal) => {
            let code = refusal.code().and_then(|code| code.parse::<u32>().ok());
            // An extended code holds the primary one in its lowest byte.
            code.is_some_and(|code| PASSING.contains(&(code & 0xff)))
        }
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        _ => false,
    };
    if passing { BusError::Away(error.into()) } else { BusError::Refused(error.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn kept(store: &Store) -> i64 {
        let row = sqlx::query("SELECT count(*) FROM messages").fetch_one(&store.pools.reader).await.unwrap();
        row.get(0)
    }

    #[tokio::test]
    async fn what_is_old_goes_unless_somebody_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("bus.sqlite")).await.unwrap();
        let topic = Topic::events("books");
        let reader = SubscriptionName { topic: topic.clone(), name: "a".to_owned() };
        store.declare(&[], std::slice::from_ref(&reader)).await.unwrap();
        let message = Outgoing { topic, key: "k".into(), id: "1".into(), body: "{}".into() };
        assert!(store.publish(&[message.clone(), message.clone()]).await.iter().all(Result::is_ok));

        let subscription = store.subscription(&reader).await.unwrap();
        let waiting = store.waiting(subscription, 0, 10).await.unwrap();
        store.acknowledge(subscription, &[waiting[0].1.receipt]).await.unwrap();
        for (until, left) in [(now_ms() - 60_000, 2), (now_ms() + 60_000, 1)] {
            let mut transaction = store.begin().await.unwrap();
            purge(&mut transaction, until).await.unwrap();
            transaction.commit().await.unwrap();
            assert_eq!(kept(&store).await, left);
        }
        let numbers = store.waiting(subscription, 0, 10).await.unwrap();
        assert_eq!(numbers.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [waiting[1].0]);
        assert!(store.publish(&[message]).await[0].is_ok());
        let last = store.waiting(subscription, waiting[1].0, 10).await.unwrap();
        assert!(last[0].0 > waiting[1].0, "a number was given twice");
    }
}
