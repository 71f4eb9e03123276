//! What can be asked.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, dataloader::DataLoader};
use lms_kit::{
    access::Scope,
    graphql::{Connection, caller, connection},
    node,
    page::{CursorKind, Page, PageArguments},
};

use super::saga::{
    CatalogueBookSaga, EraseStudentSaga, LendBookSaga, RegisterStudentSaga, ReturnBookSaga, Saga, SagaPhase,
};
use crate::{
    loaders::{ById, SagaLoader},
    saga,
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

#[Object(name = "SagaQuery")]
impl Query {
    /// The saga with this id, for whoever began it and for librarians.
    async fn saga(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Saga>> {
        Ok(visible(ctx, &id).await?.and_then(Saga::of))
    }

    /// All sagas, those begun last first, for librarians.
    async fn sagas(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<SagasFilter>,
    ) -> Result<Connection<Saga>> {
        caller(ctx).need(&Scope::STAFF)?;
        let window = PageArguments { first, after, last, before }.window(CursorKind::INSTANT)?;
        let SagasFilter { phase, kind } = filter.unwrap_or_default();
        let filter = SagaFilter { phase: phase.map(Into::into), kind };
        let Page { entries, has_previous, has_next } =
            ctx.data::<Arc<dyn SagaStore>>()?.list(&filter, &window).await?;
        let known = entries.into_iter().filter_map(|(cursor, saga)| Some((cursor, Saga::of(saga)?)));
        Ok(connection(Page { entries: known.collect(), has_previous, has_next }))
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
        of_kind(ctx, "CatalogueBookSaga", &id).await
    }

    #[graphql(entity)]
    async fn find_catalogue_book_saga_by_node_key(
        &self,
        ctx: &Context<'_>,
        node_key: ID,
    ) -> Result<Option<CatalogueBookSaga>> {
        of_kind(ctx, "CatalogueBookSaga", &node_key).await
    }

    #[graphql(entity)]
    async fn find_erase_student_saga_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<EraseStudentSaga>> {
        of_kind(ctx, "EraseStudentSaga", &id).await
    }

    #[graphql(entity)]
    async fn find_erase_student_saga_by_node_key(
        &self,
        ctx: &Context<'_>,
        node_key: ID,
    ) -> Result<Option<EraseStudentSaga>> {
        of_kind(ctx, "EraseStudentSaga", &node_key).await
    }

    #[graphql(entity)]
    async fn find_lend_book_saga_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<LendBookSaga>> {
        of_kind(ctx, "LendBookSaga", &id).await
    }

    #[graphql(entity)]
    async fn find_lend_book_saga_by_node_key(
        &self,
        ctx: &Context<'_>,
        node_key: ID,
    ) -> Result<Option<LendBookSaga>> {
        of_kind(ctx, "LendBookSaga", &node_key).await
    }

    #[graphql(entity)]
    async fn find_return_book_saga_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<ReturnBookSaga>> {
        of_kind(ctx, "ReturnBookSaga", &id).await
    }

    #[graphql(entity)]
    async fn find_return_book_saga_by_node_key(
        &self,
        ctx: &Context<'_>,
        node_key: ID,
    ) -> Result<Option<ReturnBookSaga>> {
        of_kind(ctx, "ReturnBookSaga", &node_key).await
    }

    #[graphql(entity)]
    async fn find_register_student_saga_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<RegisterStudentSaga>> {
        of_kind(ctx, "RegisterStudentSaga", &id).await
    }

    #[graphql(entity)]
    async fn find_register_student_saga_by_node_key(
        &self,
        ctx: &Context<'_>,
        node_key: ID,
    ) -> Result<Option<RegisterStudentSaga>> {
        of_kind(ctx, "RegisterStudentSaga", &node_key).await
    }
}

/// A saga of this kind, if it is one that the caller may see.
async fn of_kind<T: From<saga::Saga>>(ctx: &Context<'_>, kind: &str, id: &ID) -> Result<Option<T>> {
    Ok(visible(ctx, id).await?.filter(|saga| saga.kind == kind).map(T::from))
}

/// A saga, if it is one that the caller may see.
pub(super) async fn visible(ctx: &Context<'_>, id: &ID) -> Result<Option<saga::Saga>> {
    let saga = ctx.data::<DataLoader<SagaLoader>>()?.load_one(ById(node::own_key(id))).await?;
    if let Some(saga) = &saga {
        saga.owner().admit(caller(ctx))?;
    }
    Ok(saga)
}
