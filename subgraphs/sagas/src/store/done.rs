//! What was done at other services, by the keys of the mutations that asked for it.

use lms_kit::{
    Refusal,
    change::{Begun, Change},
    idempotency::Command,
    sql::Db,
};

/// Remembers which mutations were carried out.
pub(crate) struct Done(Db);

impl Done {
    /// In this database.
    pub(crate) fn new(db: Db) -> Self {
        Self(db)
    }

    /// Does what a command asks for, unless that was done before. No transaction is held open while another service is
    /// asked: it may take long. Of two calls at once both may ask it; it does what they want once.
    pub(crate) async fn once(
        &self,
        command: &Command,
        work: impl Future<Output = Result<(), Refusal>>,
    ) -> Result<(), Refusal> {
        if let Begun::Before(()) = Change::begin(&self.0, command).await? {
            return Ok(());
        }
        work.await?;
        match Change::begin(&self.0, command).await? {
            Begun::Before(()) => Ok(()),
            Begun::Fresh(change) => change.commit(()).await,
        }
    }
}
