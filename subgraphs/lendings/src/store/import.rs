//! Loading lendings of the past at once: the same rules and events as one by one, in one transaction.

use lms_kit::{
    Refusal, Sources,
    access::Caller,
    idempotency::{Call, Command},
    isbn::Isbn,
    saga::StepTx,
    sql::{Db, Sql},
};
use serde_json::Value;

use super::steps::{insert, next_number};
use crate::domain::{Lending, Pair};

/// A lending that has ended.
#[derive(Debug, Clone)]
pub struct ImportedLending {
    /// The book.
    pub isbn: String,
    /// Its title when it was lent.
    pub title: String,
    /// Who had it.
    pub student_number: String,
    /// When it was lent, in ms.
    pub lent_at_ms: i64,
    /// When it came back, in ms.
    pub returned_at_ms: i64,
}

/// Loads lendings in the order in which they are given, into a library that has none; how many there are then.
pub(crate) async fn load(
    db: &Db,
    sources: Sources,
    lendings: Vec<ImportedLending>,
) -> Result<usize, Refusal> {
    let call = Call { caller: Caller::Local("import".to_owned()), traceparent: None, sources };
    let command = Command::new(&call, "import", "import", &Value::Null)?;
    let mut tx = db.begin().await?;
    let count = Sql::new("SELECT COUNT(*) AS lendings FROM lendings");
    let before = tx.one(&count, "lendings").await?.int("lendings")?;
    if before > 0 {
        return Ok(usize::try_from(before).unwrap_or(usize::MAX));
    }
    let number = lendings.len();
    for lending in lendings {
        let ImportedLending { isbn, title, student_number, lent_at_ms, returned_at_ms } = lending;
        let isbn = Isbn::parse("isbn", &isbn)?.to_string();
        let lending_number = next_number(&mut tx, lent_at_ms).await?;
        let lending = Lending::new(lending_number, Pair { isbn, title, student_number }, lent_at_ms);
        tx.say(&lending.was_opened(), None, &command).await?;
        let lending = lending.returned(returned_at_ms)?;
        insert(&mut tx, &lending).await?;
        tx.say(&lending.was_returned(), None, &command).await?;
    }
    tx.commit().await?;
    Ok(number)
}
