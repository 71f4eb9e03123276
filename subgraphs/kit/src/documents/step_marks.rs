//! What a document remembers of the steps that changed it.

use serde::{Deserialize, Serialize};

use super::Found;
use crate::{
    error::StoreError,
    saga::{StepNote, StepState},
};

/// How many steps one document remembers; what became of older ones is kept beside it ([`crate::saga`]).
const LIMIT: usize = 32;

/// What became of its latest steps, those that changed last at the end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct StepMarks(Vec<StepMark>);

/// What became of a step of a saga, in few bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StepMark {
    /// The saga and the step.
    #[serde(rename = "s")]
    pub(crate) step: String,
    #[serde(rename = "r")]
    pub(crate) note: StepNote,
    /// When, in ms; 0 where that was not noted.
    #[serde(rename = "a", default)]
    pub(crate) at: i64,
}

impl StepMark {
    /// When, or what is known of it elsewhere.
    pub(crate) fn at_or(&self, elsewhere: i64) -> i64 {
        if self.at > 0 { self.at } else { elsewhere }
    }
}

impl StepMarks {
    /// Those of a document of any kind.
    pub(crate) fn of(found: &Found) -> Result<Self, StoreError> {
        let Some(steps) = found.body.get("steps") else { return Ok(Self::default()) };
        Self::deserialize(steps).map_err(|cause| StoreError::corrupt("saga step", cause))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn mark(&self, id: &str) -> Option<&StepMark> {
        self.0.iter().find(|mark| mark.step == id)
    }

    pub(super) fn state(&self, id: &str) -> Option<&StepState> {
        self.mark(id).map(|mark| &mark.note.state)
    }

    pub(super) fn note(&mut self, mark: StepMark) {
        self.0.retain(|known| known.step != mark.step);
        self.0.push(mark);
    }

    /// Gives up the oldest that are too many for one document.
    pub(super) fn give_up(&mut self) -> Vec<StepMark> {
        let too_many = self.0.len().saturating_sub(LIMIT);
        self.0.drain(..too_many).collect()
    }
}
