//! Who runs on an SQL database, and what waits in it.

use std::collections::BTreeMap;

use semver::Version;

use super::standing::{GONE_MS, MOST_EVENTS, Minima, ON_ITS_WAY_MS, Process, oldest_schemas};
use crate::{
    error::StoreError,
    sql::{Db, Row, Sql},
};

/// Notes that a process runs on this database.
pub async fn present(db: &Db, process: &Process) -> Result<(), StoreError> {
    let upsert = Sql::new(
        "INSERT INTO processes (id, release, seen_at) VALUES ($1, $2, now_ms()) ON CONFLICT (id) \
         DO UPDATE SET release = excluded.release, seen_at = excluded.seen_at",
    );
    db.run(&upsert.bind(process.id.to_string()).bind(process.release.to_string())).await?;
    let gone = Sql::new("DELETE FROM processes WHERE seen_at < now_ms() - $1").bind(GONE_MS);
    db.run(&gone).await.map(drop)
}

/// The processes that were seen lately.
pub(super) async fn processes(db: &Db) -> Result<Vec<Process>, StoreError> {
    let query = Sql::new("SELECT id, release FROM processes WHERE seen_at >= now_ms() - $1 ORDER BY id");
    db.rows(&query.bind(GONE_MS)).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Process, StoreError> {
    let (id, release) = (row.text("id")?, row.text("release")?);
    Ok(Process {
        id: id.parse().map_err(|cause| StoreError::corrupt("processes", cause))?,
        release: Version::parse(&release).map_err(|cause| StoreError::corrupt("processes", cause))?,
    })
}

/// What is in use of what this crate's tables hold.
pub(super) async fn minima(db: &Db) -> Result<Minima, StoreError> {
    let most = i64::from(MOST_EVENTS) + 1;
    let leaving = Sql::new(
        "SELECT o.body FROM outbox AS o JOIN outbox_heads AS h ON h.aggregate_type = o.aggregate_type \
         AND h.aggregate_id = o.aggregate_id WHERE o.seq >= h.next_seq OR o.recorded_at > now_ms() - $1 LIMIT $2",
    );
    let come = Sql::new("SELECT body FROM inbox LIMIT $1");
    let (leaving, come) = (leaving.bind(ON_ITS_WAY_MS).bind(most), come.bind(most));
    let mut bodies = Vec::new();
    for query in [leaving, come] {
        for row in db.rows(&query).await? {
            bodies.push(row.text("body")?);
        }
    }
    let event_schemas = oldest_schemas(bodies.iter().map(String::as_str));
    Ok(Minima { event_schemas, saga_definitions: None, documents: BTreeMap::new() })
}
