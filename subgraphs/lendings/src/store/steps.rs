//! What sagas ask of lendings: to open one, and to end it. Each is the point of no return of its saga, so neither
//! is undone.

use async_trait::async_trait;
use lms_kit::{
    Problem, StoreError,
    inbox::{InboxStore, SqlInbox},
    isbn::Isbn,
    saga::{Act, ActError, Participant, StepTx},
    sql::{Sql, Tx},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    known::{BOOKS, title},
    sql::{COLUMNS, read},
};
use crate::{
    NAME,
    domain::{Lending, Pair, no_lending, year_of},
};

/// The steps of sagas that lendings take part in.
pub(crate) struct LendingSteps {
    inbox: SqlInbox,
}

/// What is to be lent to whom.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    isbn: String,
    student_number: String,
}

/// What is to end.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    lending_number: String,
}

impl LendingSteps {
    pub(crate) fn new(inbox: SqlInbox) -> Self {
        Self { inbox }
    }

    /// A lending of a book that is in the catalogue, from now on.
    async fn open(&self, tx: &mut Tx, act: &Act<'_>) -> Result<Value, ActError> {
        let Wanted { isbn, student_number } = act.read()?;
        let isbn = Isbn::parse("isbn", &isbn)?;
        let title = match title(tx, isbn.as_str()).await? {
            Some(title) => title,
            None => self.title_at_last(tx, &isbn).await?,
        };
        let now_ms = act.command.now_ms;
        let pair = Pair { isbn: isbn.to_string(), title, student_number };
        let lending = Lending::new(next_number(tx, now_ms).await?, pair, now_ms);
        insert(tx, &lending).await?;
        tx.say(&lending.was_opened(), None, act.command).await?;
        Ok(json!(lending))
    }

    /// The title of a book of which nothing was known a moment ago, or why it cannot be lent. What is not found once
    /// all is loaded is not there.
    async fn title_at_last(&self, tx: &mut Tx, isbn: &Isbn) -> Result<String, ActError> {
        if !self.inbox.source(NAME, BOOKS).await?.loaded {
            return Err(StoreError::Away("the catalogue is not known here yet".into()).into());
        }
        let missing =
            || Problem::not_found(&["isbn"], format!("there is no book with ISBN {isbn} in the catalogue"));
        Ok(title(tx, isbn.as_str()).await?.ok_or_else(missing)?)
    }
}

#[async_trait]
impl Participant<Tx> for LendingSteps {
    async fn act(&self, tx: &mut Tx, act: Act<'_>) -> Result<Value, ActError> {
        match act.operation {
            "open" => self.open(tx, &act).await,
            "return" => give_back(tx, &act).await,
            _ => Err(act.unknown()),
        }
    }

    async fn undo(&self, _tx: &mut Tx, act: Act<'_>, _output: &Value) -> Result<(), ActError> {
        Err(act.unknown())
    }
}

/// The book is back.
async fn give_back(tx: &mut Tx, act: &Act<'_>) -> Result<Value, ActError> {
    let Known { lending_number } = act.read()?;
    // A write takes the row's lock on both engines, which `FOR UPDATE` does on one only.
    let lock = Sql::new("UPDATE lendings SET title = title WHERE number = $1 RETURNING ").push(COLUMNS);
    let row = tx.row(&lock.bind(&lending_number)).await?.ok_or_else(|| no_lending(&lending_number))?;
    let lending = read(&row)?.returned(act.command.now_ms)?;
    let update = Sql::new("UPDATE lendings SET returned_at = $2 WHERE number = $1");
    tx.run(&update.bind(&lending_number).bind(lending.returned_at)).await?;
    tx.say(&lending.was_returned(), None, act.command).await?;
    Ok(json!(lending))
}

pub(super) async fn insert(tx: &mut Tx, lending: &Lending) -> Result<(), StoreError> {
    let insert = Sql::new(
        "INSERT INTO lendings (number, isbn, title, student_number, lent_at, due_at, returned_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    );
    let insert = insert.bind(&lending.number).bind(&lending.isbn).bind(&lending.title);
    let insert = insert.bind(&lending.student_number).bind(lending.lent_at).bind(lending.due_at);
    tx.run(&insert.bind(lending.returned_at)).await.map(drop)
}

/// A new number of the year, `YYYY/n`.
pub(super) async fn next_number(tx: &mut Tx, now_ms: i64) -> Result<String, StoreError> {
    let year = year_of(now_ms);
    let next = Sql::new(
        "INSERT INTO lending_counters (year, last) VALUES ($1, 1) \
         ON CONFLICT (year) DO UPDATE SET last = lending_counters.last + 1 RETURNING last",
    );
    let last = tx.one(&next.bind(i64::from(year)), "lending_counters").await?.int("last")?;
    Ok(format!("{year}/{last}"))
}
