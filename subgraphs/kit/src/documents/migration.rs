//! Migrations of a document database: the same steps on every engine, with the ledger that all engines share.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::{Collection, Index};
use crate::{
    migrate::{LedgerEntry, MigrateError, Pending, Phase, Requirements, hex, plan, release},
    page::KeyKind,
};

/// One migration.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Counts from 1 without a gap in each owner.
    pub version: u32,
    /// What it is for.
    pub name: &'static str,
    /// What it does to code that is older or newer.
    pub phase: Phase,
    /// What it does, in order. Every step may run twice, since not every engine has a transaction for it.
    pub steps: &'static [Step],
}

/// What a migration does.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// Makes a collection if it is not there.
    Collection(Collection),
    /// Makes an index of a collection if it is not there.
    Index(&'static str, Index),
    /// Takes an index of a collection away, if it is there.
    DropIndex(&'static str, &'static str),
    /// Takes a collection away with all that is in it, if it is there.
    DropCollection(&'static str),
}

impl Migration {
    /// SHA-256 over the steps written out in words of their own, which no refactoring changes.
    pub(super) fn checksum(&self) -> String {
        let mut text = String::new();
        for step in self.steps {
            match step {
                Step::Collection(collection) => {
                    write!(text, "collection {}", collection.name)
                        .and_then(|()| {
                            collection
                                .keys
                                .iter()
                                .try_for_each(|key| write!(text, " {} {}", key.name, kind(key.kind)))
                        })
                        .expect("writing to a string succeeds");
                }
                Step::Index(collection, index) => {
                    let unique = if index.unique { "unique " } else { "" };
                    write!(text, "{unique}index {} on {collection} {}", index.name, index.columns.join(" "))
                        .expect("writing to a string succeeds");
                }
                Step::DropIndex(collection, index) => {
                    write!(text, "no index {index} on {collection}").expect("writing to a string succeeds");
                }
                Step::DropCollection(collection) => {
                    write!(text, "no collection {collection}").expect("writing to a string succeeds");
                }
            }
            text.push('\n');
        }
        hex(&Sha256::digest(text.as_bytes()))
    }

    /// What the ledger keeps of it.
    pub(super) fn entry(&self, owner: &'static str, at_ms: i64) -> LedgerEntry {
        LedgerEntry {
            owner: owner.to_owned(),
            version: self.version,
            name: self.name.to_owned(),
            kind: "documents".to_owned(),
            phase: self.phase.as_str().to_owned(),
            checksum: self.checksum(),
            applied_at: at_ms,
            by: format!("lms {}", release()),
        }
    }
}

fn kind(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Text => "text",
        KeyKind::Int => "integer",
    }
}

/// The migrations that the ledger does not have, in order.
pub(super) fn missing<'m>(
    owner: &str,
    migrations: &'m [Migration],
    ledger: &[LedgerEntry],
) -> Result<Vec<&'m Migration>, MigrateError> {
    let here: Vec<(u32, String)> = migrations.iter().map(|known| (known.version, known.checksum())).collect();
    let versions = plan(owner, &here, ledger)?;
    Ok(migrations.iter().filter(|known| versions.contains(&known.version)).collect())
}

impl Migration {
    /// As it is told to others while it is not applied.
    pub(super) fn pending(&self, owner: &str) -> (Pending, Option<Requirements>) {
        (Pending::new(owner, self.version, self.name, self.phase), self.phase.requires())
    }
}
