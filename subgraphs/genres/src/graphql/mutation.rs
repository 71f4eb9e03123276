//! What can be changed.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};
use lms_kit::{
    access::Scope,
    graphql::{caller, command, settle},
    node,
};
use serde_json::json;

use super::types::GenrePayload;
use crate::{
    domain::GenreName,
    store::{GenreStore, Target},
};

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Adds a genre. Its name has 1 to 64 characters and is unique.
    async fn create_genre(
        &self,
        ctx: &Context<'_>,
        name: String,
        idempotency_key: String,
    ) -> Result<GenrePayload> {
        let store = ctx.data::<Arc<dyn GenreStore>>()?;
        let outcome = settle(async {
            caller(ctx).need(&Scope::STAFF)?;
            let command = command(ctx, "createGenre", &idempotency_key, &json!(name))?;
            store.create(&GenreName::new(&name)?, &command).await
        });
        Ok(outcome.await?.into())
    }

    /// Gives a genre another name.
    async fn rename_genre(
        &self,
        ctx: &Context<'_>,
        id: ID,
        name: String,
        expected_version: i32,
        idempotency_key: String,
    ) -> Result<GenrePayload> {
        let store = ctx.data::<Arc<dyn GenreStore>>()?;
        let target = Target { id: node::local("Genre", &id), expected_version };
        let outcome = settle(async {
            caller(ctx).need(&Scope::STAFF)?;
            let command = command(ctx, "renameGenre", &idempotency_key, &json!([target, name]))?;
            store.rename(&target, &GenreName::new(&name)?, &command).await
        });
        Ok(outcome.await?.into())
    }

    /// Deletes a genre.
    async fn delete_genre(
        &self,
        ctx: &Context<'_>,
        id: ID,
        expected_version: i32,
        idempotency_key: String,
    ) -> Result<GenrePayload> {
        let store = ctx.data::<Arc<dyn GenreStore>>()?;
        let target = Target { id: node::local("Genre", &id), expected_version };
        let outcome = settle(async {
            caller(ctx).need(&Scope::STAFF)?;
            let command = command(ctx, "deleteGenre", &idempotency_key, &json!(target))?;
            store.delete(&target, &command).await
        });
        Ok(outcome.await?.into())
    }
}
