//! Users on SQL: one text for SQLite and PostgreSQL.

use async_trait::async_trait;
use lms_kit::{
    Problem, Refusal, StoreError,
    change::{Begun, Change},
    idempotency::Command,
    migrate::{Migration, Phase},
    page::{Cursor, Page, Window},
    sql::{Db, Order, Row, Sql},
};

use super::{Target, UserStore};
use crate::{
    domain::{Role, User, UserChange, UserFilter, no_user, username_taken},
    token,
};

/// The tables, a step at a time.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "users",
    phase: Phase::Expand,
    sqlite: include_str!("../../migrations/sqlite/0001_users.sql"),
    postgres: include_str!("../../migrations/postgres/0001_users.sql"),
}];

const BY_NAME: Order = Order::ascending("name_key", "id");

/// Users in an SQL database.
pub(crate) struct SqlUsers {
    db: Db,
}

impl SqlUsers {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// The private keys of tokens, oldest first; the first one is made here.
    pub(crate) async fn signing_keys(&self, now_ms: i64) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut tx = self.db.begin().await?;
        // Of two services that start at once, one makes the key and the other finds it.
        let first = Sql::new(
            "INSERT INTO signing_keys (number, private_key, created_at) VALUES (1, $1, $2) \
             ON CONFLICT (number) DO NOTHING",
        );
        tx.run(&first.bind(token::new_private_key()).bind(now_ms)).await?;
        let rows = tx.rows(&Sql::new("SELECT private_key FROM signing_keys ORDER BY number ASC")).await?;
        let keys = rows.iter().map(|row| row.bytes("private_key")).collect::<Result<_, _>>()?;
        tx.commit().await?;
        Ok(keys)
    }
}

#[async_trait]
impl UserStore for SqlUsers {
    async fn by_ids(&self, ids: &[String]) -> Result<Vec<User>, StoreError> {
        let query =
            Sql::new("SELECT id, username, name, email, roles, version FROM users WHERE id = ANY($1)");
        self.db.rows(&query.bind(ids.to_vec())).await?.iter().map(read).collect()
    }

    async fn by_username_keys(&self, keys: &[String]) -> Result<Vec<User>, StoreError> {
        let query = Sql::new(
            "SELECT id, username, name, email, roles, version FROM users WHERE username_key = ANY($1)",
        );
        self.db.rows(&query.bind(keys.to_vec())).await?.iter().map(read).collect()
    }

    async fn list(&self, filter: &UserFilter, window: &Window) -> Result<Page<User>, StoreError> {
        let query = Sql::new("SELECT id, username, name, email, roles, version FROM users WHERE 1 = 1")
            .matching("name_key", &filter.name)
            .matching("email_key", &filter.email)
            .page(&BY_NAME, window);
        let rows = self.db.rows(&query).await?;
        let users = rows.iter().map(|row| {
            let user = read(row)?;
            Ok((Cursor::new(user.name_key(), user.id.as_str()), user))
        });
        Ok(Page::from_walk(window, users.collect::<Result<_, StoreError>>()?))
    }

    async fn credentials(&self, username_key: &str) -> Result<Option<(User, String)>, StoreError> {
        let query = Sql::new(
            "SELECT id, username, name, email, roles, version, password_hash FROM users WHERE username_key = $1",
        );
        let row = self.db.row(&query.bind(username_key)).await?;
        row.map(|row| Ok((read(&row)?, row.text("password_hash")?))).transpose()
    }

    async fn password_hash(&self, id: &str) -> Result<Option<String>, StoreError> {
        let query = Sql::new("SELECT password_hash FROM users WHERE id = $1");
        self.db.row(&query.bind(id)).await?.map(|row| row.text("password_hash")).transpose()
    }

    async fn register(&self, user: User, password_hash: &str, command: &Command) -> Result<User, Refusal> {
        let mut change = match Change::begin(&self.db, command).await? {
            Begun::Before(user) => return Ok(user),
            Begun::Fresh(change) => change,
        };
        let insert = Sql::new(
            "INSERT INTO users (id, username, username_key, name, name_key, email, email_key, roles, \
             password_hash, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (username_key) DO NOTHING",
        )
        .bind(&user.id)
        .bind(&user.username)
        .bind(user.username_key())
        .bind(&user.name)
        .bind(user.name_key())
        .bind(&user.email)
        .bind(user.email_key())
        .bind(write_roles(&user.roles))
        .bind(password_hash)
        .bind(user.version);
        if change.tx().run(&insert).await? == 0 {
            return Err(username_taken(&user.username).into());
        }
        change.event(&user.registered()).await?;
        change.commit(user).await
    }

    async fn update(
        &self,
        target: &Target,
        patch: UserChange,
        password_hash: Option<&str>,
        command: &Command,
    ) -> Result<User, Refusal> {
        let mut change = match Change::begin(&self.db, command).await? {
            Begun::Before(user) => return Ok(user),
            Begun::Fresh(change) => change,
        };
        let user = patch.apply(locked(&mut change, target).await?);
        let update = Sql::new(
            "UPDATE users SET name = $2, name_key = $3, email = $4, email_key = $5, roles = $6, version = $7, \
             password_hash = COALESCE($8, password_hash) WHERE id = $1",
        )
        .bind(&user.id)
        .bind(&user.name)
        .bind(user.name_key())
        .bind(&user.email)
        .bind(user.email_key())
        .bind(write_roles(&user.roles))
        .bind(user.version)
        .bind(password_hash.map(str::to_owned));
        change.tx().run(&update).await?;
        change.event(&user.changed()).await?;
        change.commit(user).await
    }
}

/// The user of a change, held against others until the change ends, if it is the one that the client saw.
async fn locked(change: &mut Change<'_>, target: &Target) -> Result<User, Refusal> {
    // A write takes the row's lock on both engines, which `FOR UPDATE` does on one only.
    let lock = Sql::new(
        "UPDATE users SET version = version WHERE id = $1 RETURNING id, username, name, email, roles, version",
    );
    let row = change.tx().row(&lock.bind(&target.id)).await?.ok_or_else(|| no_user(&target.id))?;
    let user = read(&row)?;
    if user.version != target.expected_version {
        return Err(Problem::version_conflict(target.expected_version, user.version).into());
    }
    Ok(user)
}

fn read(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: row.text("id")?,
        username: row.text("username")?,
        name: row.text("name")?,
        email: row.text("email")?,
        roles: read_roles(&row.text("roles")?)?,
        version: row.version("version")?,
    })
}

/// Roles are kept as a JSON list.
fn read_roles(text: &str) -> Result<Vec<Role>, StoreError> {
    serde_json::from_str(text).map_err(|cause| StoreError::corrupt("roles", cause))
}

fn write_roles(roles: &[Role]) -> String {
    serde_json::to_string(roles).expect("roles are names")
}
