//! What a saga consists of, as data: what is still to come can be shown before it comes, and what cannot work
//! is found at start.

mod catalogue_book;
mod check;
mod erase_student;
mod lend_book;
mod register_student;
mod return_book;
mod source;

use std::{collections::BTreeSet, time::Duration};

pub use check::{DefinitionError, check};
pub use source::{Source, gather};

/// A kind of saga, in one version. A running saga keeps the version that it was begun with.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// The GraphQL type of its sagas.
    pub kind: &'static str,
    /// Counts from 1; an older one stays known for as long as a saga of it may run.
    pub version: u32,
    /// The service that asks for it, and keeps that it is wanted; nothing where clients ask the coordinator. One that its
    /// coordinator has lost is still wanted only by the former.
    pub asked_by: Option<&'static str>,
    /// One after the other; the steps of a stage at the same time.
    pub stages: &'static [&'static [Step]],
    /// What a completed saga has come to: names, and where their values are.
    pub result: &'static [(&'static str, Source)],
}

impl Definition {
    /// Its steps, in their order.
    pub fn steps(&self) -> impl Iterator<Item = &'static Step> + use<> {
        self.stages.iter().flat_map(|stage| *stage)
    }

    /// The step of this name.
    #[must_use]
    pub fn step(&self, name: &str) -> Option<&'static Step> {
        self.steps().find(|step| step.name == name)
    }
}

/// A step: something that one service does.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Its name, unique in the saga.
    pub name: &'static str,
    /// Who does it.
    pub service: &'static str,
    /// The service's name for it.
    pub operation: &'static str,
    /// What its failure means.
    pub role: Role,
    /// A list in the saga's input, as a JSON pointer: the step is done for each of its items, at the same time.
    pub each: Option<&'static str>,
    /// What the operation needs: names, and where their values are.
    pub input: &'static [(&'static str, Source)],
    /// How long an answer may take before the step is asked again.
    pub timeout: Duration,
}

/// What the failure of a step means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Before the pivot: it can be taken back by this operation.
    Compensable {
        /// The service's name for taking it back.
        undo: &'static str,
    },
    /// The point of no return. Its service can be asked to abandon it.
    Pivot,
    /// After the pivot: it is tried until it is done.
    Retriable,
    /// After the pivot: if it is refused, the saga completes with a warning.
    BestEffort,
}

/// How long an answer may usually take.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// All definitions, the newest of each kind first.
pub const DEFINITIONS: &[Definition] = &[
    catalogue_book::CATALOGUE_BOOK,
    erase_student::ERASE_STUDENT,
    lend_book::LEND_BOOK,
    register_student::REGISTER_STUDENT,
    return_book::RETURN_BOOK,
];

/// The definition of a kind in a version.
#[must_use]
pub fn find<'d>(definitions: &'d [Definition], kind: &str, version: u32) -> Option<&'d Definition> {
    definitions.iter().find(|known| known.kind == kind && known.version == version)
}

/// The newest definition of a kind.
#[must_use]
pub fn newest<'d>(definitions: &'d [Definition], kind: &str) -> Option<&'d Definition> {
    definitions.iter().filter(|known| known.kind == kind).max_by_key(|known| known.version)
}

/// The newest definition of which these are steps, each by its service and its name: the kind of a saga of which only
/// that is left. No other kind has steps of these names ([`check`]).
#[must_use]
pub fn of_steps<'d>(definitions: &'d [Definition], steps: &[(&str, &str)]) -> Option<&'d Definition> {
    let has = |known: &Definition, (service, name): &(&str, &str)| {
        let name = name.split('#').next().unwrap_or_default();
        known.step(name).is_some_and(|step| step.service == *service)
    };
    let of_all = definitions.iter().filter(|known| steps.iter().all(|step| has(known, step)));
    of_all.max_by_key(|known| known.version).filter(|_| !steps.is_empty())
}

/// The services that take part in sagas.
#[must_use]
pub fn services(definitions: &[Definition]) -> BTreeSet<&'static str> {
    definitions.iter().flat_map(Definition::steps).map(|step| step.service).collect()
}
