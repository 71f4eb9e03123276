//! The ledger's format and its rules, whatever engine keeps it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::StoreError;

/// A step of expand, migrate, contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Adds what new code needs; old code still runs.
    Expand,
    /// Moves data.
    Migrate,
    /// Takes away what old code needed.
    Contract,
}

impl Phase {
    /// The word in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Migrate => "migrate",
            Self::Contract => "contract",
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
}

/// What the ledger keeps of an applied migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Whose migration: a service, or `kit`.
    pub owner: String,
    /// Its version.
    pub version: u32,
    /// SHA-256 of its script, in hexadecimal.
    pub checksum: String,
}

/// A row to write into the ledger.
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
    pub phase: Phase,
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
    /// The database is newer than this program.
    #[error("migration {owner}/{version:04} was applied, and this program does not know it")]
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
pub(super) fn checksum(script: &str) -> String {
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

/// Which of an owner's `(version, checksum)` are not applied yet; an error if what was applied differs.
pub fn plan(owner: &str, here: &[(u32, String)], ledger: &[Applied]) -> Result<Vec<u32>, MigrateError> {
    let owner_of = || owner.to_owned();
    for applied in ledger.iter().filter(|applied| applied.owner == owner) {
        let version = applied.version;
        let Some((_, checksum)) = here.iter().find(|(known, _)| *known == version) else {
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

    fn applied(version: u32, checksum: &str) -> Applied {
        Applied { owner: "genres".into(), version, checksum: checksum.into() }
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
        assert!(matches!(plan("genres", &[], &[applied(1, "a")]), Err(MigrateError::Unknown { .. })));
    }
}
