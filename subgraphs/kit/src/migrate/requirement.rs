//! What has to be so everywhere before a contract step takes away what old code, events, sagas or documents need.

use std::{collections::BTreeMap, fmt};

use semver::Version;

use super::standing::Standing;

/// One thing that has to be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// Every process of a service runs this release or a later one.
    Code {
        /// The service.
        service: &'static str,
        /// Major, minor and patch.
        at_least: (u64, u64, u64),
    },
    /// No event of this type with an older schema is on its way: waiting to leave, on a bus that keeps it, or waiting to
    /// be applied.
    EventSchema {
        /// The event's type, such as `library.books.BookChanged`.
        kind: &'static str,
        /// The schema's version.
        at_least: i32,
    },
    /// No saga of this kind with an older definition is under way.
    SagaDefinition {
        /// The kind.
        kind: &'static str,
        /// The definition's version.
        at_least: u32,
    },
    /// No document of this collection of the service's own has an older schema.
    Documents {
        /// The collection.
        collection: &'static str,
        /// The schema's version.
        at_least: u32,
    },
}

/// All that a contract step requires: something at least, or the program that says otherwise is not built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirements(&'static [Requirement]);

impl Requirements {
    /// These.
    ///
    /// # Panics
    ///
    /// If there are none: migrations are constants, so that this is an error of the compiler's.
    #[must_use]
    pub const fn all(of: &'static [Requirement]) -> Self {
        assert!(!of.is_empty(), "a contract step says what it requires");
        Self(of)
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = &'static Requirement> {
        self.0.iter()
    }
}

/// How services stand, by name; of one that does not tell, why.
pub type Standings = BTreeMap<String, Result<Standing, String>>;

impl Requirement {
    /// What speaks against it; nothing if it is so. `owner` is the service whose step requires it.
    #[must_use]
    pub fn unmet(&self, owner: &str, standings: &Standings) -> Vec<String> {
        match *self {
            Self::Code { service, at_least: (major, minor, patch) } => {
                let least = Version::new(major, minor, patch);
                told_by(service, standings).map_or_else(|why| vec![why], |told| older_code(told, &least))
            }
            Self::EventSchema { kind, at_least } => {
                let each = standings.keys().map(|service| {
                    told_by(service, standings).map(|told| older_events(told, kind, at_least))
                });
                each.filter_map(|found| found.unwrap_or_else(Some)).collect()
            }
            Self::SagaDefinition { kind, at_least } => older_sagas(standings, kind, at_least),
            Self::Documents { collection, at_least } => match told_by(owner, standings) {
                Err(why) => vec![why],
                Ok(told) => {
                    let oldest = told.minima.documents.get(collection).filter(|oldest| **oldest < at_least);
                    let is = |oldest| format!("`{collection}` of {owner} has documents of schema {oldest}");
                    oldest.map(is).into_iter().collect()
                }
            },
        }
    }
}

fn told_by<'s>(service: &str, standings: &'s Standings) -> Result<&'s Standing, String> {
    match standings.get(service) {
        Some(Ok(standing)) => Ok(standing),
        Some(Err(why)) => Err(format!("{service} does not tell how it stands: {why}")),
        None => Err(format!("{service} was not named, so that nobody knows how it stands")),
    }
}

fn older_code(told: &Standing, least: &Version) -> Vec<String> {
    let older = told.processes.iter().filter(|process| process.release < *least);
    let service = &told.service;
    older.map(|process| format!("process {} of {service} runs {}", process.id, process.release)).collect()
}

fn older_events(told: &Standing, kind: &str, at_least: i32) -> Option<String> {
    let service = &told.service;
    let Some(schemas) = &told.minima.event_schemas else {
        return Some(format!("too many events wait in {service} to be looked through"));
    };
    let oldest = schemas.get(kind).filter(|oldest| **oldest < at_least)?;
    Some(format!("{service} holds events {kind} of schema {oldest}"))
}

fn older_sagas(standings: &Standings, kind: &str, at_least: u32) -> Vec<String> {
    let mut known = false;
    let mut unmet = Vec::new();
    for service in standings.keys() {
        match told_by(service, standings) {
            Err(why) => unmet.push(why),
            Ok(told) => {
                let Some(definitions) = &told.minima.saga_definitions else { continue };
                known = true;
                let oldest = definitions.get(kind).filter(|oldest| **oldest < at_least);
                unmet.extend(oldest.map(|oldest| format!("a {kind} of definition {oldest} is under way")));
            }
        }
    }
    if !known {
        unmet.push("no service tells which sagas are under way".to_owned());
    }
    unmet
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code { service, at_least: (major, minor, patch) } => {
                write!(f, "code of {service} at least {major}.{minor}.{patch}")
            }
            Self::EventSchema { kind, at_least } => write!(f, "no event {kind} below schema {at_least}"),
            Self::SagaDefinition { kind, at_least } => write!(f, "no {kind} below definition {at_least}"),
            Self::Documents { collection, at_least } => {
                write!(f, "no document of {collection} below schema {at_least}")
            }
        }
    }
}
