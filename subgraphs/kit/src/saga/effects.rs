//! What a service has done for a saga, as it is told to whoever may see the saga.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::StepState;
use crate::{
    access::{Caller, Scope},
    error::StoreError,
    problem::Problem,
};

/// Who may see what was done for a saga, beside those who look after the library.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// Nobody.
    #[default]
    Nobody,
    /// A user, who began it.
    User(String),
    /// Whoever knows its identifier: it was begun without a token.
    Anyone,
}

impl Owner {
    /// The owner of what may be begun without a token.
    #[must_use]
    pub fn of_caller(caller: &str) -> Self {
        if caller.is_empty() { Self::Anyone } else { Self::User(caller.to_owned()) }
    }

    /// The owner may go on, and those who look after the library.
    pub fn admit(&self, caller: &Caller) -> Result<(), Problem> {
        match self {
            Self::Nobody => caller.need(&Scope::STAFF),
            Self::User(user) => caller.need_user(Some(user), &Scope::STAFF),
            Self::Anyone => Ok(()),
        }
    }

    fn is_nobody(&self) -> bool {
        *self == Self::Nobody
    }
}

/// What is kept of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepNote {
    /// What became of it.
    #[serde(flatten)]
    pub state: StepState,
    /// Who may see that.
    #[serde(default, skip_serializing_if = "Owner::is_nobody")]
    pub owner: Owner,
}

/// What became of one step of a saga.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The saga.
    pub saga: String,
    /// The step's name within it.
    pub step: String,
    /// What became of it, and who may see that.
    pub note: StepNote,
    /// When, in ms.
    pub at: i64,
}

/// Where a service keeps what it did for sagas.
#[async_trait]
pub trait Effects: Send + Sync {
    /// What was done for these sagas, in no order.
    async fn effects(&self, sagas: &[String]) -> Result<Vec<Effect>, StoreError>;

    /// The sagas after an identifier of which something is kept, in the order of their identifiers: some of them, and none
    /// only if there are no more.
    async fn sagas_after(&self, saga: &str) -> Result<Vec<String>, StoreError>;
}
