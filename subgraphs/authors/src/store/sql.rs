//! Authors on SQL: one text for SQLite and PostgreSQL.

use async_trait::async_trait;
use lms_kit::{
    Problem, Refusal, StoreError,
    change::{Begun, Change},
    idempotency::Command,
    migrate::{Migration, Phase},
    page::{Cursor, Page, Window},
    saga::claims,
    sql::{Db, Order, Row, Sql, Tx},
    text::TextMatch,
};

use super::{AuthorStore, Target};
use crate::domain::{Author, Changes, Profile, State, no_author, number};

/// The tables, a step at a time.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "authors",
        phase: Phase::Expand,
        sqlite: include_str!("../../migrations/sqlite/0001_authors.sql"),
        postgres: include_str!("../../migrations/postgres/0001_authors.sql"),
    },
    Migration {
        version: 2,
        name: "state",
        phase: Phase::Expand,
        sqlite: include_str!("../../migrations/sqlite/0002_state.sql"),
        postgres: include_str!("../../migrations/postgres/0002_state.sql"),
    },
];

const BY_NAME: Order = Order::ascending("name_key", "author_number");

/// Authors in an SQL database.
pub(crate) struct SqlAuthors {
    db: Db,
}

impl SqlAuthors {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl AuthorStore for SqlAuthors {
    async fn by_numbers(&self, numbers: &[i64]) -> Result<Vec<Author>, StoreError> {
        let query = Sql::new(
            "SELECT author_number, name, bio, photo, state, version FROM authors WHERE author_number = ANY($1)",
        );
        self.db.rows(&query.bind(numbers.to_vec())).await?.iter().map(read).collect()
    }

    async fn list(&self, name: &TextMatch, window: &Window) -> Result<Page<Author>, StoreError> {
        let query = Sql::new(
            "SELECT author_number, name, bio, photo, state, version FROM authors WHERE state = 'ACTIVE'",
        )
        .matching("name_key", name)
        .page(&BY_NAME, window);
        let rows = self.db.rows(&query).await?;
        let authors = rows.iter().map(|row| {
            let author = read(row)?;
            Ok((Cursor::new(author.name_key(), author.number), author))
        });
        Ok(Page::from_walk(window, authors.collect::<Result<_, StoreError>>()?))
    }

    async fn create(&self, profile: Profile, command: &Command) -> Result<Author, Refusal> {
        let mut change = match Change::begin(&self.db, command).await? {
            Begun::Before(author) => return Ok(author),
            Begun::Fresh(change) => change,
        };
        let author = Author::new(next_number(change.tx()).await?, profile);
        insert(change.tx(), &author).await?;
        change.event(&author.event("AuthorCreated")).await?;
        change.commit(author).await
    }

    async fn update(&self, target: &Target, changes: Changes, command: &Command) -> Result<Author, Refusal> {
        let mut change = match Change::begin(&self.db, command).await? {
            Begun::Before(author) => return Ok(author),
            Begun::Fresh(change) => change,
        };
        let author = locked(&mut change, target).await?.updated(changes);
        let update = Sql::new(
            "UPDATE authors SET name = $2, name_key = $3, bio = $4, photo = $5, state = $6, version = $7 \
             WHERE author_number = $1",
        );
        change.tx().run(&write(update, &author)).await?;
        change.event(&author.event("AuthorUpdated")).await?;
        change.commit(author).await
    }

    async fn delete(&self, target: &Target, command: &Command) -> Result<Author, Refusal> {
        let mut change = match Change::begin(&self.db, command).await? {
            Begun::Before(author) => return Ok(author),
            Begun::Fresh(change) => change,
        };
        let author = locked(&mut change, target).await?;
        if claims::holders(change.tx(), &author.number.to_string()).await? > 0 {
            let message = "a book of the author is being catalogued";
            return Err(Problem::invalid(&["authorNumber"], "no saga refers to it", message).into());
        }
        let delete = Sql::new("DELETE FROM authors WHERE author_number = $1").bind(author.number);
        change.tx().run(&delete).await?;
        change.event(&author.event("AuthorDeleted")).await?;
        change.commit(author).await
    }
}

/// A number that no author has had.
pub(super) async fn next_number(tx: &mut Tx) -> Result<i64, StoreError> {
    let count = Sql::new("UPDATE author_counter SET last = last + 1 WHERE id = 1 RETURNING last");
    tx.one(&count, "author_counter").await?.int("last")
}

pub(super) async fn insert(tx: &mut Tx, author: &Author) -> Result<(), StoreError> {
    let insert = Sql::new(
        "INSERT INTO authors (author_number, name, name_key, bio, photo, state, version) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    );
    tx.run(&write(insert, author)).await.map(drop)
}

/// The author of a change, held against others until the change ends, if it is the one that the client saw.
async fn locked(change: &mut Change<'_>, target: &Target) -> Result<Author, Refusal> {
    let missing = || no_author(&target.author_number);
    let number = number(&target.author_number).ok_or_else(missing)?;
    // A write takes the row's lock on both engines, which `FOR UPDATE` does on one only.
    let lock = Sql::new(
        "UPDATE authors SET version = version WHERE author_number = $1 AND state = 'ACTIVE' \
         RETURNING author_number, name, bio, photo, state, version",
    );
    let author = read(&change.tx().row(&lock.bind(number)).await?.ok_or_else(missing)?)?;
    if author.version != target.expected_version {
        return Err(Problem::version_conflict(target.expected_version, author.version).into());
    }
    Ok(author)
}

/// The values of a row, in the order of the statements' parameters.
fn write(sql: Sql, author: &Author) -> Sql {
    sql.bind(author.number)
        .bind(&author.name)
        .bind(author.name_key())
        .bind(&author.bio)
        .bind(author.photo.clone())
        .bind(match author.state {
            State::Pending => "PENDING",
            State::Active => "ACTIVE",
        })
        .bind(author.version)
}

pub(super) fn read(row: &Row) -> Result<Author, StoreError> {
    let state = match row.text("state")?.as_str() {
        "PENDING" => State::Pending,
        "ACTIVE" => State::Active,
        other => return Err(StoreError::corrupt("state", format!("`{other}` is not a state"))),
    };
    Ok(Author {
        state,
        number: row.int("author_number")?,
        name: row.text("name")?,
        bio: row.text("bio")?,
        photo: row.text_or_null("photo")?,
        version: row.version("version")?,
    })
}
