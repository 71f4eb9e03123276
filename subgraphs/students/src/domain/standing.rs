//! Where a student stands: what may still be done, and what is there at all.

use lms_kit::Problem;
use serde::{Deserialize, Serialize};

/// Where a student stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Standing {
    /// Registered.
    #[default]
    Active,
    /// Being erased: there, but nothing new may begin.
    Erasing {
        /// The saga that erases.
        saga: String,
    },
    /// Nothing is left but the number.
    Erased,
    /// The number was kept for a registration that has not come about.
    Absent,
}

impl Standing {
    /// Whether there is a student.
    pub(crate) fn is_there(&self) -> bool {
        matches!(self, Self::Active | Self::Erasing { .. })
    }

    /// Something may be done for the student with this number, or by that student.
    pub(crate) fn check(&self, number: &str) -> Result<(), Problem> {
        match self {
            Self::Active => Ok(()),
            Self::Erasing { .. } => {
                let message = format!("the student {number} is being erased");
                Err(Problem::invalid(&["studentNumber"], "a student who is not being erased", message))
            }
            Self::Erased | Self::Absent => Err(no_student(number)),
        }
    }
}

/// There is no student with this number.
pub(crate) fn no_student(number: &str) -> Problem {
    Problem::not_found(&["studentNumber"], format!("no student has the number {number}"))
}
