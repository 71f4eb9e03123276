//! What runs have seen: a run that never comes to a place says nothing about it.

use std::collections::{BTreeMap, BTreeSet};

use lms_kit::fault::Place;
use lms_sagas::saga::{Phase, Saga, Status};

/// The changes of a step's status that can happen.
pub const STATUS_CHANGES: [(Status, Status); 15] = [
    (Status::Pending, Status::Doing),
    (Status::Doing, Status::Done),
    (Status::Doing, Status::Refused),
    (Status::Doing, Status::Abandoning),
    (Status::Doing, Status::Undoing),
    (Status::Doing, Status::Failed),
    (Status::Abandoning, Status::Done),
    (Status::Abandoning, Status::Refused),
    (Status::Done, Status::Undoing),
    (Status::Undoing, Status::Undone),
    (Status::Undoing, Status::Failed),
    (Status::Failed, Status::Doing),
    (Status::Failed, Status::Done),
    (Status::Failed, Status::Undoing),
    (Status::Failed, Status::Undone),
];

/// The changes of a saga's phase that can happen.
pub const PHASE_CHANGES: [(Phase, Phase); 10] = [
    (Phase::Running, Phase::Completed),
    (Phase::Running, Phase::Compensating),
    (Phase::Running, Phase::Compensated),
    (Phase::Running, Phase::Stuck),
    (Phase::Compensating, Phase::Compensated),
    (Phase::Compensating, Phase::Stuck),
    (Phase::Stuck, Phase::Running),
    (Phase::Stuck, Phase::Compensating),
    (Phase::Stuck, Phase::Completed),
    (Phase::Stuck, Phase::Compensated),
];

/// What one run has seen, or many.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The named places that processes came to: how often, and how often they ended there.
    pub places: BTreeMap<Place, (u64, u64)>,
    /// Changes of steps, by their names.
    statuses: BTreeSet<(String, String)>,
    /// Changes of sagas.
    phases: BTreeSet<(&'static str, &'static str)>,
    /// Processes that ended at some step.
    pub ends: u64,
    /// Calls of an engine that failed.
    pub failures: u64,
    /// Faults of the plan.
    pub faults: u64,
    /// Sagas by how they ended.
    pub sagas: BTreeMap<&'static str, u64>,
    /// States that were loaded in place of events.
    pub transfers: u64,
}

impl Seen {
    pub(crate) fn place(&mut self, place: Place, ends: bool) {
        let (reached, ended) = self.places.entry(place).or_default();
        *reached += 1;
        *ended += u64::from(ends);
    }

    pub(crate) fn change(&mut self, before: &Saga, after: &Saga) {
        if before.phase != after.phase {
            self.phases.insert((before.phase.as_str(), after.phase.as_str()));
        }
        for (old, new) in before.steps.iter().zip(&after.steps).filter(|(old, new)| old.status != new.status)
        {
            self.statuses.insert((format!("{:?}", old.status), format!("{:?}", new.status)));
        }
    }

    /// Adds what another run has seen.
    pub fn add(&mut self, other: Self) {
        for (place, (reached, ended)) in other.places {
            let sum = self.places.entry(place).or_default();
            *sum = (sum.0 + reached, sum.1 + ended);
        }
        self.statuses.extend(other.statuses);
        self.phases.extend(other.phases);
        self.ends += other.ends;
        self.failures += other.failures;
        self.faults += other.faults;
        self.transfers += other.transfers;
        for (phase, number) in other.sagas {
            *self.sagas.entry(phase).or_default() += number;
        }
    }

    /// What was never seen, in words.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        // No migration runs in memory.
        let run = Place::ALL.into_iter().filter(|place| *place != Place::MigrationBeforeCommit);
        let places = run.filter(|place| self.places.get(place).is_none_or(|seen| seen.1 == 0));
        let places = places.map(|place| format!("no process ended at {}", place.name()));
        let seen =
            |(from, to): &(Status, Status)| self.statuses.contains(&(format!("{from:?}"), format!("{to:?}")));
        let statuses = STATUS_CHANGES.iter().filter(|change| !seen(change));
        let statuses = statuses.map(|(from, to)| format!("no step went from {from:?} to {to:?}"));
        let seen = |(from, to): &(Phase, Phase)| self.phases.contains(&(from.as_str(), to.as_str()));
        let phases = PHASE_CHANGES.iter().filter(|change| !seen(change));
        let phases = phases.map(|(from, to)| format!("no saga went from {from:?} to {to:?}"));
        places.chain(statuses).chain(phases).collect()
    }

    /// What was seen, and is in no table of what can happen.
    #[must_use]
    pub fn unexpected(&self) -> Vec<String> {
        let known = |from: &str, to: &str| {
            STATUS_CHANGES.iter().any(|known| format!("{known:?}") == format!("({from}, {to})"))
        };
        let statuses = self.statuses.iter().filter(|(from, to)| !known(from, to));
        let statuses = statuses.map(|(from, to)| format!("a step went from {from} to {to}"));
        let known = |change: &(&str, &str)| {
            PHASE_CHANGES.iter().any(|(from, to)| (from.as_str(), to.as_str()) == *change)
        };
        let phases = self.phases.iter().filter(|change| !known(change));
        statuses.chain(phases.map(|(from, to)| format!("a saga went from {from} to {to}"))).collect()
    }
}
