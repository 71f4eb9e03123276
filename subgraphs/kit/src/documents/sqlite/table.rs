//! Statements over a collection's table: SQL whose names come from the service's own description of its
//! collections, with every value bound.

use sqlx::{AssertSqlSafe, Sqlite, query::Query, sqlite::SqliteArguments};

use super::{Collection, Document, Find, FindEach, Found};
use crate::{
    documents::Match,
    page::{Cursor, SortKey},
};

/// SQL and the values of its `?`, in order.
pub(super) struct Statement {
    sql: String,
    values: Vec<SortKey>,
}

impl Statement {
    pub(super) fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    fn bind(&mut self, value: impl Into<SortKey>) {
        self.values.push(value.into());
    }

    pub(super) fn query(self) -> Query<'static, Sqlite, SqliteArguments> {
        let query = sqlx::query(AssertSqlSafe(self.sql));
        self.values.into_iter().fold(query, |query, value| match value {
            SortKey::Int(number) => query.bind(number),
            SortKey::Text(text) => query.bind(text),
            SortKey::Null => query.bind(None::<String>),
        })
    }
}

pub(super) fn by_values(collection: &Collection, column: &str, values: &[String]) -> Statement {
    let table = collection.name;
    let mut statement = Statement::new(format!("SELECT id, revision, body FROM {table} WHERE {column} "));
    match values {
        [value] => {
            statement.push("= ?");
            statement.bind(value.as_str());
        }
        values => {
            statement.push("IN (SELECT value FROM json_each(?))");
            statement.bind(json(values));
        }
    }
    statement
}

pub(super) fn after(collection: &Collection, id: &str, limit: u32) -> Statement {
    let table = collection.name;
    let mut statement =
        Statement::new(format!("SELECT id, revision, body FROM {table} WHERE id > ? ORDER BY id LIMIT ?"));
    statement.bind(id);
    statement.bind(i64::from(limit));
    statement
}

pub(super) fn page(collection: &Collection, find: &Find) -> Statement {
    let mut statement = Statement::new(format!("SELECT id, revision, body FROM {} WHERE ", collection.name));
    push_page(&mut statement, find);
    statement
}

/// The parents come first, so that each one's page is read through an index up to its own limit.
pub(super) fn page_for_each(collection: &Collection, find: &FindEach) -> Statement {
    let (table, by, order) = (collection.name, find.by, find.find.order);
    let mut statement = Statement::new(format!(
        "SELECT parent.value AS parent, c.id AS id, c.revision AS revision, c.body AS body \
         FROM json_each(?) AS parent CROSS JOIN {table} AS c ON c.id IN \
         (SELECT id FROM {table} WHERE {by} = parent.value AND "
    ));
    statement.bind(json(&find.values));
    push_page(&mut statement, &find.find);
    let direction = direction(&find.find);
    statement.push(&format!(") ORDER BY parent.key, c.{order} {direction}, c.id {direction}"));
    statement
}

pub(super) fn tally(collection: &Collection, by: &str, values: &[String], of: &str) -> Statement {
    let table = collection.name;
    let mut statement = Statement::new(format!(
        "SELECT {by} AS value, count(*) AS count, coalesce(sum({of}), 0) AS sum FROM {table} \
         WHERE {by} IN (SELECT value FROM json_each(?)) GROUP BY {by}"
    ));
    statement.bind(json(values));
    statement
}

pub(super) fn insert(collection: &Collection, document: &Document) -> Statement {
    let columns: String = collection.keys.iter().flat_map(|key| [", ", key.name]).collect();
    let places = ", ?".repeat(collection.keys.len());
    let mut statement = Statement::new(format!(
        "INSERT INTO {} (id, revision, body{columns}) VALUES (?, ?, ?{places}) ON CONFLICT DO NOTHING",
        collection.name
    ));
    statement.bind(document.id.as_str());
    statement.bind(document.revision + 1);
    statement.bind(document.body.to_string());
    bind_keys(&mut statement, collection, document);
    statement
}

pub(super) fn swap(collection: &Collection, document: &Document) -> Statement {
    let columns: String = collection.keys.iter().flat_map(|key| [", ", key.name, " = ?"]).collect();
    let mut statement = Statement::new(format!(
        "UPDATE {} SET revision = ?, body = ?{columns} WHERE id = ? AND revision = ?",
        collection.name
    ));
    statement.bind(document.revision + 1);
    statement.bind(document.body.to_string());
    bind_keys(&mut statement, collection, document);
    statement.bind(document.id.as_str());
    statement.bind(document.revision);
    statement
}

pub(super) fn set_key(collection: &Collection, found: &Found, column: &str, value: SortKey) -> Statement {
    let table = collection.name;
    let mut statement =
        Statement::new(format!("UPDATE {table} SET {column} = ? WHERE id = ? AND revision = ?"));
    statement.bind(value);
    statement.bind(found.id.as_str());
    statement.bind(found.revision);
    statement
}

pub(super) fn remove(collection: &Collection, ids: &[String]) -> Statement {
    let table = collection.name;
    let mut statement =
        Statement::new(format!("DELETE FROM {table} WHERE id IN (SELECT value FROM json_each(?))"));
    statement.bind(json(ids));
    statement
}

fn bind_keys(statement: &mut Statement, collection: &Collection, document: &Document) {
    for key in collection.keys {
        statement.bind(document.keys.get(key.name).cloned().unwrap_or(SortKey::Null));
    }
}

/// The conditions, the order and the limit of a page.
fn push_page(statement: &mut Statement, find: &Find) {
    let order = find.order;
    statement.push(&format!("{order} IS NOT NULL"));
    for condition in &find.matches {
        match condition {
            Match::Equals(column, value) => {
                statement.push(&format!(" AND {column} IS ?"));
                statement.bind(value.clone());
            }
            Match::Contains(column, text) => {
                statement.push(&format!(" AND instr({column}, ?) > 0"));
                statement.bind(text.as_str());
            }
            Match::StartsWith(column, text) => {
                statement.push(&format!(" AND instr({column}, ?) = 1"));
                statement.bind(text.as_str());
            }
            Match::Present(column) => statement.push(&format!(" AND {column} IS NOT NULL")),
        }
    }
    let (forward, backward) = if find.descending { ("<", ">") } else { (">", "<") };
    push_beyond(statement, order, find.window.after.as_ref(), forward);
    push_beyond(statement, order, find.window.before.as_ref(), backward);
    let direction = direction(find);
    statement.push(&format!(" ORDER BY {order} {direction}, id {direction} LIMIT ?"));
    statement.bind(find.reach());
}

fn push_beyond(statement: &mut Statement, order: &str, cursor: Option<&Cursor>, operator: &str) {
    let Some(cursor) = cursor else { return };
    statement.push(&format!(" AND ({order}, id) {operator} (?, ?)"));
    statement.bind(cursor.sort.clone());
    statement.bind(cursor.id.clone());
}

fn direction(find: &Find) -> &'static str {
    if find.walks_down() { "DESC" } else { "ASC" }
}

fn json(values: &[String]) -> String {
    serde_json::to_string(values).expect("a list of strings is JSON")
}
