//! What can be changed.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use async_graphql::{Context, ID, Object, Result};
use lms_kit::{
    Refusal,
    access::Scope,
    graphql::{Date, caller, command, settle},
    node,
};
use serde_json::json;

use super::{comment::CommentPayload, student::StudentPayload};
use crate::{
    domain::{self, COMMENT, CommentChange, CommentInput, Isbn, Registration, StudentChange},
    loaders::Students,
    store::{StudentStore, Target},
};

/// Who may speak in a student's place.
const COMMENTS: &[Scope] = &[Scope::Librarian];

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Registers a student, who is twelve years old or older and has consented to the processing of personal
    /// data. The name has 1 to 150 characters; interests are names of genres, at most 32. An account is given by
    /// whoever it belongs to, a librarian or an administrator.
    async fn register_student(
        &self,
        ctx: &Context<'_>,
        name: String,
        birth_date: Date,
        phone: String,
        gdpr_consent: bool,
        #[graphql(default)] interests: Vec<String>,
        user_id: Option<ID>,
        idempotency_key: String,
    ) -> Result<StudentPayload> {
        let user_id = user_id.map(|id| node::local("User", &id));
        let birth_date = birth_date.0;
        let input = Registration { name, birth_date, phone, gdpr_consent, interests, user_id };
        let store = store(ctx)?;
        let outcome = settle(async {
            if input.user_id.is_some() {
                caller(ctx).need_user(input.user_id.as_deref(), &Scope::STAFF)?;
            }
            let command = command(ctx, "registerStudent", &idempotency_key, &json!(input))?;
            store.register(&command, input).await
        });
        Ok(outcome.await?.into())
    }

    /// Changes a student. What is not given stays.
    async fn update_student(
        &self,
        ctx: &Context<'_>,
        student_number: ID,
        name: Option<String>,
        phone: Option<String>,
        interests: Option<Vec<String>>,
        expected_version: i32,
        idempotency_key: String,
    ) -> Result<StudentPayload> {
        let target = Target { id: student_number.0, expected_version };
        let change = StudentChange { name, phone, interests };
        let store = store(ctx)?;
        let outcome = settle(async {
            need_student(ctx, store, &target.id, &Scope::STAFF).await?;
            let command = command(ctx, "updateStudent", &idempotency_key, &json!([target, change]))?;
            store.update(&command, &target, change).await
        });
        Ok(outcome.await?.into())
    }

    /// Adds a student's one comment on a book: 1 to 4096 characters, and a grade from 0 to 10.
    async fn add_comment(
        &self,
        ctx: &Context<'_>,
        student_number: ID,
        isbn: ID,
        comment: String,
        grade: i32,
        idempotency_key: String,
    ) -> Result<CommentPayload> {
        let input = CommentInput { text: comment, grade };
        let store = store(ctx)?;
        let outcome = settle(async {
            need_student(ctx, store, &student_number, COMMENTS).await?;
            let whole = json!([student_number.as_str(), isbn.as_str(), input]);
            let command = command(ctx, "addComment", &idempotency_key, &whole)?;
            store.add_comment(&command, &student_number, &Isbn::parse(&isbn)?, input).await
        });
        Ok(outcome.await?.into())
    }

    /// Changes a comment. What is not given stays.
    async fn edit_comment(
        &self,
        ctx: &Context<'_>,
        id: ID,
        comment: Option<String>,
        grade: Option<i32>,
        expected_version: i32,
        idempotency_key: String,
    ) -> Result<CommentPayload> {
        let target = Target { id: node::local(COMMENT, &id), expected_version };
        let change = CommentChange { text: comment, grade };
        let store = store(ctx)?;
        let outcome = settle(async {
            need_commenter(ctx, store, &target.id).await?;
            let command = command(ctx, "editComment", &idempotency_key, &json!([target, change]))?;
            store.edit_comment(&command, &target, change).await
        });
        Ok(outcome.await?.into())
    }

    /// Takes a comment back. The student may comment on the book again.
    async fn delete_comment(
        &self,
        ctx: &Context<'_>,
        id: ID,
        expected_version: i32,
        idempotency_key: String,
    ) -> Result<CommentPayload> {
        let target = Target { id: node::local(COMMENT, &id), expected_version };
        let store = store(ctx)?;
        let outcome = settle(async {
            need_commenter(ctx, store, &target.id).await?;
            let command = command(ctx, "deleteComment", &idempotency_key, &json!(target))?;
            store.delete_comment(&command, &target).await
        });
        Ok(outcome.await?.into())
    }
}

/// The student with this number may go on, and whoever has one of these scopes.
async fn need_student(
    ctx: &Context<'_>,
    store: &dyn StudentStore,
    number: &str,
    scopes: &[Scope],
) -> Result<(), Refusal> {
    let asks = caller(ctx);
    if asks.has_any(scopes) {
        return Ok(());
    }
    let found = store.students(&[number.to_owned()]).await?;
    let account = found.first().and_then(|student| student.user_id.as_deref());
    Ok(asks.need_user(account, scopes)?)
}

/// The student whose comment it is may go on, and whoever may speak in a student's place.
async fn need_commenter(ctx: &Context<'_>, store: &dyn StudentStore, id: &str) -> Result<(), Refusal> {
    if let Some(number) = domain::student_of_comment(id) {
        return need_student(ctx, store, number, COMMENTS).await;
    }
    // One that was taken back is still its student's: what was done is answered again.
    let number = store.commenter(id).await?.unwrap_or_default();
    need_student(ctx, store, &number, COMMENTS).await
}

fn store<'c>(ctx: &'c Context<'_>) -> Result<&'c dyn StudentStore> {
    Ok(ctx.data::<Students>()?.loader().store.as_ref())
}
