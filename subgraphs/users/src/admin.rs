//! The first administrator, who cannot be registered by another one.

use std::path::Path;

use lms_kit::{
    OpenError, Problem, Refusal, Sources,
    access::Caller,
    idempotency::{Call, Command},
    migrate,
    sql::{Db, DbOptions},
    text,
};
use serde_json::Value;

use crate::{
    NAME,
    domain::{NewUser, Role},
    password::{Password, Passwords},
    store::{self, SqlUsers, UserStore},
};

const USERNAME: &str = "admin";

/// The password of the first administrator, unchecked; it is in no log.
pub struct AdminPassword(String);

impl AdminPassword {
    /// What stands in a file, less the line's end, or else in a variable; `None` if there is neither.
    pub fn read(file: Option<&Path>, variable: Option<String>) -> Result<Option<Self>, OpenError> {
        let Some(file) = file else {
            return Ok(variable.filter(|text| !text.is_empty()).map(Self));
        };
        let text = std::fs::read_to_string(file).map_err(|cause| {
            let shown = file.display();
            OpenError::Prepare(format!("the password file {shown} cannot be read: {cause}").into())
        })?;
        Ok(Some(Self(text.trim_end_matches(['\r', '\n']).to_owned())))
    }
}

/// Makes the user `admin`, an administrator with this password, in the database of a URL. One that is there
/// already keeps its own password; whether one was made.
pub async fn create_admin(
    database_url: &str,
    sources: Sources,
    password: AdminPassword,
) -> Result<bool, OpenError> {
    let db = Db::open(NAME, database_url, DbOptions::default()).await?;
    migrate::apply(&db, NAME, store::MIGRATIONS, sources.clock.as_ref()).await?;
    let made = make(&SqlUsers::new(db.clone()), sources, password).await;
    db.close().await;
    made
}

async fn make(store: &SqlUsers, sources: Sources, password: AdminPassword) -> Result<bool, OpenError> {
    if let Some((user, _)) = store.credentials(&text::key(USERNAME)).await? {
        let message =
            "the user `admin` is no administrator: have another one change its roles, or take its name";
        return if user.roles.contains(&Role::Admin) { Ok(false) } else { Err(prepare(message)) };
    }
    let password = Password::new(password.0).map_err(|problem| refused(&[problem]))?;
    let hash = Passwords::new().hash(password).await?;
    let given = NewUser {
        username: USERNAME.to_owned(),
        name: "Administrator".to_owned(),
        // A domain that nobody has (RFC 2606): the administrator gives another.
        email: "admin@library.invalid".to_owned(),
        roles: vec![Role::Admin],
    };
    let call = Call { caller: Caller::Local("start".to_owned()), traceparent: None, sources };
    let command = Command::new(&call, "createAdmin", USERNAME, &Value::Null);
    let command = command.map_err(|problem| refused(&[problem]))?;
    let user = given.check(command.sources.ids.next_id().to_string()).map_err(|broken| refused(&broken))?;
    match store.register(user, &hash, &command).await {
        Ok(_) => Ok(true),
        Err(Refusal::Problems(problems)) => Err(refused(&problems)),
        Err(Refusal::Failed(error)) => Err(error.into()),
    }
}

fn refused(problems: &[Problem]) -> OpenError {
    let broken: Vec<_> = problems.iter().map(|problem| problem.message().to_owned()).collect();
    prepare(format!("the user `admin` cannot be made: {}", broken.join(", ")))
}

fn prepare(message: impl Into<String>) -> OpenError {
    OpenError::Prepare(message.into().into())
}
