//! What can be asked of a collection: conditions on key columns, one order, one window.

use crate::{
    page::{SortKey, Window},
    text::{self, TextMatch},
};

/// A condition on one key column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// The column has this value.
    Equals(&'static str, SortKey),
    /// The column contains this text, byte for byte.
    Contains(&'static str, String),
    /// The column begins with this text, byte for byte.
    StartsWith(&'static str, String),
    /// The column is not NULL.
    Present(&'static str),
}

impl Match {
    /// The conditions on a column of match keys that a filter comes to.
    pub fn text(column: &'static str, wanted: &TextMatch) -> impl Iterator<Item = Self> {
        let contains = wanted.contains.as_deref().map(|part| Self::Contains(column, text::key(part)));
        let starts = wanted.starts_with.as_deref().map(|part| Self::StartsWith(column, text::key(part)));
        contains.into_iter().chain(starts)
    }
}

/// A page of a collection in one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// All of these hold.
    pub matches: Vec<Match>,
    /// The column to sort by, then by identifier. A document in which it is NULL is not found.
    pub order: &'static str,
    /// Greatest first.
    pub descending: bool,
    /// Which part: one entry more than its limit is looked for, so that the caller knows whether more follow.
    pub window: Window,
}

impl Find {
    /// Everything that matches, from the least, up to `limit` entries and one more.
    #[must_use]
    pub fn first(order: &'static str, limit: u32, matches: Vec<Match>) -> Self {
        let window = Window { after: None, before: None, limit, from_end: false };
        Self { matches, order, descending: false, window }
    }

    /// Whether the engine walks from the greatest entry to the least.
    #[must_use]
    pub fn walks_down(&self) -> bool {
        self.descending != self.window.from_end
    }

    /// How many entries the engine looks for.
    #[must_use]
    pub fn reach(&self) -> i64 {
        i64::from(self.window.limit) + 1
    }
}

/// The same page for each of several values of a column, in one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindEach {
    /// The column.
    pub by: &'static str,
    /// Its values, each once.
    pub values: Vec<String>,
    /// The page for each.
    pub find: Find,
}
