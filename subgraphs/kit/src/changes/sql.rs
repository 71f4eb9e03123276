//! The state of an SQL service: the last event of each head of the outbox, which is never purged.

use async_trait::async_trait;

use super::{Changes, Page, of_place, place};
use crate::{
    error::StoreError,
    sql::{Db, Sql},
};

/// What an SQL service tells of its state.
pub struct SqlChanges {
    db: Db,
}

impl SqlChanges {
    /// Of this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

const LAST_EVENTS: &str = "SELECT o.aggregate_type, o.aggregate_id, o.body FROM outbox_heads AS h \
    JOIN outbox AS o ON o.aggregate_type = h.aggregate_type AND o.aggregate_id = h.aggregate_id \
     AND o.seq = h.last_seq WHERE o.topic IS NULL";

#[async_trait]
impl Changes for SqlChanges {
    async fn page(&self, from: Option<&str>, limit: u32) -> Result<Page, StoreError> {
        let (aggregate_type, id) = of_place(from.unwrap_or_default());
        let query = Sql::new(LAST_EVENTS)
            .push(" AND (h.aggregate_type, h.aggregate_id) > (")
            .push_value(aggregate_type)
            .push(", ")
            .push_value(id)
            .push(") ORDER BY h.aggregate_type, h.aggregate_id LIMIT ")
            .push_value(i64::from(limit));
        let rows = self.db.rows(&query).await?;
        let full = rows.len() == usize::try_from(limit).unwrap_or(usize::MAX);
        let next = match rows.last().filter(|_| full) {
            Some(last) => Some(place(&last.text("aggregate_type")?, &last.text("aggregate_id")?)),
            None => None,
        };
        let changes = rows.iter().map(|row| row.text("body")).collect::<Result<_, _>>()?;
        Ok(Page { changes, next })
    }

    async fn of(&self, stream: &str) -> Result<Option<String>, StoreError> {
        let (aggregate_type, id) = of_place(stream);
        let query = Sql::new(LAST_EVENTS)
            .push(" AND h.aggregate_type = ")
            .push_value(aggregate_type)
            .push(" AND h.aggregate_id = ")
            .push_value(id);
        self.db.row(&query).await?.map(|row| row.text("body")).transpose()
    }
}
