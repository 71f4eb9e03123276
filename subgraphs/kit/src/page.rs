//! Pages of a list: where to start, how many, and the cursor that says so.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// How many entries a page has when nobody says.
pub const DEFAULT_PAGE: u32 = 20;
/// How many entries a page may have.
pub const MAX_PAGE: u32 = 100;

/// One column's value in a cursor; the order of the variants is the order of a sort, so NULL is last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SortKey {
    /// A number.
    #[serde(rename = "i")]
    Int(i64),
    /// A text under binary collation.
    #[serde(rename = "t")]
    Text(String),
    /// No value.
    #[serde(rename = "n")]
    Null,
}

impl From<i64> for SortKey {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<String> for SortKey {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&str> for SortKey {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl<T: Into<Self>> From<Option<T>> for SortKey {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A place in a list: the sort key of an entry, and its identifier, which settles ties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The sort key.
    #[serde(rename = "k")]
    pub sort: SortKey,
    /// The identifier.
    #[serde(rename = "d")]
    pub id: SortKey,
}

impl Cursor {
    /// The cursor of the entry with this sort key and identifier.
    pub fn new(sort: impl Into<SortKey>, id: impl Into<SortKey>) -> Self {
        Self { sort: sort.into(), id: id.into() }
    }

    /// The cursor as a client holds it.
    #[must_use]
    pub fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::json!(self).to_string())
    }

    fn decode(argument: &str, text: &str, kind: CursorKind) -> Result<Self, Problem> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let cursor = bytes.and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        cursor.filter(|cursor| kind.fits(cursor)).ok_or_else(|| {
            Problem::invalid(&[argument], "a cursor of this list", format!("`{argument}` is not its cursor"))
        })
    }
}

/// What the cursors of a list hold, so that one of another list is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CursorKind {
    /// What the list sorts by.
    pub sort: KeyKind,
    /// What identifies an entry.
    pub id: KeyKind,
    /// Whether an entry may lack the sort key.
    pub nullable: bool,
}

/// The type of a key column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Numbers.
    Int,
    /// Texts under binary collation.
    Text,
}

impl CursorKind {
    /// A list sorted by a text that each entry has, with texts as identifiers.
    pub const TEXT: Self = Self { sort: KeyKind::Text, id: KeyKind::Text, nullable: false };

    /// A list sorted by an instant that each entry has, with texts as identifiers.
    pub const INSTANT: Self = Self { sort: KeyKind::Int, id: KeyKind::Text, nullable: false };

    fn fits(self, cursor: &Cursor) -> bool {
        let sort = match cursor.sort {
            SortKey::Int(_) => self.sort == KeyKind::Int,
            SortKey::Text(_) => self.sort == KeyKind::Text,
            SortKey::Null => self.nullable,
        };
        let id = match cursor.id {
            SortKey::Int(_) => self.id == KeyKind::Int,
            SortKey::Text(_) => self.id == KeyKind::Text,
            SortKey::Null => false,
        };
        sort && id
    }
}

/// The part of a list that was asked for, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Entries after this one.
    pub after: Option<Cursor>,
    /// Entries before this one.
    pub before: Option<Cursor>,
    /// At most so many.
    pub limit: u32,
    /// Counted from the end of the list.
    pub from_end: bool,
}

/// The four arguments of every list, as they came.
#[derive(Debug, Clone, Default)]
pub struct PageArguments {
    /// So many from the start.
    pub first: Option<i32>,
    /// After this cursor.
    pub after: Option<String>,
    /// So many from the end.
    pub last: Option<i32>,
    /// Before this cursor.
    pub before: Option<String>,
}

impl PageArguments {
    /// The window that they ask for, or which of them is wrong.
    pub fn window(self, kind: CursorKind) -> Result<Window, Problem> {
        let (argument, count) = match (self.first, self.last) {
            (Some(_), Some(_)) => {
                let message = "`first` and `last` were both given";
                return Err(Problem::invalid(&["last"], "either first or last", message));
            }
            (None, Some(last)) => ("last", Some(last)),
            (first, None) => ("first", first),
        };
        let limit = match count {
            None => DEFAULT_PAGE,
            Some(count) => u32::try_from(count).ok().filter(|&count| count <= MAX_PAGE).ok_or_else(|| {
                let message = format!("`{argument}` is {count}");
                Problem::invalid(&[argument], format!("0..={MAX_PAGE}"), message)
            })?,
        };
        let decode = |argument, text: Option<String>| {
            text.map(|text| Cursor::decode(argument, &text, kind)).transpose()
        };
        Ok(Window {
            after: decode("after", self.after)?,
            before: decode("before", self.before)?,
            limit,
            from_end: self.last.is_some(),
        })
    }
}

/// One page of a list, in list order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries, each with its cursor.
    pub entries: Vec<(Cursor, T)>,
    /// Whether something precedes the first entry.
    pub has_previous: bool,
    /// Whether something follows the last entry.
    pub has_next: bool,
}

impl<T> Page<T> {
    /// The page of a window, from the entries that a store found walking in the window's direction: one
    /// more than the limit if there are so many.
    #[must_use]
    pub fn from_walk(window: &Window, mut found: Vec<(Cursor, T)>) -> Self {
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        if window.from_end {
            found.reverse();
            return Self { entries: found, has_previous: more, has_next: window.before.is_some() };
        }
        Self { entries: found, has_previous: window.after.is_some(), has_next: more }
    }

    /// The same page with each entry changed.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        let mut change = change;
        let entries = self.entries.into_iter().map(|(cursor, entry)| (cursor, change(entry))).collect();
        Page { entries, has_previous: self.has_previous, has_next: self.has_next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule_of(arguments: PageArguments) -> String {
        let Problem::Invalid { rule, .. } = arguments.window(CursorKind::TEXT).unwrap_err() else {
            panic!("not invalid")
        };
        rule
    }

    #[test]
    fn a_cursor_survives_the_way_to_the_client_and_back() {
        let kind = CursorKind { sort: KeyKind::Text, id: KeyKind::Int, nullable: true };
        let cursor = Cursor::new("straße 😀", 7);
        assert_eq!(Cursor::decode("after", &cursor.encode(), kind).unwrap(), cursor);
        let none = Cursor::new(None::<i64>, 1);
        assert_eq!(Cursor::decode("after", &none.encode(), kind).unwrap(), none);
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        assert!(Cursor::decode("after", &Cursor::new(3, "a").encode(), CursorKind::TEXT).is_err());
        assert!(Cursor::decode("after", &Cursor::new("a", 3).encode(), CursorKind::TEXT).is_err());
        assert!(Cursor::decode("after", &Cursor::new(None::<i64>, "a").encode(), CursorKind::TEXT).is_err());
    }

    #[test]
    fn wrong_arguments_are_refused_by_rule() {
        assert_eq!(rule_of(PageArguments { first: Some(101), ..Default::default() }), "0..=100");
        assert_eq!(rule_of(PageArguments { last: Some(-1), ..Default::default() }), "0..=100");
        let both = PageArguments { first: Some(1), last: Some(1), ..Default::default() };
        assert_eq!(rule_of(both), "either first or last");
        let garbage = PageArguments { after: Some("%%".into()), ..Default::default() };
        assert_eq!(rule_of(garbage), "a cursor of this list");
    }
}
