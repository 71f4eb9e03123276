//! What sagas ask of authors: whoever wrote a book is there, pending if new, until the book is in the catalogue.

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    saga::{Act, ActError, Participant, StepTx, claims},
    sql::{Sql, Tx},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sql::{insert, next_number, read};
use crate::domain::{Author, GivenProfile, State, no_author, number};

/// The steps of sagas that authors takes part in.
pub(crate) struct AuthorSteps;

/// One that is there by its number, or a new one by name and bio.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proposed {
    author_number: Option<String>,
    name: Option<String>,
    bio: Option<String>,
    photo: Option<String>,
}

/// What `propose` comes to, and what its undo needs.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    author_number: String,
}

/// What `activate` needs.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AllKnown {
    author_numbers: Vec<String>,
}

#[async_trait]
impl Participant<Tx> for AuthorSteps {
    async fn act(&self, tx: &mut Tx, act: Act<'_>) -> Result<Value, ActError> {
        match act.operation {
            "propose" => propose(tx, &act).await,
            "activate" => activate(tx, &act).await,
            _ => Err(act.unknown()),
        }
    }

    async fn undo(&self, tx: &mut Tx, act: Act<'_>, output: &Value) -> Result<(), ActError> {
        match act.operation {
            "discard" => discard(tx, &act, output).await,
            _ => Err(act.unknown()),
        }
    }

    async fn release(&self, tx: &mut Tx, act: Act<'_>, output: &Value) -> Result<(), ActError> {
        match act.operation {
            // The book is in the catalogue, and whoever settled its saga says that so are its authors.
            "propose" => {
                let Known { author_number } = Act { input: output, ..act }.read()?;
                Ok(claims::release(tx, &author_number, act.saga()).await.map(drop)?)
            }
            _ => self.undo(tx, act, output).await,
        }
    }
}

/// An author, held by the saga.
async fn propose(tx: &mut Tx, act: &Act<'_>) -> Result<Value, ActError> {
    let Proposed { author_number, name, bio, photo } = act.read()?;
    let author = if let Some(known) = author_number {
        let found = match number(&known) {
            Some(number) => held(tx, number).await?.filter(|author| author.state == State::Active),
            None => None,
        };
        found.ok_or_else(|| no_author(&known))?
    } else {
        let given = GivenProfile { name: name.unwrap_or_default(), bio: bio.unwrap_or_default(), photo };
        let author = Author::proposed(next_number(tx).await?, given.check()?);
        insert(tx, &author).await?;
        tx.say(&author.event("AuthorProposed"), None, act.command).await?;
        author
    };
    let author_number = author.number.to_string();
    claims::claim(tx, &author_number, act.saga()).await?;
    Ok(json!(Known { author_number }))
}

/// Authors come into use, and the saga lets them go.
async fn activate(tx: &mut Tx, act: &Act<'_>) -> Result<Value, ActError> {
    let AllKnown { mut author_numbers } = act.read()?;
    // In one order, so that two sagas never wait for one another.
    author_numbers.sort();
    for known in &author_numbers {
        let author = match number(known) {
            Some(number) => held(tx, number).await?,
            None => None,
        };
        let author = author.ok_or_else(|| no_author(known))?;
        if author.state == State::Pending {
            let activate = Sql::new("UPDATE authors SET state = 'ACTIVE' WHERE author_number = $1");
            tx.run(&activate.bind(author.number)).await?;
            tx.say(&author.activated().event("AuthorActivated"), None, act.command).await?;
        }
        claims::release(tx, known, act.saga()).await?;
    }
    Ok(json!(AllKnown { author_numbers }))
}

/// The saga lets the author go, and with it goes one that nobody else holds and that is not in use.
async fn discard(tx: &mut Tx, act: &Act<'_>, output: &Value) -> Result<(), ActError> {
    let Known { author_number } = Act { input: output, ..*act }.read()?;
    let Some(author) = held(tx, number(&author_number).unwrap_or_default()).await? else { return Ok(()) };
    let holders = claims::release(tx, &author_number, act.saga()).await?;
    if holders == 0 && author.state == State::Pending {
        tx.run(&Sql::new("DELETE FROM authors WHERE author_number = $1").bind(author.number)).await?;
        tx.say(&author.event("AuthorDiscarded"), None, act.command).await?;
    }
    Ok(())
}

/// An author, held against others until the transaction ends.
async fn held(tx: &mut Tx, number: i64) -> Result<Option<Author>, StoreError> {
    let lock = Sql::new(
        "UPDATE authors SET version = version WHERE author_number = $1 \
         RETURNING author_number, name, bio, photo, state, version",
    );
    tx.row(&lock.bind(number)).await?.as_ref().map(read).transpose()
}
