//! What can be asked.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, dataloader::DataLoader};
use lms_kit::{
    graphql::{Connection, connection},
    node,
    page::{CursorKind, KeyKind, PageArguments},
    text::TextMatch,
};

use super::saga::Saga;
use super::types::{Author, AuthorFilter};
use crate::{
    domain::number,
    loaders::{AuthorLoader, ByNumber},
    store::AuthorStore,
};

const BY_NAME: CursorKind = CursorKind { sort: KeyKind::Text, id: KeyKind::Int, nullable: false };

pub(crate) struct Query;

#[Object]
impl Query {
    /// The author with this number.
    async fn author(&self, ctx: &Context<'_>, author_number: ID) -> Result<Option<Author>> {
        // What is not a number is no author's.
        let Some(number) = number(&author_number) else { return Ok(None) };
        let author = ctx.data::<DataLoader<AuthorLoader>>()?.load_one(ByNumber(number)).await?;
        Ok(author.map(Author::from))
    }

    /// All authors, by name.
    async fn authors(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<AuthorFilter>,
    ) -> Result<Connection<Author>> {
        let page = PageArguments { first, after, last, before };
        let window = page.window(BY_NAME)?;
        let name = filter.and_then(|filter| filter.name).map(TextMatch::from).unwrap_or_default();
        Ok(connection(ctx.data::<Arc<dyn AuthorStore>>()?.list(&name, &window).await?))
    }

    #[graphql(entity)]
    async fn find_saga_by_id(&self, id: ID) -> Saga {
        Saga::new(id)
    }

    #[graphql(entity)]
    async fn find_author(&self, ctx: &Context<'_>, author_number: ID) -> Result<Option<Author>> {
        self.author(ctx, author_number).await
    }

    #[graphql(entity)]
    async fn find_author_by_node_key(&self, ctx: &Context<'_>, node_key: ID) -> Result<Option<Author>> {
        let Some(number) = node::key_of("Author", &node_key) else { return Ok(None) };
        self.author(ctx, number.into()).await
    }
}
