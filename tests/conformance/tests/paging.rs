//! A page is the same slice of the same order on every engine, whatever is walked and from where.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::cmp::Ordering;

use lms_kit::{
    page::{Cursor, Page, SortKey, Window},
    sql::{Db, DbOptions, Order, Sql},
};
use octavo_engines::shared;

/// Rows with ties and NULLs, inserted in no order.
const ROWS: [(Option<&str>, i64); 12] = [
    (Some("ß"), 4),
    (None, 9),
    (Some("a"), 7),
    (Some("A"), 8),
    (Some("a"), 2),
    (None, 1),
    (Some("é"), 3),
    (Some("😀"), 10),
    (Some("\u{e000}"), 11),
    (Some(""), 5),
    (Some("a"), 12),
    (None, 6),
];

/// The rows as the order's words have it: NULLs last, ties by identifier.
fn sorted(order: &Order) -> Vec<(Option<&'static str>, i64)> {
    let mut rows: Vec<_> = ROWS.into_iter().filter(|(sort, _)| order.nullable || sort.is_some()).collect();
    rows.sort_by(|(one, one_id), (other, other_id)| {
        let sorts = match (one, other) {
            (Some(one), Some(other)) if order.descending => other.as_bytes().cmp(one.as_bytes()),
            (Some(one), Some(other)) => one.as_bytes().cmp(other.as_bytes()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        sorts.then(one_id.cmp(other_id))
    });
    rows
}

async fn table(url: &str) -> Db {
    let db = Db::open("paging", url, DbOptions::default()).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let create = match db.engine() {
        "postgres" => "CREATE TABLE shelf (id BIGINT PRIMARY KEY, sort TEXT COLLATE \"C\")",
        _ => "CREATE TABLE shelf (id INTEGER PRIMARY KEY, sort TEXT) STRICT",
    };
    tx.run(&Sql::new(create)).await.unwrap();
    for (sort, id) in ROWS {
        let insert = Sql::new("INSERT INTO shelf (id, sort) VALUES ($1, $2)");
        tx.run(&insert.bind(id).bind(sort.map(str::to_owned))).await.unwrap();
    }
    tx.commit().await.unwrap();
    db
}

async fn page(db: &Db, order: &Order, window: &Window) -> Page<(Option<String>, i64)> {
    let select = if order.nullable {
        Sql::new("SELECT id, sort FROM shelf WHERE 1 = 1")
    } else {
        Sql::new("SELECT id, sort FROM shelf WHERE sort IS NOT NULL")
    };
    let rows = db.rows(&select.page(order, window)).await.unwrap();
    let read = |row: &lms_kit::sql::Row| {
        let (sort, id) = (row.text_or_null("sort").unwrap(), row.int("id").unwrap());
        (Cursor::new(sort.clone(), id), (sort, id))
    };
    Page::from_walk(window, rows.iter().map(read).collect())
}

fn cursor((sort, id): (Option<&str>, i64)) -> Cursor {
    Cursor { sort: SortKey::from(sort), id: id.into() }
}

/// Every window over every order: between any two rows, or from one of them on, or up to it.
async fn every_window_is_its_slice(url: &str) {
    let db = table(url).await;
    for (nullable, descending) in [(false, false), (false, true), (true, false), (true, true)] {
        let order = Order { sort: "sort", id: "id", nullable, descending };
        let rows = sorted(&order);
        for from in 0..=rows.len() {
            for to in from..=rows.len() {
                let after = from.checked_sub(1).map(|at| cursor(rows[at]));
                let before = rows.get(to).map(|row| cursor(*row));
                for (limit, from_end) in [(2, false), (2, true), (100, false), (100, true)] {
                    let window = Window { after: after.clone(), before: before.clone(), limit, from_end };
                    let inside = &rows[from..to];
                    let taken = inside.len().min(limit as usize);
                    let expected = if from_end { &inside[inside.len() - taken..] } else { &inside[..taken] };
                    let found = page(&db, &order, &window).await;
                    let entries: Vec<_> =
                        found.entries.iter().map(|(_, (sort, id))| (sort.as_deref(), *id)).collect();
                    assert_eq!(entries, expected, "{order:?} {window:?} on {}", db.engine());
                    let more = if from_end { found.has_previous } else { found.has_next };
                    assert_eq!(more, taken < inside.len(), "{order:?} {window:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_window_is_its_slice_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    every_window_is_its_slice(&format!("sqlite:{}", folder.path().join("shelf").display())).await;
}

#[tokio::test]
async fn every_window_is_its_slice_on_postgres() {
    every_window_is_its_slice(&shared::postgres_database("shelf").await.unwrap()).await;
}
