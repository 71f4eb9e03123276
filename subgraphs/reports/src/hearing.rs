//! What reports hear: the events of books, lendings and students.

use async_trait::async_trait;
use lms_kit::{
    event::Envelope,
    inbox::{HandleError, Handler},
    records::{RecordInbox, RecordTx},
    service::Listener,
};

use crate::{
    NAME,
    entry::{BOOKS, LENDINGS, STUDENTS, entry_of},
    store::Index,
};

/// Hears them from their state on.
pub(crate) fn listener(store: RecordInbox<Index>) -> Listener<RecordInbox<Index>, Hearing> {
    Listener {
        consumer: NAME,
        store,
        handler: Hearing,
        events_of: &[BOOKS, LENDINGS, STUDENTS],
        messages: Vec::new(),
        speaks_on: Vec::new(),
    }
}

/// Puts what is said in the place of what was said of the same thing before.
#[derive(Clone)]
pub(crate) struct Hearing;

#[async_trait]
impl Handler<RecordTx<Index>> for Hearing {
    async fn apply(&self, tx: &mut RecordTx<Index>, event: &Envelope) -> Result<(), HandleError> {
        tx.effects.extend(entry_of(event)?);
        Ok(())
    }
}
