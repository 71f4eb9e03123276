//! What can be done.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use std::{sync::Arc, time};

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use lms_kit::{
    Outcome, Problem,
    access::{Caller, Scope},
    graphql::{Duration, ProblemView, caller, command, settle, views},
    isbn::Isbn,
    node,
    outbox::Wake,
};
use serde_json::{Value, json};

use super::{
    begin::{CataloguedAuthor, authors, comments},
    saga::{CatalogueBookSaga, EraseStudentSaga, LendBookSaga, ReturnBookSaga, Saga},
};
use crate::{
    coordinator::StepIn,
    machine::{Beginning, Resolution},
    saga,
    store::SagaStore,
};

pub(crate) struct Mutation;

/// What became of a wish to begin a saga.
macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident($saga:ident),)*) => {
        $(
            $(#[$doc])*
            #[derive(SimpleObject)]
            pub(crate) struct $name {
                /// The saga, as it is now.
                saga: Option<$saga>,
                /// Why none was begun.
                problems: Vec<ProblemView>,
            }

            impl From<Outcome<saga::Saga>> for $name {
                fn from(outcome: Outcome<saga::Saga>) -> Self {
                    Self { saga: outcome.entity.map($saga::from), problems: views(outcome.problems) }
                }
            }
        )*
    };
}

payloads! {
    /// What became of a wish to catalogue a book.
    CatalogueBookPayload(CatalogueBookSaga),
    /// What became of a wish to lend a book.
    LendBookPayload(LendBookSaga),
    /// What became of a wish to return a book.
    ReturnBookPayload(ReturnBookSaga),
    /// What became of a wish to erase a student.
    EraseStudentPayload(EraseStudentSaga),
}

/// What became of a wish about a saga.
#[derive(SimpleObject)]
pub(crate) struct SagaPayload {
    /// The saga, as it is now.
    saga: Option<Saga>,
    /// Why nothing was done.
    problems: Vec<ProblemView>,
}

impl From<Outcome<saga::Saga>> for SagaPayload {
    fn from(outcome: Outcome<saga::Saga>) -> Self {
        Self { saga: outcome.entity.and_then(Saga::of), problems: views(outcome.problems) }
    }
}

/// What somebody says of the failed steps of a stuck saga.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Resolution")]
pub(crate) enum StuckSagaResolution {
    /// What should have been done or undone has been, by hand.
    Settled,
    /// They are to be tried again.
    Again,
}

#[Object(name = "SagaMutation")]
impl Mutation {
    /// Catalogues a book together with its genre and its authors, those that are new included. The answer comes
    /// at once, or when the saga has settled, but after `awaitCompletion` (30 seconds at most) in any case.
    async fn catalogue_book(
        &self,
        ctx: &Context<'_>,
        isbn: ID,
        title: String,
        description: Option<String>,
        genre: String,
        #[graphql(name = "authors")] given: Vec<CataloguedAuthor>,
        photo: Option<String>,
        await_completion: Option<Duration>,
        idempotency_key: String,
    ) -> Result<CatalogueBookPayload> {
        let input = || {
            Ok(json!({
                "isbn": isbn.as_str(),
                "title": title,
                "description": description,
                "genre": genre,
                "authors": authors(given)?,
                "photo": photo,
            })
            .into())
        };
        let wish =
            Wish { mutation: "catalogueBook", kind: "CatalogueBookSaga", allowed: staff, await_completion };
        Ok(begin(ctx, wish, input, &idempotency_key).await?.into())
    }

    /// Lends a book to a student for fifteen days. A student has three books at most, and none while one is overdue.
    /// The answer comes at once, or when the saga has settled, but after `awaitCompletion` (30 seconds at most) in
    /// any case.
    async fn lend_book(
        &self,
        ctx: &Context<'_>,
        student_number: ID,
        isbn: ID,
        await_completion: Option<Duration>,
        idempotency_key: String,
    ) -> Result<LendBookPayload> {
        let input = || {
            let isbn = Isbn::parse("isbn", &isbn)?;
            Ok(json!({ "studentNumber": student_number.as_str(), "isbn": isbn }).into())
        };
        let wish = Wish { mutation: "lendBook", kind: "LendBookSaga", allowed: staff, await_completion };
        Ok(begin(ctx, wish, input, &idempotency_key).await?.into())
    }

    /// Takes a book back, with what the student says of it: a comment of 1 to 4096 characters and a grade from 0 to
    /// 10, or neither. A comment that cannot be kept is a warning of the saga. The answer comes at once, or when the
    /// saga has settled, but after `awaitCompletion` (30 seconds at most) in any case.
    async fn return_book(
        &self,
        ctx: &Context<'_>,
        lending_number: ID,
        comment: Option<String>,
        grade: Option<i32>,
        await_completion: Option<Duration>,
        idempotency_key: String,
    ) -> Result<ReturnBookPayload> {
        let input = || {
            let (comments, kept) = comments(comment, grade)?;
            let input = json!({ "lendingNumber": lending_number.as_str(), "comments": comments });
            Ok(Given { input, kept })
        };
        let wish = Wish { mutation: "returnBook", kind: "ReturnBookSaga", allowed: staff, await_completion };
        Ok(begin(ctx, wish, input, &idempotency_key).await?.into())
    }

    /// Erases a student with the account that belongs to the student: what is known of the student goes, and the number
    /// and the grades stay. A student who has a book is not erased. For the student, librarians and administrators. The
    /// answer comes at once, or when the saga has settled, but after `awaitCompletion` (30 seconds at most) in any case.
    async fn erase_student(
        &self,
        ctx: &Context<'_>,
        student_number: ID,
        await_completion: Option<Duration>,
        idempotency_key: String,
    ) -> Result<EraseStudentPayload> {
        let input = || {
            let asks = caller(ctx);
            // Whose account it is, students say: the saga turns back if it is another's.
            let account = (!asks.has_any(&Scope::STAFF)).then(|| asks.name());
            Ok(json!({ "studentNumber": student_number.as_str(), "account": account }).into())
        };
        let wish =
            Wish { mutation: "eraseStudent", kind: "EraseStudentSaga", allowed: known, await_completion };
        Ok(begin(ctx, wish, input, &idempotency_key).await?.into())
    }

    /// Turns a saga back, if it is not past its point of no return.
    async fn cancel_saga(&self, ctx: &Context<'_>, id: ID, idempotency_key: String) -> Result<SagaPayload> {
        step_in(ctx, "cancelSaga", &id, StepIn::Cancel, &idempotency_key).await
    }

    /// Asks a saga's services again, without waiting until that is due.
    async fn retry_saga(&self, ctx: &Context<'_>, id: ID, idempotency_key: String) -> Result<SagaPayload> {
        step_in(ctx, "retrySaga", &id, StepIn::Retry, &idempotency_key).await
    }

    /// Lets a stuck saga go on.
    async fn resolve_stuck_saga(
        &self,
        ctx: &Context<'_>,
        id: ID,
        resolution: StuckSagaResolution,
        idempotency_key: String,
    ) -> Result<SagaPayload> {
        let how = StepIn::Resolve(resolution.into());
        step_in(ctx, "resolveStuckSaga", &id, how, &idempotency_key).await
    }
}

/// A wish to begin a saga.
struct Wish {
    mutation: &'static str,
    kind: &'static str,
    allowed: fn(&Caller) -> Result<(), Problem>,
    await_completion: Option<Duration>,
}

/// What a saga is begun with, and what is kept beside it since no message may hold it.
struct Given {
    input: Value,
    kept: Option<Value>,
}

impl From<Value> for Given {
    fn from(input: Value) -> Self {
        Self { input, kept: None }
    }
}

/// Those who look after the library.
fn staff(caller: &Caller) -> Result<(), Problem> {
    caller.need(&Scope::STAFF)
}

/// Whoever is known by a token.
fn known(caller: &Caller) -> Result<(), Problem> {
    caller.need_user(Some(caller.name()), &Scope::STAFF)
}

/// Begins a saga for whoever may, and waits for it if that is wished.
async fn begin(
    ctx: &Context<'_>,
    wish: Wish,
    given: impl FnOnce() -> Result<Given, Problem> + Send,
    idempotency_key: &str,
) -> Result<Outcome<saga::Saga>> {
    let store = ctx.data::<Arc<dyn SagaStore>>()?;
    let outcome = settle(async {
        (wish.allowed)(caller(ctx))?;
        let Given { input, kept } = given()?;
        let whole = kept.as_ref().map_or_else(|| input.clone(), |kept| json!([input, kept]));
        let command = command(ctx, wish.mutation, idempotency_key, &whole)?;
        let id = command.sources.ids.next_id().to_string();
        let (caller, traceparent) = (command.caller.clone(), command.traceparent.clone());
        store.begin(wish.kind, (Beginning { id, caller, traceparent, input }, kept), &command).await
    });
    let Outcome { entity, problems } = outcome.await?;
    let entity = match (entity, wish.await_completion) {
        (Some(saga), Some(Duration(longest))) => {
            Some(until_settled(ctx.data::<Wake>()?, store.as_ref(), saga, longest).await?)
        }
        (saga, _) => saga,
    };
    Ok(Outcome { entity, problems })
}

/// The longest that anybody waits.
const LONGEST: time::Duration = time::Duration::from_secs(30);
/// How long between two looks: another process may have moved the saga.
const PAUSE: time::Duration = time::Duration::from_millis(100);

/// The saga once it has settled, or as it is after this long.
async fn until_settled(
    moved: &Wake,
    store: &dyn SagaStore,
    mut saga: saga::Saga,
    longest: time::Duration,
) -> Result<saga::Saga> {
    let until = time::Instant::now() + longest.min(LONGEST);
    while !saga.phase.is_settled() && time::Instant::now() < until {
        moved.wait(PAUSE).await;
        if let Some(newer) = store.by_ids(std::slice::from_ref(&saga.id)).await?.pop() {
            saga = newer;
        }
    }
    Ok(saga)
}

async fn step_in(
    ctx: &Context<'_>,
    mutation: &'static str,
    id: &ID,
    how: StepIn,
    idempotency_key: &str,
) -> Result<SagaPayload> {
    let store = ctx.data::<Arc<dyn SagaStore>>()?;
    let outcome = settle(async {
        caller(ctx).need(&Scope::STAFF)?;
        let command = command(ctx, mutation, idempotency_key, &json!([id.as_str(), format!("{how:?}")]))?;
        store.step_in(&node::own_key(id), how, &command).await
    });
    Ok(outcome.await?.into())
}
