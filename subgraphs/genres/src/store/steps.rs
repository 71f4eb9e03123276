//! What sagas ask of genres: a genre under which a book is to be found is there, pending if it is new, until
//! the book is in the catalogue.

use async_trait::async_trait;
use lms_kit::{
    Problem, StoreError,
    saga::{Act, ActError, Participant, StepTx, claims},
    sql::{Sql, Tx},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sql::read;
use crate::domain::{Genre, GenreName, State};

/// The steps of sagas that genres takes part in.
pub(crate) struct GenreSteps;

/// A genre by its name.
#[derive(Deserialize)]
struct Named {
    name: String,
}

/// A genre by its id: what `ensure` comes to, and what its undo and `activate` need.
#[derive(Deserialize, Serialize)]
struct Known {
    id: String,
}

#[async_trait]
impl Participant<Tx> for GenreSteps {
    async fn act(&self, tx: &mut Tx, act: Act<'_>) -> Result<Value, ActError> {
        match act.operation {
            "ensure" => ensure(tx, &act).await,
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
            // The book is in the catalogue, and whoever settled its saga says that so is its genre.
            "ensure" => {
                let Known { id } = Act { input: output, ..act }.read()?;
                Ok(claims::release(tx, &id, act.saga()).await.map(drop)?)
            }
            _ => self.undo(tx, act, output).await,
        }
    }
}

/// A genre of this name, held by the saga.
async fn ensure(tx: &mut Tx, act: &Act<'_>) -> Result<Value, ActError> {
    let name = GenreName::new(&act.read::<Named>()?.name)?;
    let proposed = Genre::proposed(act.command.sources.ids.next_id().to_string(), &name);
    let insert = Sql::new(
        "INSERT INTO genres (id, name, name_key, state, version) VALUES ($1, $2, $3, 'PENDING', $4) \
         ON CONFLICT (name_key) DO NOTHING",
    );
    let insert = insert.bind(&proposed.id).bind(&proposed.name).bind(&name.key).bind(proposed.version);
    let genre = if tx.run(&insert).await? == 1 {
        tx.say(&proposed.was_proposed(), None, act.command).await?;
        proposed
    } else {
        let held = Sql::new(
            "UPDATE genres SET version = version WHERE name_key = $1 RETURNING id, name, state, version",
        );
        // It was there a moment ago: if it has gone, the step is tried again.
        let row = tx.row(&held.bind(&name.key)).await?;
        read(&row.ok_or_else(|| StoreError::Away("the genre has just been deleted".into()))?)?
    };
    claims::claim(tx, &genre.id, act.saga()).await?;
    Ok(json!(Known { id: genre.id }))
}

/// The genre comes into use, and the saga lets it go.
async fn activate(tx: &mut Tx, act: &Act<'_>) -> Result<Value, ActError> {
    let Known { id } = act.read()?;
    let genre = held(tx, &id).await?;
    let genre = genre.ok_or_else(|| Problem::not_found(&["id"], format!("there is no genre {id}")))?;
    if genre.state == State::Pending {
        let genre = genre.activated();
        tx.run(&Sql::new("UPDATE genres SET state = 'ACTIVE' WHERE id = $1").bind(&id)).await?;
        tx.say(&genre.was_activated(), None, act.command).await?;
    }
    claims::release(tx, &id, act.saga()).await?;
    Ok(json!(Known { id }))
}

/// The saga lets the genre go, and with it the genre goes that nobody else holds and that is not in use.
async fn discard(tx: &mut Tx, act: &Act<'_>, output: &Value) -> Result<(), ActError> {
    let known = Act { input: output, ..*act };
    let Known { id } = known.read()?;
    let Some(genre) = held(tx, &id).await? else { return Ok(()) };
    let holders = claims::release(tx, &id, act.saga()).await?;
    if holders == 0 && genre.state == State::Pending {
        tx.run(&Sql::new("DELETE FROM genres WHERE id = $1").bind(&id)).await?;
        tx.say(&genre.was_discarded(), None, act.command).await?;
    }
    Ok(())
}

/// A genre, held against others until the transaction ends.
async fn held(tx: &mut Tx, id: &str) -> Result<Option<Genre>, StoreError> {
    let lock =
        Sql::new("UPDATE genres SET version = version WHERE id = $1 RETURNING id, name, state, version");
    tx.row(&lock.bind(id)).await?.as_ref().map(read).transpose()
}
