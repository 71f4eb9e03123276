//! What can be changed.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use std::sync::Arc;

use async_graphql::{Context, ID, MaybeUndefined, Object, Result};
use lms_kit::{
    access::Scope,
    graphql::{caller, command, settle},
};
use serde_json::json;

use super::types::AuthorPayload;
use crate::{
    domain::{GivenChanges, GivenProfile},
    store::{AuthorStore, Target},
};

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Adds an author: a name of 1 to 150 characters, a bio of 1 to 4096, perhaps the URL of a photo.
    async fn create_author(
        &self,
        ctx: &Context<'_>,
        name: String,
        bio: String,
        photo: Option<String>,
        idempotency_key: String,
    ) -> Result<AuthorPayload> {
        let store = ctx.data::<Arc<dyn AuthorStore>>()?;
        let given = GivenProfile { name, bio, photo };
        let outcome = settle(async {
            caller(ctx).need(&Scope::STAFF)?;
            let command = command(ctx, "createAuthor", &idempotency_key, &json!(given))?;
            store.create(given.check()?, &command).await
        });
        Ok(outcome.await?.into())
    }

    /// Changes an author. What is not given stays; a photo given as null goes away.
    async fn update_author(
        &self,
        ctx: &Context<'_>,
        author_number: ID,
        name: Option<String>,
        bio: Option<String>,
        photo: MaybeUndefined<String>,
        expected_version: i32,
        idempotency_key: String,
    ) -> Result<AuthorPayload> {
        let store = ctx.data::<Arc<dyn AuthorStore>>()?;
        let target = Target { author_number: author_number.0, expected_version };
        let given = GivenChanges { name, bio, photo: photo.into() };
        let outcome = settle(async {
            caller(ctx).need(&Scope::STAFF)?;
            let command = command(ctx, "updateAuthor", &idempotency_key, &json!([target, given]))?;
            store.update(&target, given.check()?, &command).await
        });
        Ok(outcome.await?.into())
    }

    /// Deletes an author.
    async fn delete_author(
        &self,
        ctx: &Context<'_>,
        author_number: ID,
        expected_version: i32,
        idempotency_key: String,
    ) -> Result<AuthorPayload> {
        let store = ctx.data::<Arc<dyn AuthorStore>>()?;
        let target = Target { author_number: author_number.0, expected_version };
        let outcome = settle(async {
            caller(ctx).need(&Scope::STAFF)?;
            let command = command(ctx, "deleteAuthor", &idempotency_key, &json!(target))?;
            store.delete(&target, &command).await
        });
        Ok(outcome.await?.into())
    }
}
