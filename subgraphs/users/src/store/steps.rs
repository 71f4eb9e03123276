//! What sagas ask of users: an account that comes into use once its student is registered or goes with it, and one
//! that is erased with its student.

use async_trait::async_trait;
use lms_kit::{
    Problem, StoreError,
    saga::{Act, ActError, Participant, StepTx},
    sql::{Sql, Tx},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    erased,
    sql::{COLUMNS, read},
};
use crate::domain::{State, User, no_user};

/// The first step of a registration, which is done with the registration itself.
pub(super) const TAKE: &str = "takeUser";

/// The steps of sagas that users takes part in.
pub(crate) struct UserSteps;

/// Which account, if there is one.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    pub(super) user_id: Option<String>,
}

/// What `disable` has done, for its undo.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Before {
    user_id: String,
    was: State,
}

#[async_trait]
impl Participant<Tx> for UserSteps {
    async fn act(&self, tx: &mut Tx, act: Act<'_>) -> Result<Value, ActError> {
        match act.operation {
            "take" => Err(missing(&act)?.into()),
            "activate" => activate(tx, &act).await,
            "disable" => disable(tx, &act).await,
            "erase" => erase(tx, &act).await,
            _ => Err(act.unknown()),
        }
    }

    async fn undo(&self, tx: &mut Tx, act: Act<'_>, output: &Value) -> Result<(), ActError> {
        let of_output = Act { input: output, ..act };
        match act.operation {
            "discard" => discard(tx, &of_output).await,
            "restore" => restore(tx, &of_output).await,
            _ => Err(act.unknown()),
        }
    }

    async fn release(&self, tx: &mut Tx, act: Act<'_>, output: &Value) -> Result<(), ActError> {
        match act.operation {
            // What the completed saga has made of the account is what it is.
            "take" | "disable" => Ok(()),
            _ => self.undo(tx, act, output).await,
        }
    }
}

/// What `take` answers where no registration has done it: there is none.
fn missing(act: &Act<'_>) -> Result<Problem, ActError> {
    let Account { user_id } = act.read()?;
    Ok(no_user(&user_id.unwrap_or_default()))
}

/// The account comes into use, and what was kept for students goes.
async fn activate(tx: &mut Tx, act: &Act<'_>) -> Result<Value, ActError> {
    let id = act.read::<Account>()?.user_id.unwrap_or_default();
    let user = held(tx, &id).await?.ok_or_else(|| no_user(&id))?;
    come_to(tx, &user, State::Active, act).await?;
    forget_registration(tx, &id).await?;
    Ok(json!({}))
}

/// The account of a registration that came to nothing goes; the username is free again.
async fn discard(tx: &mut Tx, act: &Act<'_>) -> Result<(), ActError> {
    let id = act.read::<Account>()?.user_id.unwrap_or_default();
    forget_registration(tx, &id).await?;
    if let Some(user) = remove(tx, &id).await? {
        tx.say(&user.discarded(), None, act.command).await?;
    }
    Ok(())
}

/// Nobody logs in to the account any more, if there is one.
async fn disable(tx: &mut Tx, act: &Act<'_>) -> Result<Value, ActError> {
    let Some(user) = known(tx, act).await? else { return Ok(Value::Null) };
    come_to(tx, &user, State::Disabled, act).await?;
    Ok(json!(Before { user_id: user.id, was: user.state }))
}

/// The account is as it was before it was disabled.
async fn restore(tx: &mut Tx, act: &Act<'_>) -> Result<(), ActError> {
    let Some(Before { user_id, was }) = act.read()? else { return Ok(()) };
    let Some(user) = held(tx, &user_id).await? else { return Ok(()) };
    come_to(tx, &user, was, act).await
}

/// The account goes, and with it what is known of whoever had it.
async fn erase(tx: &mut Tx, act: &Act<'_>) -> Result<Value, ActError> {
    let Some(user) = known(tx, act).await? else { return Ok(json!({})) };
    remove(tx, &user.id).await?;
    erased::remember(tx, &user.username_key()).await?;
    forget_registration(tx, &user.id).await?;
    forget_results(tx, &user.id).await?;
    tx.say(&user.erased(), None, act.command).await?;
    Ok(json!({}))
}

/// The account that a step names, held against others; students may name one that is not there.
async fn known(tx: &mut Tx, act: &Act<'_>) -> Result<Option<User>, ActError> {
    match act.read::<Account>()?.user_id {
        Some(id) => Ok(held(tx, &id).await?),
        None => Ok(None),
    }
}

async fn come_to(tx: &mut Tx, user: &User, state: State, act: &Act<'_>) -> Result<(), ActError> {
    if user.state == state {
        return Ok(());
    }
    let update = Sql::new("UPDATE users SET state = $2 WHERE id = $1").bind(&user.id).bind(state.as_str());
    tx.run(&update).await?;
    Ok(tx.say(&user.came_to(state), None, act.command).await?)
}

/// A user, held against others until the transaction ends.
async fn held(tx: &mut Tx, id: &str) -> Result<Option<User>, StoreError> {
    // A write takes the row's lock on both engines, which `FOR UPDATE` does on one only.
    let lock = Sql::new("UPDATE users SET version = version WHERE id = $1 RETURNING ").push(COLUMNS);
    tx.row(&lock.bind(id)).await?.as_ref().map(read).transpose()
}

async fn remove(tx: &mut Tx, id: &str) -> Result<Option<User>, StoreError> {
    let delete = Sql::new("DELETE FROM users WHERE id = $1 RETURNING ").push(COLUMNS);
    tx.row(&delete.bind(id)).await?.as_ref().map(read).transpose()
}

async fn forget_registration(tx: &mut Tx, user_id: &str) -> Result<(), StoreError> {
    tx.run(&Sql::new("DELETE FROM registrations WHERE user_id = $1").bind(user_id)).await.map(drop)
}

/// Results of mutations hold the user as it was; they name it by its id.
async fn forget_results(tx: &mut Tx, user_id: &str) -> Result<(), StoreError> {
    let delete = Sql::new("DELETE FROM idempotency WHERE caller = $1 OR result LIKE $2");
    tx.run(&delete.bind(user_id).bind(format!("%\"{user_id}\"%"))).await.map(drop)
}
