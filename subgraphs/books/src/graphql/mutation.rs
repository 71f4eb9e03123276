//! What can be changed.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use async_graphql::{Context, ID, MaybeUndefined, Object, Result};
use lms_kit::{
    access::Scope,
    graphql::{caller, command, settle},
    isbn::Isbn,
    node,
};
use serde_json::json;

use super::book::BookPayload;
use crate::{
    domain::{BookChange, NewBook},
    loaders::Books,
    store::{BookStore, Target},
};

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Catalogues a book. Its ISBN has 10 or 13 digits, the last of which fits the others; its title has 1 to
    /// 128 characters, its description 1 to 4096; it has at least one author, in the order of the title page.
    async fn create_book(
        &self,
        ctx: &Context<'_>,
        isbn: ID,
        title: String,
        description: Option<String>,
        genre_id: Option<ID>,
        author_numbers: Vec<ID>,
        photo: Option<String>,
        idempotency_key: String,
    ) -> Result<BookPayload> {
        let store = store(ctx)?;
        let genre_id = genre_id.map(|id| node::local("Genre", &id));
        let author_numbers = author_numbers.into_iter().map(|number| number.0).collect();
        let book = NewBook { isbn: isbn.0, title, description, genre_id, author_numbers, photo };
        let outcome = settle(async {
            caller(ctx).need(&Scope::STAFF)?;
            let command = command(ctx, "createBook", &idempotency_key, &json!(book))?;
            store.create(book.check()?, &command).await
        });
        Ok(outcome.await?.into())
    }

    /// Changes a book. What is not given stays; a description, genre or photo given as null becomes empty.
    async fn update_book(
        &self,
        ctx: &Context<'_>,
        isbn: ID,
        title: Option<String>,
        description: MaybeUndefined<String>,
        genre_id: MaybeUndefined<ID>,
        author_numbers: Option<Vec<ID>>,
        photo: MaybeUndefined<String>,
        expected_version: i32,
        idempotency_key: String,
    ) -> Result<BookPayload> {
        let store = store(ctx)?;
        let change = BookChange {
            title,
            description: description.into(),
            genre_id: genre_id.map_value(|id| node::local("Genre", &id)).into(),
            author_numbers: author_numbers.map(|all| all.into_iter().map(|number| number.0).collect()),
            photo: photo.into(),
        };
        let outcome = settle(async {
            caller(ctx).need(&Scope::STAFF)?;
            let input = json!([isbn.as_str(), change, expected_version]);
            let command = command(ctx, "updateBook", &idempotency_key, &input)?;
            let target = Target { isbn: Isbn::parse("isbn", &isbn)?, expected_version };
            store.update(&target, change.check()?, &command).await
        });
        Ok(outcome.await?.into())
    }

    /// Takes a book out of the catalogue.
    async fn delete_book(
        &self,
        ctx: &Context<'_>,
        isbn: ID,
        expected_version: i32,
        idempotency_key: String,
    ) -> Result<BookPayload> {
        let store = store(ctx)?;
        let outcome = settle(async {
            caller(ctx).need(&Scope::STAFF)?;
            let input = json!([isbn.as_str(), expected_version]);
            let command = command(ctx, "deleteBook", &idempotency_key, &input)?;
            let target = Target { isbn: Isbn::parse("isbn", &isbn)?, expected_version };
            store.delete(&target, &command).await
        });
        Ok(outcome.await?.into())
    }
}

fn store<'c>(ctx: &'c Context<'_>) -> Result<&'c dyn BookStore> {
    Ok(ctx.data::<Books>()?.loader().store.as_ref())
}
