//! What can be asked.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, dataloader::DataLoader};
use lms_kit::{
    graphql::{Connection, connection},
    page::{CursorKind, PageArguments},
};

use super::saga::{CatalogueBookSaga, Saga, SagaPhase, own_id};
use crate::{
    loaders::{ById, SagaLoader},
    store::{SagaFilter, SagaStore},
};

pub(crate) struct Query;

/// Which sagas are wanted.
#[derive(InputObject, Default)]
pub(crate) struct SagasFilter {
    /// Those that are here.
    phase: Option<SagaPhase>,
    /// Those of this type.
    kind: Option<String>,
}

#[Object]
impl Query {
    /// The saga with this id.
    async fn saga(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Saga>> {
        let saga = ctx.data::<DataLoader<SagaLoader>>()?.load_one(ById(own_id(&id))).await?;
        Ok(saga.map(Saga::from))
    }

    /// All sagas, those begun last first.
    async fn sagas(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<SagasFilter>,
    ) -> Result<Connection<Saga>> {
        let window = PageArguments { first, after, last, before }.window(CursorKind::INSTANT)?;
        let SagasFilter { phase, kind } = filter.unwrap_or_default();
        let filter = SagaFilter { phase: phase.map(Into::into), kind };
        Ok(connection(ctx.data::<Arc<dyn SagaStore>>()?.list(&filter, &window).await?))
    }

    #[graphql(entity)]
    async fn find_saga_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Saga>> {
        self.saga(ctx, id).await
    }

    #[graphql(entity)]
    async fn find_catalogue_book_saga_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<CatalogueBookSaga>> {
        let saga = ctx.data::<DataLoader<SagaLoader>>()?.load_one(ById(own_id(&id))).await?;
        Ok(saga.map(CatalogueBookSaga::from))
    }

    #[graphql(entity)]
    async fn find_catalogue_book_saga_by_node_key(
        &self,
        ctx: &Context<'_>,
        node_key: ID,
    ) -> Result<Option<CatalogueBookSaga>> {
        self.find_catalogue_book_saga_by_id(ctx, node_key).await
    }
}
