//! What can go wrong between a service and its engine.

use std::{error::Error, time::Duration};

/// A cause that a driver reported.
pub type Cause = Box<dyn Error + Send + Sync>;

/// A service could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database URL is not one of the engines'.
    #[error("database URL `{url}`: {reason}")]
    Url {
        /// The URL, without a password.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The engine exists, and this service does not run on it.
    #[error("{service} does not run on {engine}; it runs on {supported}")]
    Engine {
        /// The service's name.
        service: &'static str,
        /// The URL's scheme.
        engine: String,
        /// The engines that it runs on.
        supported: &'static str,
    },
    /// The database cannot be reached or opened.
    #[error("database `{url}` cannot be opened: {source}")]
    Connect {
        /// The URL, without a password.
        url: String,
        /// What the driver says.
        #[source]
        source: Cause,
    },
    /// A migration failed or does not match the ledger.
    #[error(transparent)]
    Migrate(#[from] crate::migrate::MigrateError),
    /// A store operation on the way failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the service needs before its first request cannot be made.
    #[error("{0}")]
    Prepare(#[source] Cause),
    /// The schema description does not fit the schema.
    #[error(transparent)]
    Sdl(#[from] crate::federation::SdlError),
}

/// A store operation failed for a reason that is no answer of the domain.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine did not answer in time.
    #[error("the database did not answer within {0:?}")]
    Timeout(Duration),
    /// The engine cannot be reached, or is too busy.
    #[error("the database is away: {0}")]
    Away(#[source] Cause),
    /// Somebody else holds what is needed, or has changed it at the same time, or there is no room for what is written: it says nothing of
    /// what the engine does for others, who may read.
    #[error("the database cannot do this now: {0}")]
    Contended(#[source] Cause),
    /// A unique value is taken; the text holds the name of the constraint or of its columns.
    #[error("a unique value is taken: {0}")]
    Taken(String),
    /// The engine refused what it was asked.
    #[error("the database refused a statement: {0}")]
    Refused(#[source] Cause),
    /// What is stored cannot be read back.
    #[error("stored {what} cannot be read: {source}")]
    Corrupt {
        /// What was read.
        what: &'static str,
        /// Why it cannot be.
        #[source]
        source: Cause,
    },
}

impl StoreError {
    /// Whether the same call may succeed later without anyone's doing.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.is_outage() || matches!(self, Self::Contended(_))
    }

    /// Whether the engine does not answer, or not as it should.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Timeout(_) | Self::Away(_))
    }

    /// What is stored under `what` cannot be read, for a reason in words.
    pub fn corrupt(what: &'static str, source: impl Into<Cause>) -> Self {
        Self::Corrupt { what, source: source.into() }
    }
}
