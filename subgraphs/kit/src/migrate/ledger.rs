//! The ledger's format and its rules, whatever engine keeps it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Requirements, release};
use crate::error::StoreError;

/// The ledger's word for what takes something away.
const CONTRACT: &str = "contract";

/// A step of expand, migrate, contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Adds what new code needs; old code still runs.
    Expand,
    /// Moves data.
    Migrate,
    /// Takes away what old code needed, once nothing old is left. A service that starts leaves it alone: somebody asks
    /// for it (`octavo migrate up`).
    Contract(Requirements),
}

impl Phase {
    /// The word in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Migrate => "migrate",
            Self::Contract(_) => CONTRACT,
        }
    }

    /// What it requires, if it takes something away.
    #[must_use]
    pub fn requires(self) -> Option<Requirements> {
        match self {
            Self::Contract(requires) => Some(requires),
            Self::Expand | Self::Migrate => None,
        }
    }
}

/// One migration, with its script for each SQL engine. Its files are `migrations/ENGINE/NNNN_name.sql`.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Counts from 1 without a gap in each owner.
    pub version: u32,
    /// The file's name without its number.
    pub name: &'static str,
    /// What it does to code that is older or newer.
    pub phase: Phase,
    /// The script for SQLite.
    pub sqlite: &'static str,
    /// The script for PostgreSQL.
    pub postgres: &'static str,
}

impl Migration {
    /// The script for an engine by its name.
    #[must_use]
    pub fn script(&self, engine: &str) -> &'static str {
        if engine == "postgres" { self.postgres } else { self.sqlite }
    }

    /// What the ledger keeps of it.
    pub(super) fn entry(&self, owner: &str, engine: &str, at_ms: i64) -> LedgerEntry {
        LedgerEntry {
            owner: owner.to_owned(),
            version: self.version,
            name: self.name.to_owned(),
            kind: "sql".to_owned(),
            phase: self.phase.as_str().to_owned(),
            checksum: checksum(self.script(engine)),
            applied_at: at_ms,
            by: format!("lms {}", release()),
        }
    }
}

/// What the ledger keeps of an applied migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Whose migration: a service, or `kit`.
    pub owner: String,
    /// Its version.
    pub version: u32,
    /// Its name.
    pub name: String,
    /// `sql`, or `documents`.
    pub kind: String,
    /// Its phase.
    pub phase: String,
    /// SHA-256 of its script, in hexadecimal.
    pub checksum: String,
    /// When, in ms.
    pub applied_at: i64,
    /// Which program.
    pub by: String,
}

/// The migrations cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// An applied migration was edited afterwards.
    #[error("migration {owner}/{version:04} was changed after it was applied: {applied} there, {here} here")]
    Changed {
        /// Whose migration.
        owner: String,
        /// Its version.
        version: u32,
        /// The checksum in the ledger.
        applied: String,
        /// The checksum of the script in this program.
        here: String,
    },
    /// Something was taken away that this program may need.
    #[error(
        "migration {owner}/{version:04} has taken something away, and this program does not know it: it is too old"
    )]
    Unknown {
        /// Whose migration.
        owner: String,
        /// Its version.
        version: u32,
    },
    /// A script failed.
    #[error("migration {owner}/{version:04} failed: {source}")]
    Failed {
        /// Whose migration.
        owner: String,
        /// Its version.
        version: u32,
        /// What the engine says.
        #[source]
        source: StoreError,
    },
    /// The ledger could not be read or written.
    #[error("the ledger of migrations cannot be used: {0}")]
    Ledger(#[source] StoreError),
}

/// SHA-256 of a script, in hexadecimal.
pub(crate) fn checksum(script: &str) -> String {
    hex(&Sha256::digest(script.as_bytes()))
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        write!(out, "{byte:02x}").expect("writing to a string succeeds");
        out
    })
}

/// Which of an owner's `(version, checksum)` are not applied yet; an error if what was applied differs. What newer programs
/// have added is none of this one's business.
pub fn plan(owner: &str, here: &[(u32, String)], ledger: &[LedgerEntry]) -> Result<Vec<u32>, MigrateError> {
    let owner_of = || owner.to_owned();
    for applied in ledger.iter().filter(|applied| applied.owner == owner) {
        let version = applied.version;
        let Some((_, checksum)) = here.iter().find(|(known, _)| *known == version) else {
            if applied.phase != CONTRACT {
                continue;
            }
            return Err(MigrateError::Unknown { owner: owner_of(), version });
        };
        if *checksum != applied.checksum {
            let (applied, here) = (applied.checksum.clone(), checksum.clone());
            return Err(MigrateError::Changed { owner: owner_of(), version, applied, here });
        }
    }
    let is_applied = |version| ledger.iter().any(|row| row.owner == owner && row.version == version);
    Ok(here.iter().map(|(version, _)| *version).filter(|&version| !is_applied(version)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(version: u32, checksum: &str) -> LedgerEntry {
        LedgerEntry {
            owner: "genres".into(),
            version,
            name: "first".into(),
            kind: "sql".into(),
            phase: "expand".into(),
            checksum: checksum.into(),
            applied_at: 0,
            by: "lms 0.1.0".into(),
        }
    }

    #[test]
    fn only_what_is_missing_is_planned() {
        let here = [(1, "a".to_owned()), (2, "b".to_owned())];
        assert_eq!(plan("genres", &here, &[applied(1, "a")]).unwrap(), [2]);
        assert_eq!(plan("kit", &here, &[applied(1, "x")]).unwrap(), [1, 2]);
    }

    #[test]
    fn an_edited_migration_is_an_error_that_names_it() {
        let error = plan("genres", &[(1, "b".to_owned())], &[applied(1, "a")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "migration genres/0001 was changed after it was applied: a there, b here"
        );
    }

    #[test]
    fn a_program_runs_beside_what_was_added_and_not_where_something_was_taken_away() {
        let here = [(1, "a".to_owned())];
        let added = [applied(1, "a"), applied(2, "b")];
        assert_eq!(plan("genres", &here, &added).unwrap(), [0u32; 0]);
        let taken = LedgerEntry { phase: CONTRACT.to_owned(), ..applied(3, "c") };
        assert!(matches!(plan("genres", &here, &[taken]), Err(MigrateError::Unknown { version: 3, .. })));
    }
}
