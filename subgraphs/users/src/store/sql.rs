//! Users on SQL: one text for SQLite and PostgreSQL.

use async_trait::async_trait;
use lms_kit::{
    Problem, Refusal, StoreError,
    change::{Begun, Change},
    idempotency::Command,
    migrate::{Migration, Phase},
    page::{Cursor, Page, Window},
    sql::{Db, Order, Row, Sql, Tx},
};

use super::{Target, UserStore, erased::is_erased};
use crate::{
    domain::{Particulars, Role, State, User, UserChange, UserFilter, no_user, not_active, username_taken},
    token,
};

/// The tables, a step at a time.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "users",
        phase: Phase::Expand,
        sqlite: include_str!("../../migrations/sqlite/0001_users.sql"),
        postgres: include_str!("../../migrations/postgres/0001_users.sql"),
    },
    Migration {
        version: 2,
        name: "registrations_and_erasure",
        phase: Phase::Expand,
        sqlite: include_str!("../../migrations/sqlite/0002_registrations_and_erasure.sql"),
        postgres: include_str!("../../migrations/postgres/0002_registrations_and_erasure.sql"),
    },
];

const BY_NAME: Order = Order::ascending("name_key", "id");

/// Users in an SQL database.
pub(crate) struct SqlUsers {
    pub(super) db: Db,
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
        let query = select().push(" WHERE id = ANY(").push_value(ids.to_vec()).push(")");
        self.db.rows(&query).await?.iter().map(read).collect()
    }

    async fn by_username_keys(&self, keys: &[String]) -> Result<Vec<User>, StoreError> {
        let query = select().push(" WHERE username_key = ANY(").push_value(keys.to_vec()).push(")");
        self.db.rows(&query).await?.iter().map(read).collect()
    }

    async fn list(&self, filter: &UserFilter, window: &Window) -> Result<Page<User>, StoreError> {
        let query = select()
            .push(" WHERE state = 'ACTIVE'")
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
        let query = Sql::new("SELECT password_hash, ").push(COLUMNS);
        let query = query.push(" FROM users WHERE state = 'ACTIVE' AND username_key = $1");
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
        insert(change.tx(), &user, password_hash).await?;
        change.event(&user.registered()).await?;
        change.commit(user).await
    }

    async fn register_with_student(
        &self,
        user: (User, &str),
        particulars: &Particulars,
        command: &Command,
    ) -> Result<(String, String), Refusal> {
        self.begin_registration(user, particulars, command).await
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

/// A new user, if the username is free and was never that of a user who was erased.
pub(super) async fn insert(tx: &mut Tx, user: &User, password_hash: &str) -> Result<(), Refusal> {
    let insert = Sql::new(
        "INSERT INTO users (id, username, username_key, name, name_key, email, email_key, roles, state, \
         password_hash, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
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
    .bind(user.state.as_str())
    .bind(password_hash)
    .bind(user.version);
    // Whoever is erased meanwhile is seen by then: the row is waited for.
    if tx.run(&insert).await? == 0 || is_erased(tx, &user.username_key()).await? {
        return Err(username_taken(&user.username).into());
    }
    Ok(())
}

/// The user of a change, held against others until the change ends, if it is the one that the client saw.
async fn locked(change: &mut Change<'_>, target: &Target) -> Result<User, Refusal> {
    // A write takes the row's lock on both engines, which `FOR UPDATE` does on one only.
    let lock = Sql::new("UPDATE users SET version = version WHERE id = $1 RETURNING ").push(COLUMNS);
    let row = change.tx().row(&lock.bind(&target.id)).await?.ok_or_else(|| no_user(&target.id))?;
    let user = read(&row)?;
    if user.state != State::Active {
        return Err(not_active(&user.id).into());
    }
    if user.version != target.expected_version {
        return Err(Problem::version_conflict(target.expected_version, user.version).into());
    }
    Ok(user)
}

/// What [`read`] needs of a row.
pub(super) const COLUMNS: &str = "id, username, name, email, roles, state, version";

fn select() -> Sql {
    Sql::new("SELECT ").push(COLUMNS).push(" FROM users")
}

pub(super) fn read(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: row.text("id")?,
        username: row.text("username")?,
        name: row.text("name")?,
        email: row.text("email")?,
        roles: read_roles(&row.text("roles")?)?,
        state: read_state(&row.text("state")?)?,
        version: row.version("version")?,
    })
}

fn read_state(text: &str) -> Result<State, StoreError> {
    let state = [State::Active, State::Disabled].into_iter().find(|state| state.as_str() == text);
    state.ok_or_else(|| StoreError::corrupt("state of a user", format!("`{text}` is none")))
}

/// Roles are kept as a JSON list.
fn read_roles(text: &str) -> Result<Vec<Role>, StoreError> {
    serde_json::from_str(text).map_err(|cause| StoreError::corrupt("roles", cause))
}

fn write_roles(roles: &[Role]) -> String {
    serde_json::to_string(roles).expect("roles are names")
}
