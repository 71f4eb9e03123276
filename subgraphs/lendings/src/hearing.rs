//! What lendings hear: the events of books and students, and what sagas ask.

use async_trait::async_trait;
use lms_kit::{
    Sources,
    bus::Topic,
    event::Envelope,
    inbox::{HandleError, Handler, SqlInbox},
    saga::{COORDINATOR, Steps},
    service::Listener,
    sql::{Db, Tx},
};

use crate::{
    NAME,
    store::{BOOKS, LendingSteps, STUDENTS, know_book, know_student},
};

/// Hears books and students from their state on, and takes part in sagas.
pub(crate) fn listener(db: &Db, sources: &Sources) -> Listener<SqlInbox, Hearing> {
    let store = SqlInbox::new(db.clone());
    let steps = Steps::new(NAME, LendingSteps::new(store.clone()), sources.clone());
    Listener {
        consumer: NAME,
        store,
        handler: Hearing { steps },
        events_of: &[BOOKS, STUDENTS],
        messages: vec![Topic::commands(NAME)],
        speaks_on: vec![Topic::replies(COORDINATOR)],
    }
}

/// Keeps what is said of books and students, and does what is asked.
#[derive(Clone)]
pub(crate) struct Hearing {
    steps: Steps<LendingSteps>,
}

#[async_trait]
impl Handler<Tx> for Hearing {
    async fn apply(&self, tx: &mut Tx, event: &Envelope) -> Result<(), HandleError> {
        match (event.service(), event.data.aggregate.as_str()) {
            (BOOKS, "Book") => know_book(tx, event).await,
            (STUDENTS, "Student") => know_student(tx, event).await,
            (BOOKS | STUDENTS, _) => Ok(()),
            _ => self.steps.apply(tx, event).await,
        }
    }
}
