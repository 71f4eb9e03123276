//! Users who register together with a student: disabled, with what the student gave, until the saga has settled that
//! was asked for in the same transaction.

use async_trait::async_trait;
use lms_kit::{
    Refusal, StoreError,
    bus::Topic,
    change::{Begun, Change},
    deposit::Deposits,
    idempotency::Command,
    saga::{COORDINATOR, Owner, Start, StepNote, StepState, StepTx},
    sql::{Db, Sql},
};
use serde_json::{Value, json};

use super::{
    sql::SqlUsers,
    steps::{Account, TAKE},
};
use crate::{
    NAME,
    domain::{Particulars, User},
};

/// The kind of the saga that makes a user and a student.
pub(crate) const REGISTER_STUDENT: &str = "RegisterStudentSaga";

impl SqlUsers {
    /// A disabled user, and what students need; the identifiers of the saga and the user.
    pub(super) async fn begin_registration(
        &self,
        (user, password_hash): (User, &str),
        particulars: &Particulars,
        command: &Command,
    ) -> Result<(String, String), Refusal> {
        let mut change = match Change::begin(&self.db, command).await? {
            Begun::Before(ids) => return Ok(ids),
            Begun::Fresh(change) => change,
        };
        super::sql::insert(change.tx(), &user, password_hash).await?;
        change.event(&user.registered()).await?;
        let saga = command.sources.ids.next_id().to_string();
        let kept =
            serde_json::to_string(particulars).map_err(|cause| StoreError::corrupt("particulars", cause))?;
        let insert = Sql::new("INSERT INTO registrations (id, user_id, particulars) VALUES ($1, $2, $3)");
        change.tx().run(&insert.bind(&saga).bind(&user.id).bind(kept)).await?;
        // The saga's first step is done with that: it can be undone from now on.
        let output = json!(Account { user_id: Some(user.id.clone()) });
        let state = StepState::Done { output: output.clone() };
        let owner = Owner::of_caller(&command.caller);
        change.tx().note_step(&saga, TAKE, &StepNote { state, owner }).await?;
        let start = Start {
            saga: saga.clone(),
            kind: REGISTER_STUDENT.to_owned(),
            caller: command.caller.clone(),
            input: output,
        };
        change.tx().say(&start.event(NAME), Some(&Topic::commands(COORDINATOR)), command).await?;
        change.commit((saga, user.id)).await
    }
}

/// What students take: the particulars of a registration that has not settled, by the saga's identifier.
pub(crate) struct Registrations(pub(crate) Db);

#[async_trait]
impl Deposits for Registrations {
    async fn deposit(&self, key: &str) -> Result<Option<Value>, StoreError> {
        let select = Sql::new("SELECT particulars FROM registrations WHERE id = $1").bind(key);
        let Some(row) = self.0.row(&select).await? else { return Ok(None) };
        let read = serde_json::from_str(&row.text("particulars")?);
        read.map(Some).map_err(|_| StoreError::corrupt("particulars", format!("those of {key}")))
    }
}
