//! All engines at once, and the variables that tell the tests where they are.

use octavo_engines::{Engine, Mongo, Postgres, Pulsar, Redis, shared};

use crate::progress;

/// The engines of one run.
pub(crate) struct Engines {
    postgres: Postgres,
    mongo: Mongo,
    redis: Redis,
    pulsar: Pulsar,
}

impl Engines {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        progress::step("Pulsar's jars", Pulsar::prepare()).await?;
        progress::step("FerretDB's binary", Mongo::prepare()).await?;
        let (postgres, mongo, redis, pulsar) = tokio::try_join!(
            progress::step("PostgreSQL", Postgres::start()),
            progress::step("FerretDB", Mongo::start()),
            progress::step("Redis", Redis::start()),
            progress::step("Pulsar", Pulsar::start()),
        )?;
        Ok(Self { postgres, mongo, redis, pulsar })
    }

    /// The variables by which tests find the engines.
    pub(crate) fn variables(&self) -> [(&'static str, String); 5] {
        [
            (shared::POSTGRES, self.postgres.url()),
            (shared::MONGO, self.mongo.url()),
            (shared::REDIS, self.redis.url()),
            (shared::PULSAR, self.pulsar.url()),
            (shared::PULSAR_ADMIN, self.pulsar.admin_url()),
        ]
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        tokio::try_join!(self.postgres.stop(), self.mongo.stop(), self.redis.stop())?;
        // The broker takes its time to say goodbye, and its data goes away with it.
        drop(self.pulsar);
        Ok(())
    }
}
