//! Where sagas are kept.

mod done;
mod history;
mod keeping;
mod kept;
mod missed;
mod sql;

use async_trait::async_trait;
use lms_kit::{
    Refusal, StoreError,
    idempotency::Command,
    page::{Page, Window},
};
use serde_json::Value;

use crate::{
    coordinator::StepIn,
    machine::Beginning,
    saga::{Phase, Saga},
};

pub(crate) use done::Done;
pub(crate) use history::{History, SagaChange};
pub(crate) use keeping::Keeping;
pub(crate) use kept::Kept;
pub(crate) use missed::{Missed, Missing};
pub(crate) use sql::{MIGRATIONS, SqlSagas};

/// Which sagas are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct SagaFilter {
    /// Those that are here.
    pub(crate) phase: Option<Phase>,
    /// Those of this kind.
    pub(crate) kind: Option<String>,
}

/// Keeps sagas.
#[async_trait]
pub(crate) trait SagaStore: Send + Sync {
    /// The sagas with these identifiers, in any order.
    async fn by_ids(&self, ids: &[String]) -> Result<Vec<Saga>, StoreError>;

    /// A page of the sagas, those begun last first.
    async fn list(&self, filter: &SagaFilter, window: &Window) -> Result<Page<Saga>, StoreError>;

    /// Begins a saga of a kind, and keeps something beside it until it has settled.
    async fn begin(
        &self,
        kind: &'static str,
        (beginning, kept): (Beginning, Option<Value>),
        command: &Command,
    ) -> Result<Saga, Refusal>;

    /// Does what somebody asks of a saga.
    async fn step_in(&self, id: &str, how: StepIn, command: &Command) -> Result<Saga, Refusal>;
}
