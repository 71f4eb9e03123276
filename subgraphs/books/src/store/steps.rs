//! What sagas ask of books: that a book comes into the catalogue.

use async_trait::async_trait;
use lms_kit::{
    saga::{Act, ActError, Participant, StepTx},
    sql::Tx,
};
use serde_json::{Value, json};

use super::write::{catalogued_event, insert};
use crate::domain::NewBook;

/// The steps of sagas that books takes part in.
pub(crate) struct BookSteps;

#[async_trait]
impl Participant<Tx> for BookSteps {
    async fn act(&self, tx: &mut Tx, act: Act<'_>) -> Result<Value, ActError> {
        if act.operation != "create" {
            return Err(act.unknown());
        }
        let book = act.read::<NewBook>()?.check()?;
        insert(tx, &book).await?;
        tx.say(&catalogued_event(&book), None, act.command).await?;
        Ok(json!({ "isbn": book.book.isbn }))
    }

    /// A book that is in the catalogue is past the point of no return.
    async fn undo(&self, _: &mut Tx, act: Act<'_>, _: &Value) -> Result<(), ActError> {
        Err(act.unknown())
    }
}
