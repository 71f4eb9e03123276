//! Genres on SQL: one text for SQLite and PostgreSQL.

use async_trait::async_trait;
use lms_kit::{
    Problem, Refusal, StoreError,
    change::{Begun, Change},
    idempotency::Command,
    migrate::{Migration, Phase},
    page::{Cursor, Page, Window},
    saga::claims,
    sql::{Db, Order, Row, Sql},
    text::{self, TextMatch},
};

use super::{GenreStore, Target};
use crate::domain::{Genre, GenreName, State, no_genre};

/// The tables, a step at a time.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "genres",
    phase: Phase::Expand,
    sqlite: include_str!("../../migrations/sqlite/0001_genres.sql"),
    postgres: include_str!("../../migrations/postgres/0001_genres.sql"),
}];

const BY_NAME: Order = Order::ascending("name_key", "id");

/// Genres in an SQL database.
pub(crate) struct SqlGenres {
    db: Db,
}

impl SqlGenres {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl GenreStore for SqlGenres {
    async fn by_ids(&self, ids: &[String]) -> Result<Vec<Genre>, StoreError> {
        let query =
            Sql::new("SELECT id, name, state, version FROM genres WHERE id = ANY($1)").bind(ids.to_vec());
        self.db.rows(&query).await?.iter().map(read).collect()
    }

    async fn by_name_keys(&self, keys: &[String]) -> Result<Vec<Genre>, StoreError> {
        let query = Sql::new("SELECT id, name, state, version FROM genres WHERE name_key = ANY($1)");
        self.db.rows(&query.bind(keys.to_vec())).await?.iter().map(read).collect()
    }

    async fn list(&self, name: &TextMatch, window: &Window) -> Result<Page<Genre>, StoreError> {
        let query = Sql::new("SELECT id, name, state, version FROM genres WHERE state = 'ACTIVE'")
            .matching("name_key", name)
            .page(&BY_NAME, window);
        let rows = self.db.rows(&query).await?;
        let genres = rows.iter().map(|row| {
            let genre = read(row)?;
            Ok((Cursor::new(text::key(&genre.name), genre.id.as_str()), genre))
        });
        Ok(Page::from_walk(window, genres.collect::<Result<_, StoreError>>()?))
    }

    async fn create(&self, name: &GenreName, command: &Command) -> Result<Genre, Refusal> {
        let mut change = match Change::begin(&self.db, command).await? {
            Begun::Before(genre) => return Ok(genre),
            Begun::Fresh(change) => change,
        };
        let genre = Genre::new(command.sources.ids.next_id().to_string(), name);
        let insert = Sql::new(
            "INSERT INTO genres (id, name, name_key, state, version) VALUES ($1, $2, $3, 'ACTIVE', $4) \
             ON CONFLICT (name_key) DO NOTHING",
        )
        .bind(&genre.id)
        .bind(&genre.name)
        .bind(&name.key)
        .bind(genre.version);
        if change.tx().run(&insert).await? == 0 {
            return Err(name.taken().into());
        }
        change.event(&genre.created()).await?;
        change.commit(genre).await
    }

    async fn rename(&self, target: &Target, name: &GenreName, command: &Command) -> Result<Genre, Refusal> {
        let mut change = match Change::begin(&self.db, command).await? {
            Begun::Before(genre) => return Ok(genre),
            Begun::Fresh(change) => change,
        };
        let old = locked(&mut change, target).await?;
        let genre = old.renamed(name);
        let update = Sql::new("UPDATE genres SET name = $2, name_key = $3, version = $4 WHERE id = $1")
            .bind(&genre.id)
            .bind(&genre.name)
            .bind(&name.key)
            .bind(genre.version);
        match change.tx().run(&update).await {
            Err(StoreError::Taken(_)) => return Err(name.taken().into()),
            done => done?,
        };
        change.event(&genre.was_renamed(&old.name)).await?;
        change.commit(genre).await
    }

    async fn delete(&self, target: &Target, command: &Command) -> Result<Genre, Refusal> {
        let mut change = match Change::begin(&self.db, command).await? {
            Begun::Before(genre) => return Ok(genre),
            Begun::Fresh(change) => change,
        };
        let genre = locked(&mut change, target).await?;
        if claims::holders(change.tx(), &genre.id).await? > 0 {
            let message = "books are being catalogued under the genre";
            return Err(Problem::invalid(&["id"], "no saga refers to it", message).into());
        }
        change.tx().run(&Sql::new("DELETE FROM genres WHERE id = $1").bind(&genre.id)).await?;
        change.event(&genre.deleted()).await?;
        change.commit(genre).await
    }
}

/// The genre of a change, held against others until the change ends, if it is the one that the client saw.
async fn locked(change: &mut Change<'_>, target: &Target) -> Result<Genre, Refusal> {
    // A write takes the row's lock on both engines, which `FOR UPDATE` does on one only.
    let lock = Sql::new(
        "UPDATE genres SET version = version WHERE id = $1 AND state = 'ACTIVE' RETURNING id, name, state, version",
    );
    let row = change.tx().row(&lock.bind(&target.id)).await?.ok_or_else(|| no_genre(&target.id))?;
    let genre = read(&row)?;
    if genre.version != target.expected_version {
        return Err(Problem::version_conflict(target.expected_version, genre.version).into());
    }
    Ok(genre)
}

pub(super) fn read(row: &Row) -> Result<Genre, StoreError> {
    let state = match row.text("state")?.as_str() {
        "ACTIVE" => State::Active,
        "PENDING" => State::Pending,
        other => return Err(StoreError::corrupt("state", format!("`{other}` is not a state"))),
    };
    Ok(Genre { id: row.text("id")?, name: row.text("name")?, state, version: row.version("version")? })
}
