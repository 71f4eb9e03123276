//! A page of a list by key, not by offset: what is inserted in between neither repeats nor skips an entry.

use super::statement::{Sql, Value};
use crate::page::{Cursor, SortKey, Window};

/// The order of a list: a sort column, then the identifier. NULLs are last.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The column that sorts.
    pub sort: &'static str,
    /// The column that settles ties.
    pub id: &'static str,
    /// Whether the sort column may be NULL.
    pub nullable: bool,
    /// Whether the greatest sort key comes first; identifiers ascend in any case.
    pub descending: bool,
}

impl Order {
    /// From the smallest sort key to the greatest, each row having one.
    #[must_use]
    pub const fn ascending(sort: &'static str, id: &'static str) -> Self {
        Self { sort, id, nullable: false, descending: false }
    }
}

impl From<&SortKey> for Value {
    fn from(key: &SortKey) -> Self {
        match key {
            SortKey::Int(number) => (*number).into(),
            SortKey::Text(text) => text.as_str().into(),
            SortKey::Null => Self::Text(None),
        }
    }
}

impl Sql {
    /// Ends a query that has a `WHERE` clause with the window's limits, in the order of the walk, and one
    /// row more than the window holds (see [`crate::page::Page::from_walk`]).
    #[must_use]
    pub fn page(self, order: &Order, window: &Window) -> Self {
        let sql = self.between(order, window).push(" ORDER BY ").walk(order, window);
        sql.push(" LIMIT ").push_value(i64::from(window.limit) + 1)
    }

    /// The window's limits as conditions behind others.
    pub(super) fn between(mut self, order: &Order, window: &Window) -> Self {
        if let Some(cursor) = &window.after {
            self = self.push(" AND ").beyond(order, cursor, false);
        }
        if let Some(cursor) = &window.before {
            self = self.push(" AND ").beyond(order, cursor, true);
        }
        self
    }

    /// The columns to order by, in the order of the walk.
    pub(super) fn walk(mut self, order: &Order, window: &Window) -> Self {
        let direction = |down: bool| if down == window.from_end { " ASC" } else { " DESC" };
        if order.nullable {
            self = self.push("(").push(order.sort).push(" IS NULL)").push(direction(false)).push(", ");
        }
        self = self.push(order.sort).push(direction(order.descending));
        self.push(", ").push(order.id).push(direction(false))
    }

    /// The rows past a cursor, towards the end of the list or (`backwards`) its start.
    fn beyond(self, order: &Order, cursor: &Cursor, backwards: bool) -> Self {
        let comparison = |down: bool| if down == backwards { " > " } else { " < " };
        let (Order { sort, id, .. }, past) = (*order, comparison(false));
        if cursor.sort == SortKey::Null {
            let sql =
                self.push("(").push(sort).push(if backwards { " IS NOT NULL OR " } else { " IS NULL AND " });
            return sql.push(id).push(past).push_value(&cursor.id).push(")");
        }
        if !order.nullable && !order.descending {
            let sql = self.push("(").push(sort).push(", ").push(id).push(")").push(past).push("(");
            return sql.push_value(&cursor.sort).push(", ").push_value(&cursor.id).push(")");
        }
        let sql = self.push("(").push(sort).push(comparison(order.descending)).push_value(&cursor.sort);
        let sql = sql.push(" OR (").push(sort).push(" = ").push_value(&cursor.sort);
        let sql = sql.push(" AND ").push(id).push(past).push_value(&cursor.id).push(")");
        let sql =
            if order.nullable && !backwards { sql.push(" OR ").push(sort).push(" IS NULL") } else { sql };
        sql.push(")")
    }
}
