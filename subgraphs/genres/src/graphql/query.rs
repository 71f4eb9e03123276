//! What can be asked.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, dataloader::DataLoader};
use lms_kit::{
    graphql::{Connection, connection},
    node,
    page::{CursorKind, PageArguments},
    text::{self, TextMatch},
};

use super::saga::Saga;
use super::types::{Genre, GenreFilter};
use crate::{
    loaders::{ById, ByNameKey, GenreLoader},
    store::GenreStore,
};

pub(crate) struct Query;

#[Object]
impl Query {
    /// The genre with this id.
    async fn genre(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Genre>> {
        let genre = ctx.data::<DataLoader<GenreLoader>>()?.load_one(ById(node::local("Genre", &id))).await?;
        Ok(genre.map(Genre::from))
    }

    /// The genre with this name, whatever the case of its letters.
    async fn genre_by_name(&self, ctx: &Context<'_>, name: String) -> Result<Option<Genre>> {
        let genre = ctx.data::<DataLoader<GenreLoader>>()?.load_one(ByNameKey(text::key(&name))).await?;
        Ok(genre.map(Genre::from))
    }

    /// All genres, by name.
    async fn genres(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<GenreFilter>,
    ) -> Result<Connection<Genre>> {
        let page = PageArguments { first, after, last, before };
        let window = page.window(CursorKind::TEXT)?;
        let name = filter.and_then(|filter| filter.name).map(TextMatch::from).unwrap_or_default();
        Ok(connection(ctx.data::<Arc<dyn GenreStore>>()?.list(&name, &window).await?))
    }

    #[graphql(entity)]
    async fn find_saga_by_id(&self, id: ID) -> Saga {
        Saga::new(id)
    }

    #[graphql(entity)]
    async fn find_genre_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Genre>> {
        self.genre(ctx, id).await
    }

    #[graphql(entity)]
    async fn find_genre_by_node_key(&self, ctx: &Context<'_>, node_key: ID) -> Result<Option<Genre>> {
        self.genre(ctx, node_key).await
    }

    #[graphql(entity)]
    async fn find_genre_by_name(&self, ctx: &Context<'_>, name: String) -> Result<Option<Genre>> {
        self.genre_by_name(ctx, name).await
    }
}
