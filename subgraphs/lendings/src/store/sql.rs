//! Lendings on SQL: one text for SQLite and PostgreSQL.

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    migrate::{Migration, Phase},
    page::{Cursor, Page, Window},
    sql::{Db, Order, Owned, Row, Sql, pages_of},
};

use super::{LendingFilter, LendingStore, PerOwner, Ranked, known};
use crate::domain::Lending;

/// The tables, a step at a time.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "lendings",
    phase: Phase::Expand,
    sqlite: include_str!("../../migrations/sqlite/0001_lendings.sql"),
    postgres: include_str!("../../migrations/postgres/0001_lendings.sql"),
}];

/// What is read of a lending.
pub(super) const COLUMNS: &str = "number, isbn, title, student_number, lent_at, due_at, returned_at";

const NEWEST: Order = Order { sort: "lent_at", id: "number", nullable: false, descending: true };
const LATEST: Order = Order::ascending("due_at", "number");

const OF_STUDENTS: Owned =
    Owned { columns: COLUMNS, from: "lendings", owner: "student_number", order: &NEWEST };
const OF_BOOKS: Owned = Owned { columns: COLUMNS, from: "lendings", owner: "isbn", order: &NEWEST };

/// Lendings in an SQL database.
pub(crate) struct SqlLendings {
    db: Db,
}

impl SqlLendings {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    async fn owned(
        &self,
        lists: &Owned,
        owners: &[String],
        window: &Window,
    ) -> Result<PerOwner<Page<Lending>>, StoreError> {
        let rows = self.db.rows(&lists.pages(owners.to_vec(), window)).await?;
        pages_of(&rows, window, |row| row.text("owner"), newest)
    }
}

#[async_trait]
impl LendingStore for SqlLendings {
    async fn by_numbers(&self, numbers: &[String]) -> Result<Vec<Lending>, StoreError> {
        let query = select().push(" WHERE number = ANY(").push_value(numbers.to_vec()).push(")");
        self.db.rows(&query).await?.iter().map(read).collect()
    }

    async fn list(&self, filter: &LendingFilter, window: &Window) -> Result<Page<Lending>, StoreError> {
        let mut query = select().push(" WHERE true");
        if let Some(isbn) = &filter.isbn {
            query = query.push(" AND isbn = ").push_value(isbn);
        }
        if let Some(number) = &filter.student_number {
            query = query.push(" AND student_number = ").push_value(number);
        }
        query = match filter.open {
            Some(true) => query.push(" AND returned_at IS NULL"),
            Some(false) => query.push(" AND returned_at IS NOT NULL"),
            None => query,
        };
        let rows = self.db.rows(&query.page(&NEWEST, window)).await?;
        Ok(Page::from_walk(window, rows.iter().map(newest).collect::<Result<_, _>>()?))
    }

    async fn overdue(&self, now_ms: i64, window: &Window) -> Result<Page<Lending>, StoreError> {
        let query = select().push(" WHERE returned_at IS NULL AND due_at < ").push_value(now_ms);
        let rows = self.db.rows(&query.page(&LATEST, window)).await?;
        let entry = |row: &Row| {
            let lending = read(row)?;
            Ok((Cursor::new(lending.due_at, lending.number.as_str()), lending))
        };
        Ok(Page::from_walk(window, rows.iter().map(entry).collect::<Result<_, StoreError>>()?))
    }

    async fn of_students(
        &self,
        numbers: &[String],
        window: &Window,
    ) -> Result<PerOwner<Page<Lending>>, StoreError> {
        self.owned(&OF_STUDENTS, numbers, window).await
    }

    async fn of_books(
        &self,
        isbns: &[String],
        window: &Window,
    ) -> Result<PerOwner<Page<Lending>>, StoreError> {
        self.owned(&OF_BOOKS, isbns, window).await
    }

    async fn late_students(&self, numbers: &[String], now_ms: i64) -> Result<Vec<String>, StoreError> {
        let query = Sql::new(
            "SELECT DISTINCT student_number FROM lendings WHERE student_number = ANY($1) \
             AND returned_at IS NULL AND due_at < $2",
        );
        let rows = self.db.rows(&query.bind(numbers.to_vec()).bind(now_ms)).await?;
        rows.iter().map(|row| row.text("student_number")).collect()
    }

    async fn accounts(&self, numbers: &[String]) -> Result<PerOwner<String>, StoreError> {
        known::accounts(&self.db, numbers).await
    }

    async fn most_lent(&self, what: Ranked, limit: u32) -> Result<PerOwner<i64>, StoreError> {
        let query = Sql::new(match what {
            Ranked::Books => {
                "SELECT isbn AS ranked, COUNT(*) AS lendings FROM lendings GROUP BY isbn \
                 ORDER BY lendings DESC, isbn ASC LIMIT $1"
            }
            Ranked::Students => {
                "SELECT student_number AS ranked, COUNT(*) AS lendings FROM lendings GROUP BY student_number \
                 ORDER BY lendings DESC, student_number ASC LIMIT $1"
            }
        });
        let rows = self.db.rows(&query.bind(i64::from(limit))).await?;
        rows.iter().map(|row| Ok((row.text("ranked")?, row.int("lendings")?))).collect()
    }
}

fn select() -> Sql {
    Sql::new("SELECT ").push(COLUMNS).push(" FROM lendings")
}

/// A row, and its place among the newest.
fn newest(row: &Row) -> Result<(Cursor, Lending), StoreError> {
    let lending = read(row)?;
    Ok((Cursor::new(lending.lent_at, lending.number.as_str()), lending))
}

/// A row of `lendings`.
pub(super) fn read(row: &Row) -> Result<Lending, StoreError> {
    Ok(Lending {
        number: row.text("number")?,
        isbn: row.text("isbn")?,
        title: row.text("title")?,
        student_number: row.text("student_number")?,
        lent_at: row.int("lent_at")?,
        due_at: row.int("due_at")?,
        returned_at: row.int_or_null("returned_at")?,
    })
}
