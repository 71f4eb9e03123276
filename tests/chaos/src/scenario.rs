//! What can be done to the library, by name: the rows of `docs/chaos.md`.

use crate::faults;
use crate::run::Scene;

/// Something that is done to the library under load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Nothing at all.
    NothingFails,
    /// Processes are killed by chance, at a time by chance, ten times.
    KillCycles,
    /// Processes end at each place that the kit names.
    EveryPlace,
    /// The broker is killed, and away for ten seconds.
    BrokerKilled,
    /// Topics are deleted while messages wait in them.
    TopicsDeleted,
    /// The database and the document server are killed.
    DatabasesKilled,
    /// The document server does not answer.
    DocumentsHang,
    /// The disks of the database and of the document server are full.
    DisksFull,
    /// The database has no connection left.
    NoConnectionLeft,
    /// Connections to the database and to the document server are cut.
    DatabasesCut,
    /// Connections to the database stay open, and nothing passes.
    PostgresHalfOpen,
    /// All that passes between services and the database takes its time.
    PostgresSlow,
    /// Connections to the broker stay open, and nothing passes.
    BrokerHalfOpen,
    /// All that was said of books is said again, three times.
    SaidAgain,
    /// An event that nobody can apply.
    Poison,
    /// A relay sleeps past its lease beside another.
    TwoRelays,
    /// A coordinator sleeps within a transaction beside another.
    TwoCoordinators,
    /// The coordinator's database comes from a backup that is older than sagas which have begun.
    OlderBackup,
    /// Redis is killed, and does not answer.
    RedisAway,
    /// The gateway is killed when a mutation is done, and not answered.
    GatewayKilled,
    /// A consumer was away while thousands of events came.
    SlowConsumer,
}

impl Scenario {
    /// What befalls engines and the wires to them.
    pub const OF_ENGINES: [Self; 12] = [
        Self::NothingFails,
        Self::BrokerKilled,
        Self::BrokerHalfOpen,
        Self::TopicsDeleted,
        Self::DatabasesKilled,
        Self::DocumentsHang,
        Self::DisksFull,
        Self::NoConnectionLeft,
        Self::DatabasesCut,
        Self::PostgresHalfOpen,
        Self::PostgresSlow,
        Self::RedisAway,
    ];
    /// What befalls processes and messages.
    pub const OF_PROCESSES: [Self; 8] = [
        Self::EveryPlace,
        Self::SaidAgain,
        Self::Poison,
        Self::TwoRelays,
        Self::TwoCoordinators,
        Self::OlderBackup,
        Self::GatewayKilled,
        Self::SlowConsumer,
    ];

    /// All of them, in the order in which they are run.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::OF_ENGINES.into_iter().chain(Self::OF_PROCESSES).chain([Self::KillCycles])
    }

    /// Its number in the table, and what happens.
    pub fn name(self) -> &'static str {
        match self {
            Self::NothingFails => "0 nothing fails",
            Self::KillCycles => "kill cycles",
            Self::EveryPlace => "1-3 ends at every place",
            Self::BrokerKilled => "9 broker killed",
            Self::TopicsDeleted => "9 topics deleted",
            Self::DatabasesKilled => "10 databases killed",
            Self::DocumentsHang => "10 documents hang",
            Self::DisksFull => "10 disks full",
            Self::NoConnectionLeft => "10 no connection left",
            Self::DatabasesCut => "11 databases cut",
            Self::PostgresHalfOpen => "11 PostgreSQL half open",
            Self::PostgresSlow => "11 PostgreSQL slow",
            Self::BrokerHalfOpen => "11 broker half open",
            Self::SaidAgain => "12 said again",
            Self::Poison => "14 poison",
            Self::TwoRelays => "16 two relays",
            Self::TwoCoordinators => "17 two coordinators",
            Self::OlderBackup => "21 older backup",
            Self::RedisAway => "22 Redis away",
            Self::GatewayKilled => "24 gateway killed",
            Self::SlowConsumer => "25 slow consumer",
        }
    }

    /// Does it; says what took effect.
    pub(crate) async fn hurt(self, scene: &mut Scene<'_>) -> anyhow::Result<String> {
        match self {
            Self::NothingFails => Ok("no fault".to_owned()),
            Self::KillCycles => faults::kills::kill_cycles(scene).await,
            Self::EveryPlace => faults::places::every_place(scene).await,
            Self::BrokerKilled => faults::engines::broker_killed(scene).await,
            Self::TopicsDeleted => faults::topics::topics_deleted(scene).await,
            Self::DatabasesKilled => faults::engines::databases_killed(scene).await,
            Self::DocumentsHang => faults::engines::documents_hang(scene).await,
            Self::DisksFull => faults::disks::disks_full(scene).await,
            Self::NoConnectionLeft => faults::connections::no_connection_left(scene).await,
            Self::DatabasesCut => faults::wires::databases_cut(scene).await,
            Self::PostgresHalfOpen => faults::wires::postgres_half_open(scene).await,
            Self::PostgresSlow => faults::wires::postgres_slow(scene).await,
            Self::BrokerHalfOpen => faults::engines::broker_half_open(scene).await,
            Self::SaidAgain => faults::messages::said_again(scene).await,
            Self::Poison => faults::poison::poison(scene).await,
            Self::TwoRelays => faults::replicas::two_relays(scene).await,
            Self::TwoCoordinators => faults::replicas::two_coordinators(scene).await,
            Self::OlderBackup => faults::restored::older_backup(scene).await,
            Self::RedisAway => faults::wires::redis_away(scene).await,
            Self::GatewayKilled => faults::kills::gateway_killed(scene).await,
            Self::SlowConsumer => faults::backlog::slow_consumer(scene).await,
        }
    }
}
