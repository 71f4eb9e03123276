//! Events that have left their documents are kept for a week, as those of tables are; the last of each stays in its document.

use std::collections::BTreeSet;

use super::{Collection, DocumentOutbox, Found, Index, KeyColumn};
use crate::{error::StoreError, event::OutboxRow};

/// Events that have left their documents, under their own identifiers.
pub const ARCHIVE: Collection =
    Collection { name: "events", keys: &[KeyColumn::text("aggregateId"), KeyColumn::integer("seq")] };

/// One aggregate's archived events in order.
pub const ARCHIVE_BY_AGGREGATE: Index =
    Index { name: "events_by_aggregate", columns: &["aggregateId", "seq"], unique: false };

/// How long they are kept, in ms: a week.
const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How many are looked at and removed at once.
const AT_ONCE: u32 = 500;
/// How often in a row; what is left is the next hour's.
const TIMES: usize = 40;

impl DocumentOutbox {
    /// Forgets what left long ago; how many events that were. What a document has said last is moved into it first:
    /// documents of an older form have it here only.
    pub async fn forget_archive(&self) -> Result<usize, StoreError> {
        let before = self.documents.now_ms().await? - KEPT_MS;
        let (mut forgotten, mut after) = (0, None);
        for _ in 0..TIMES {
            // Their identifiers begin with the time.
            let page = self.documents.scan(&ARCHIVE, after.as_deref(), AT_ONCE).await?;
            let Some(last) = page.last().map(|found| found.id.clone()) else { break };
            let reached = page.len();
            let old = old(page, before)?;
            let is_over = old.len() < reached;
            let gone = self.not_needed(old).await?;
            self.documents.remove(&ARCHIVE, &gone).await?;
            forgotten += gone.len();
            if is_over {
                break;
            }
            after = Some(last);
        }
        Ok(forgotten)
    }

    /// Those of these events that are not what a document has said last, or are kept in it as well.
    async fn not_needed(&self, events: Vec<OutboxRow>) -> Result<Vec<String>, StoreError> {
        let ids: BTreeSet<&str> = events.iter().map(|event| event.aggregate_id.as_str()).collect();
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        let mut needed = BTreeSet::new();
        for drawer in self.told() {
            needed.extend(drawer.keep_latest(self, &ids).await?);
        }
        let gone = events.into_iter().filter(|event| !needed.contains(&event.aggregate_id));
        Ok(gone.map(|event| event.event_id).collect())
    }
}

/// Those that were said before a time.
fn old(page: Vec<Found>, before: i64) -> Result<Vec<OutboxRow>, StoreError> {
    let read = |found: Found| serde_json::from_value::<OutboxRow>(found.body);
    let rows = page.into_iter().map(read).collect::<Result<Vec<_>, _>>();
    let rows = rows.map_err(|source| StoreError::corrupt("event", source))?;
    Ok(rows.into_iter().filter(|event| event.created_at < before).collect())
}
