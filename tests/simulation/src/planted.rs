//! Mistakes that are made on purpose: a simulation that does not find them says nothing about the others.

use lms_kit::planted::{Bug, plant};

use crate::{Outcome, run};

/// Runs seeds from 0 on with a mistake in the production code, until a rule is broken; `None` if none was
/// within so many.
#[must_use]
pub fn find(bug: Bug, within: u64) -> Option<Outcome> {
    plant(Some(bug));
    let found = (0..within).map(run).find(|outcome| !outcome.broken.is_empty());
    plant(None);
    found
}
