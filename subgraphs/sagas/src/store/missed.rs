//! Sagas that are lost: services did something for them, and they are not known here. And up to which saga each service was
//! asked for those. Both are in the database of the sagas, so that a backup knows how far it had come itself.

use lms_kit::{
    StoreError,
    sql::{Db, Sql, Tx},
};

/// How many are taken at once.
const AT_ONCE: u32 = 100;

/// The sagas that are missed in a database.
pub(crate) struct Missed(pub(crate) Db);

/// A saga that is missed.
pub(crate) struct Missing {
    /// Its identifier.
    pub(crate) saga: String,
    /// How often it was missed until now.
    times: i64,
}

impl Missed {
    /// Up to which saga a service was asked; nothing comes before the empty text.
    pub(crate) async fn compared(&self, service: &str) -> Result<String, StoreError> {
        let select = Sql::new("SELECT saga FROM compared WHERE service = $1").bind(service);
        self.0.row(&select).await?.map_or(Ok(String::new()), |row| row.text("saga"))
    }

    /// Notes which of a service's sagas, in the order of their identifiers, are not known here, and that it was asked for them.
    pub(crate) async fn compare(&self, service: &str, sagas: &[String]) -> Result<(), StoreError> {
        let Some(last) = sagas.last() else { return Ok(()) };
        let mut tx = self.0.begin().await?;
        let known =
            tx.rows(&Sql::new("SELECT id FROM sagas WHERE id = ANY($1)").bind(sagas.to_vec())).await?;
        let known = known.iter().map(|row| row.text("id")).collect::<Result<Vec<_>, _>>()?;
        for saga in sagas.iter().filter(|saga| !known.contains(saga)) {
            miss(&mut tx, saga).await?;
        }
        let upsert = Sql::new(
            "INSERT INTO compared (service, saga) VALUES ($1, $2) \
             ON CONFLICT (service) DO UPDATE SET saga = excluded.saga",
        );
        tx.run(&upsert.bind(service).bind(last)).await?;
        tx.commit().await
    }

    /// A few of those that are missed, after one of them.
    pub(crate) async fn after(&self, saga: &str) -> Result<Vec<Missing>, StoreError> {
        let select = Sql::new("SELECT saga, times FROM missed WHERE saga > $1 ORDER BY saga LIMIT $2");
        let rows = self.0.rows(&select.bind(saga).bind(i64::from(AT_ONCE))).await?;
        rows.iter().map(|row| Ok(Missing { saga: row.text("saga")?, times: row.int("times")? })).collect()
    }
}

impl Missing {
    /// It is not missed any more, unless it has been once more since it was read, or another coordinator has found it; whether
    /// it was missed until now.
    pub(crate) async fn found(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let delete = Sql::new("DELETE FROM missed WHERE saga = $1 AND times = $2");
        Ok(tx.run(&delete.bind(&self.saga).bind(self.times)).await? == 1)
    }
}

/// Notes that a saga is missed, once more.
pub(super) async fn miss(tx: &mut Tx, saga: &str) -> Result<(), StoreError> {
    let upsert = Sql::new(
        "INSERT INTO missed (saga, times) VALUES ($1, 1) \
         ON CONFLICT (saga) DO UPDATE SET times = missed.times + 1",
    );
    tx.run(&upsert.bind(saga)).await.map(drop)
}
