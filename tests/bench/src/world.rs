//! Two services on databases of their own: one says something, the other keeps what it hears.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use lms_kit::{
    Sources,
    access::Caller,
    bus::{self, BusOptions, SharedBus, SubscriptionName, Topic},
    change::{Begun, Change},
    event::{Envelope, Event},
    idempotency::{Call, Command},
    inbox::{HandleError, Handler},
    migrate::{self, Migration, Phase},
    sql::{Db, DbOptions, Sql},
};
use octavo_engines::shared;
use serde_json::{Value, json};

use crate::timed::TimedTx;

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "notes", phase: Phase::Expand, sqlite: NOTES, postgres: NOTES }];

const NOTES: &str = "CREATE TABLE notes (id TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL);
    CREATE TABLE heard (stream TEXT NOT NULL PRIMARY KEY, last_seq BIGINT NOT NULL, applied BIGINT NOT NULL);";

/// The service that says something.
pub(crate) const OWNER: &str = "notes";
/// The service that hears it.
pub(crate) const LISTENER: &str = "listener";
/// How long the first event of all may take.
pub(crate) const OPENING: Duration = Duration::from_mins(2);

/// Both services, and the bus between them.
pub(crate) struct World {
    pub(crate) owner: Db,
    pub(crate) listener: Db,
    pub(crate) bus: SharedBus,
    sources: Sources,
}

/// A bus in a namespace of its own.
pub(crate) async fn bus() -> anyhow::Result<SharedBus> {
    let options = BusOptions {
        url: Some(shared::pulsar()?),
        admin_url: Some(shared::pulsar_admin()?),
        namespace: Some(format!("public/{}", shared::unique("bench"))),
        ..BusOptions::default()
    };
    Ok(bus::open(&options).await?)
}

impl World {
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let world = Self {
            owner: database(OWNER).await?,
            listener: database(LISTENER).await?,
            bus: bus().await?,
            sources: Sources::system(),
        };
        world.bus.declare(&[Topic::events(OWNER)], &[subscription()]).await?;
        Ok(world)
    }

    /// One business transaction: a row is changed, and the change is said. The event's identifier is its value.
    pub(crate) async fn write(&self, id: &str, value: i64) -> anyhow::Result<()> {
        let call = Call { caller: Caller::Anonymous, traceparent: None, sources: self.sources.clone() };
        let key = self.sources.ids.next_id().to_string();
        let command = Command::new(&call, "write", &key, &Value::Null)
            .map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
        let Begun::Fresh(mut change) = Change::begin::<Value>(&self.owner, &command).await? else {
            anyhow::bail!("each command has a key of its own")
        };
        let upsert = Sql::new(
            "INSERT INTO notes (id, value) VALUES ($1, $2) \
             ON CONFLICT (id) DO UPDATE SET value = excluded.value",
        );
        change.tx().run(&upsert.bind(id).bind(value)).await?;
        change.event(&said(id, value)).await?;
        change.commit(Value::Null).await?;
        Ok(())
    }
}

/// The listener's subscription.
pub(crate) fn subscription() -> SubscriptionName {
    SubscriptionName { topic: Topic::events(OWNER), name: LISTENER.to_owned() }
}

async fn database(service: &'static str) -> anyhow::Result<Db> {
    let url = shared::postgres_database(service).await?;
    let db = Db::open(service, &url, DbOptions::default()).await?;
    migrate::apply(&db, service, MIGRATIONS, Sources::system().clock.as_ref()).await?;
    Ok(db)
}

fn said(id: &str, value: i64) -> Event {
    Event {
        service: OWNER,
        aggregate_type: "Note",
        aggregate_id: id.to_owned(),
        kind: "NoteWritten",
        data: json!({ "value": value }),
        deleted: false,
        touches: Vec::new(),
    }
}

/// Counts what is applied, and notes the values for whoever takes the time.
#[derive(Clone)]
pub(crate) struct Ear;

#[async_trait]
impl Handler<TimedTx> for Ear {
    async fn apply(&self, tx: &mut TimedTx, event: &Envelope) -> Result<(), HandleError> {
        let upsert = Sql::new(
            "INSERT INTO heard (stream, last_seq, applied) VALUES ($1, $2, 1) ON CONFLICT (stream) \
             DO UPDATE SET last_seq = excluded.last_seq, applied = heard.applied + 1",
        );
        tx.tx.run(&upsert.bind(event.stream()).bind(event.seq)).await?;
        tx.values.extend(event.data.state["value"].as_i64());
        Ok(())
    }
}

/// What nobody asks: all events are heard from the first on.
pub(crate) fn nobody() -> Arc<lms_kit::changes::LocalOwners> {
    Arc::default()
}
