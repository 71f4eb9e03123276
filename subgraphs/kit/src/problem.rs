//! Refusals that a client can act on, as data: stored with an outcome and answered as `problems`.

use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// Why a mutation did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Problem {
    /// Nothing is there under that key.
    NotFound {
        /// For people.
        message: String,
        /// The input's field.
        path: Vec<String>,
    },
    /// Someone else changed it first.
    VersionConflict {
        /// For people.
        message: String,
        /// The input's field.
        path: Vec<String>,
        /// The version that it has now.
        current: i32,
    },
    /// An input breaks a rule.
    Invalid {
        /// For people.
        message: String,
        /// The input's field.
        path: Vec<String>,
        /// The rule, in the same words each time.
        rule: String,
    },
    /// Something unique is taken.
    Duplicate {
        /// For people.
        message: String,
        /// The input's field.
        path: Vec<String>,
    },
    /// The service cannot answer now; nothing was changed.
    Unavailable {
        /// For people.
        message: String,
        /// The input's field.
        path: Vec<String>,
        /// Seconds after which it is worth trying again.
        retry_after: i32,
    },
    /// It is not for everyone, and nobody said who asks.
    Unauthenticated {
        /// For people.
        message: String,
        /// The input's field.
        path: Vec<String>,
    },
    /// It is for others than whoever asks.
    Forbidden {
        /// For people.
        message: String,
        /// The input's field.
        path: Vec<String>,
    },
    /// The idempotency key was used before, with another input.
    IdempotencyMismatch {
        /// For people.
        message: String,
        /// The input's field.
        path: Vec<String>,
    },
}

impl Problem {
    /// Nothing is there under the key that `path` gives.
    pub fn not_found(path: &[&str], message: impl Into<String>) -> Self {
        Self::NotFound { message: message.into(), path: owned(path) }
    }

    /// `expectedVersion` is not the version that it has now.
    #[must_use]
    pub fn version_conflict(expected: i32, current: i32) -> Self {
        let message = format!("version {expected} was expected, and it is at version {current}");
        Self::VersionConflict { message, path: owned(&["expectedVersion"]), current }
    }

    /// The input at `path` breaks `rule`.
    pub fn invalid(path: &[&str], rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { message: message.into(), path: owned(path), rule: rule.into() }
    }

    /// The value at `path` is taken.
    pub fn duplicate(path: &[&str], message: impl Into<String>) -> Self {
        Self::Duplicate { message: message.into(), path: owned(path) }
    }

    /// The service cannot answer now.
    #[must_use]
    pub fn unavailable(retry_after: i32) -> Self {
        let message = "the service cannot answer now; nothing was changed".to_owned();
        Self::Unavailable { message, path: Vec::new(), retry_after }
    }

    /// It needs a token, and there is none.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::Unauthenticated { message: message.into(), path: Vec::new() }
    }

    /// The token's user may not do it.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::Forbidden { message: message.into(), path: Vec::new() }
    }

    /// The problem in words.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::NotFound { message, .. }
            | Self::VersionConflict { message, .. }
            | Self::Invalid { message, .. }
            | Self::Duplicate { message, .. }
            | Self::Unavailable { message, .. }
            | Self::Unauthenticated { message, .. }
            | Self::Forbidden { message, .. }
            | Self::IdempotencyMismatch { message, .. } => message,
        }
    }

    /// The idempotency key belongs to another input.
    #[must_use]
    pub fn idempotency_mismatch() -> Self {
        let message = "this idempotencyKey was used with another input".to_owned();
        Self::IdempotencyMismatch { message, path: owned(&["idempotencyKey"]) }
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|&segment| segment.to_owned()).collect()
}

/// Why a change did not take place: problems that the client can act on, or a failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The client asked for what cannot be.
    #[error("refused: {0:?}")]
    Problems(Vec<Problem>),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] StoreError),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problems(vec![problem])
    }
}

impl From<Vec<Problem>> for Refusal {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Problems(problems)
    }
}

/// What a mutation came to: the entity as it is now, or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<T> {
    /// The entity after the change.
    pub entity: Option<T>,
    /// Why nothing was changed.
    pub problems: Vec<Problem>,
}

impl<T> Outcome<T> {
    /// What a change came to, unless the store failed.
    pub fn of(change: Result<T, Refusal>) -> Result<Self, StoreError> {
        match change {
            Ok(entity) => Ok(Self::done(entity)),
            Err(Refusal::Problems(problems)) => Ok(Self { entity: None, problems }),
            Err(Refusal::Failed(error)) => Err(error),
        }
    }

    /// The change took place.
    pub fn done(entity: T) -> Self {
        Self { entity: Some(entity), problems: Vec::new() }
    }

    /// The change did not take place.
    #[must_use]
    pub fn refused(problem: Problem) -> Self {
        Self { entity: None, problems: vec![problem] }
    }
}
