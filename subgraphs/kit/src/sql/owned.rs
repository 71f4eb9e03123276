//! A page of a list for each of several owners, in one query.

use super::{
    paging::Order,
    row::Row,
    statement::{Sql, Value},
};
use crate::{
    error::StoreError,
    page::{Cursor, Page, Window},
};

/// Rows that belong to somebody.
#[derive(Debug, Clone, Copy)]
pub struct Owned {
    /// What is selected of each.
    pub columns: &'static str,
    /// The table, or several that are joined.
    pub from: &'static str,
    /// The column that says to whom a row belongs; the answer's rows have it as `owner`.
    pub owner: &'static str,
    /// The order of each owner's list; its sort column is never NULL.
    pub order: &'static Order,
}

impl Owned {
    /// The pages of these owners: each owner's rows are numbered in the order of the walk, and numbers past the
    /// limit are left out. The rows come owner by owner.
    pub fn pages(&self, owners: impl Into<Value>, window: &Window) -> Sql {
        let Self { columns, from, owner, order } = *self;
        let sql = Sql::new("SELECT * FROM (SELECT ").push(owner).push(" AS owner, ").push(columns);
        let sql = sql.push(", ROW_NUMBER() OVER (PARTITION BY ").push(owner).push(" ORDER BY ");
        let sql = sql.walk(order, window).push(") AS place FROM ").push(from);
        let sql = sql.push(" WHERE ").push(owner).push(" = ANY(").push_value(owners).push(")");
        let sql = sql.between(order, window).push(") AS numbered WHERE place <= ");
        sql.push_value(i64::from(window.limit) + 1).push(" ORDER BY owner ASC, place ASC")
    }
}

/// The page of each owner whose rows are among these, which come owner by owner.
pub fn pages_of<O: PartialEq, T>(
    rows: &[Row],
    window: &Window,
    owner: impl Fn(&Row) -> Result<O, StoreError>,
    entry: impl Fn(&Row) -> Result<(Cursor, T), StoreError>,
) -> Result<Vec<(O, Page<T>)>, StoreError> {
    let mut walks: Vec<(O, Vec<(Cursor, T)>)> = Vec::new();
    for row in rows {
        let owner = owner(row)?;
        match walks.last_mut() {
            Some((last, walk)) if *last == owner => walk.push(entry(row)?),
            _ => walks.push((owner, vec![entry(row)?])),
        }
    }
    Ok(walks.into_iter().map(|(owner, walk)| (owner, Page::from_walk(window, walk))).collect())
}
