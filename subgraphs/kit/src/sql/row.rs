//! A row of either engine, read by column name.

use sqlx::{Decode, Row as _, Type, postgres::PgRow, sqlite::SqliteRow};

use crate::error::StoreError;

/// One row of an answer.
pub struct Row(pub(super) Inner);

pub(super) enum Inner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// The text in a column.
    pub fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.get(column)
    }

    /// The text in a column that may be NULL.
    pub fn text_or_null(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.get(column)
    }

    /// The number in a column.
    pub fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.get(column)
    }

    /// The number in a column that may be NULL.
    pub fn int_or_null(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.get(column)
    }

    /// The version in a column: a number as the client API has it.
    pub fn version(&self, column: &'static str) -> Result<i32, StoreError> {
        i32::try_from(self.int(column)?).map_err(|cause| StoreError::corrupt(column, cause))
    }

    /// The bytes in a column.
    pub fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.get(column)
    }

    fn get<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: for<'r> Decode<'r, sqlx::Sqlite> + Type<sqlx::Sqlite>,
        T: for<'r> Decode<'r, sqlx::Postgres> + Type<sqlx::Postgres>,
    {
        let value = match &self.0 {
            Inner::Sqlite(row) => row.try_get(column),
            Inner::Postgres(row) => row.try_get(column),
        };
        value.map_err(|cause| StoreError::corrupt(column, cause))
    }
}
