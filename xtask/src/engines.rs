//! All engines at once, and the variables that tell the tests where they are.

use octavo_engines::{Mongo, Postgres, Pulsar, Redis, shared};

use crate::containers::Containers;
use crate::install::Means;
use crate::progress;

/// The engines of one run; dropping them ends them at once, for their data goes away with them.
pub(crate) enum Engines {
    Processes(Box<Processes>),
    Containers(Containers),
}

/// Engines as processes of this machine.
pub(crate) struct Processes {
    postgres: Postgres,
    mongo: Mongo,
    redis: Redis,
    pulsar: Pulsar,
}

/// What engines are started for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Tests: no commit waits for the disk.
    Tests,
    /// Figures: each commit does.
    Figures,
}

impl Engines {
    pub(crate) async fn start(means: Means, purpose: Purpose) -> anyhow::Result<Self> {
        match means {
            Means::Programs => Ok(Self::Processes(Box::new(Box::pin(Processes::start(purpose)).await?))),
            Means::Containers => {
                progress::step("engines in containers", Containers::start()).await.map(Self::Containers)
            }
        }
    }

    /// The variables by which tests find the engines.
    pub(crate) fn variables(&self) -> [(&'static str, String); 5] {
        match self {
            Self::Processes(processes) => processes.variables(),
            Self::Containers(containers) => containers.variables(),
        }
    }
}

impl Processes {
    async fn start(purpose: Purpose) -> anyhow::Result<Self> {
        let postgres = async {
            match purpose {
                Purpose::Tests => Postgres::start().await,
                Purpose::Figures => Postgres::start_durable().await,
            }
        };
        progress::step("Pulsar's jars", Pulsar::prepare()).await?;
        progress::step("FerretDB's binary", Mongo::prepare()).await?;
        let (postgres, mongo, redis, pulsar) = tokio::try_join!(
            progress::step("PostgreSQL", postgres),
            progress::step("FerretDB", Mongo::start()),
            progress::step("Redis", Redis::start()),
            progress::step("Pulsar", Pulsar::start()),
        )?;
        Ok(Self { postgres, mongo, redis, pulsar })
    }

    fn variables(&self) -> [(&'static str, String); 5] {
        [
            (shared::POSTGRES, self.postgres.url()),
            (shared::MONGO, self.mongo.url()),
            (shared::REDIS, self.redis.url()),
            (shared::PULSAR, self.pulsar.url()),
            (shared::PULSAR_ADMIN, self.pulsar.admin_url()),
        ]
    }
}
