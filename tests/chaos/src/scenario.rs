//! What can be done to the library, by name: the rows of `docs/chaos.md`.

use crate::faults;
use crate::run::Scene;

/// Something that is done to the library under load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Nothing at all.
    NothingFails,
    /// The broker is killed, and away for ten seconds.
    BrokerKilled,
    /// The database and the document server are killed.
    DatabasesKilled,
    /// The document server does not answer.
    DocumentsHang,
    /// Connections to the database and to the document server are cut.
    DatabasesCut,
    /// Connections to the database stay open, and nothing passes.
    PostgresHalfOpen,
    /// Connections to the broker stay open, and nothing passes.
    BrokerHalfOpen,
    /// All that was said of books is said again, three times.
    SaidAgain,
    /// Redis is killed, and does not answer.
    RedisAway,
}

impl Scenario {
    /// All of them, in the order in which they are run.
    pub const ALL: [Self; 9] = [
        Self::NothingFails,
        Self::BrokerKilled,
        Self::BrokerHalfOpen,
        Self::DatabasesKilled,
        Self::DocumentsHang,
        Self::DatabasesCut,
        Self::PostgresHalfOpen,
        Self::SaidAgain,
        Self::RedisAway,
    ];

    /// Its number in the table, and what happens.
    pub fn name(self) -> &'static str {
        match self {
            Self::NothingFails => "0 nothing fails",
            Self::BrokerKilled => "9 broker killed",
            Self::DatabasesKilled => "10 databases killed",
            Self::DocumentsHang => "10 documents hang",
            Self::DatabasesCut => "11 databases cut",
            Self::PostgresHalfOpen => "11 PostgreSQL half open",
            Self::BrokerHalfOpen => "11 broker half open",
            Self::SaidAgain => "12 said again",
            Self::RedisAway => "22 Redis away",
        }
    }

    /// Does it; says what took effect.
    pub(crate) async fn hurt(self, scene: &mut Scene<'_>) -> anyhow::Result<String> {
        match self {
            Self::NothingFails => Ok("no fault".to_owned()),
            Self::BrokerKilled => faults::engines::broker_killed(scene).await,
            Self::DatabasesKilled => faults::engines::databases_killed(scene).await,
            Self::DocumentsHang => faults::engines::documents_hang(scene).await,
            Self::DatabasesCut => faults::wires::databases_cut(scene).await,
            Self::PostgresHalfOpen => faults::wires::postgres_half_open(scene).await,
            Self::BrokerHalfOpen => faults::engines::broker_half_open(scene).await,
            Self::SaidAgain => faults::messages::said_again(scene).await,
            Self::RedisAway => faults::wires::redis_away(scene).await,
        }
    }
}
