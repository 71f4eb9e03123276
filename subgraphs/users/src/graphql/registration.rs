//! Registering a student together with the account.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use std::{sync::Arc, time};

use async_graphql::{Context, Object, Result, SimpleObject};
use lms_kit::{
    Outcome,
    graphql::{Date, Duration, ProblemView, command, settle, views},
    node,
    outbox::pause,
};
use serde_json::json;

use super::{mutation::both, saga::RegisterStudentSaga, types::User};
use crate::{
    domain::{self, NewUser, Particulars, State},
    password::{Password, Passwords},
    store::{REGISTER_STUDENT, UserStore},
};

/// What became of a wish to register a student together with the account.
#[derive(SimpleObject)]
pub(crate) struct RegisterStudentWithAccountPayload {
    /// The saga that does it. Whoever registers without a token sees it by this identifier alone.
    saga: Option<RegisterStudentSaga>,
    /// The account: disabled until the saga is completed; null once the saga has turned back.
    user: Option<User>,
    /// Why no saga was begun.
    problems: Vec<ProblemView>,
}

#[derive(Default)]
pub(crate) struct RegistrationMutation;

#[Object]
impl RegistrationMutation {
    /// Registers a student and the account that belongs to the student, or neither: the rules of `registerUser` are
    /// checked at once, those of `registerStudent` by a step of the saga, which turns back if one is broken. The answer
    /// comes at once, or when it is known what became of the account, but after `awaitCompletion` (30 seconds at most)
    /// in any case.
    async fn register_student_with_account(
        &self,
        ctx: &Context<'_>,
        username: String,
        name: String,
        email: String,
        password: String,
        birth_date: Date,
        phone: String,
        gdpr_consent: bool,
        #[graphql(default)] interests: Vec<String>,
        await_completion: Option<Duration>,
        idempotency_key: String,
    ) -> Result<RegisterStudentWithAccountPayload> {
        let (store, passwords) = (ctx.data::<Arc<dyn UserStore>>()?, ctx.data::<Passwords>()?);
        let particulars =
            Particulars { name: name.clone(), birth_date: birth_date.0, phone, gdpr_consent, interests };
        let given = NewUser { username, name, email, roles: vec![domain::Role::Student] };
        let outcome = settle(async {
            let input = json!([given, particulars]);
            let command = command(ctx, "registerStudentWithAccount", &idempotency_key, &input)?;
            let user = given.check(command.sources.ids.next_id().to_string());
            let (user, password) = both(user, Password::new(password))?;
            let user = domain::User { state: State::Disabled, ..user };
            let hash = passwords.hash(password).await?;
            store.register_with_student((user, &hash), &particulars, &command).await
        });
        let Outcome { entity, problems } = outcome.await?;
        let Some((saga, user_id)) = entity else {
            return Ok(RegisterStudentWithAccountPayload {
                saga: None,
                user: None,
                problems: views(problems),
            });
        };
        let longest = await_completion.map_or(time::Duration::ZERO, |Duration(longest)| longest);
        let user = until_known(store.as_ref(), user_id, longest).await?;
        let saga = Some(RegisterStudentSaga::new(node::global(REGISTER_STUDENT, &saga).into()));
        Ok(RegisterStudentWithAccountPayload {
            saga,
            user: user.map(User::proven),
            problems: views(problems),
        })
    }
}

/// The longest that anybody waits.
const LONGEST: time::Duration = time::Duration::from_secs(30);
/// How long between two looks: the saga may move in another process.
const PAUSE: time::Duration = time::Duration::from_millis(50);

/// The account once its saga has decided on it, or as it is after this long.
async fn until_known(
    store: &dyn UserStore,
    id: String,
    longest: time::Duration,
) -> Result<Option<domain::User>> {
    let (ids, until) = ([id], time::Instant::now() + longest.min(LONGEST));
    loop {
        let user = store.by_ids(&ids).await?.pop();
        let is_open = user.as_ref().is_some_and(|user| user.state == State::Disabled);
        if !is_open || time::Instant::now() >= until {
            return Ok(user);
        }
        pause(PAUSE).await;
    }
}
