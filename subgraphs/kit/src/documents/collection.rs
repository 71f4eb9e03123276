//! Collections, their key columns and indexes, and the documents in them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::page::{KeyKind, SortKey};

/// A kind of aggregate: a collection of documents with the same key columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collection {
    /// Its name on the engine.
    pub name: &'static str,
    /// What its documents are found and sorted by.
    pub keys: &'static [KeyColumn],
}

/// A column computed from the body when a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyColumn {
    /// Its name, none of `_id`, `revision` and `body`.
    pub name: &'static str,
    /// What it holds; NULL is allowed in both kinds.
    pub kind: KeyKind,
}

impl KeyColumn {
    /// A column of text.
    #[must_use]
    pub const fn text(name: &'static str) -> Self {
        Self { name, kind: KeyKind::Text }
    }

    /// A column of integers.
    #[must_use]
    pub const fn integer(name: &'static str) -> Self {
        Self { name, kind: KeyKind::Int }
    }
}

/// An index over key columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name, unique in the database.
    pub name: &'static str,
    /// The columns, the most significant first.
    pub columns: &'static [&'static str],
    /// Whether no two documents may share the columns' values; such columns are never NULL, because
    /// engines differ in whether NULLs are equal.
    pub unique: bool,
}

/// A document to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its identifier.
    pub id: String,
    /// The revision that it was read at; 0 for a new one. The engine stores one more.
    pub revision: i64,
    /// The key columns' values; a column that is not named is NULL.
    pub keys: BTreeMap<&'static str, SortKey>,
    /// Everything else.
    pub body: Value,
}

/// A document as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its identifier.
    pub id: String,
    /// Its revision, which moves with every write.
    pub revision: i64,
    /// What was stored.
    pub body: Value,
}
