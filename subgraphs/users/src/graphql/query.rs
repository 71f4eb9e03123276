//! What can be asked.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, dataloader::DataLoader};
use lms_kit::{
    graphql::{Connection, caller, connection},
    node,
    page::{CursorKind, PageArguments},
    text,
};

use super::saga::{EraseStudentSaga, RegisterStudentSaga};
use super::types::{User, UserFilterInput};
use crate::{
    loaders::{ById, ByUsernameKey, UserLoader},
    store::UserStore,
};

pub(crate) struct Query;

#[Object]
impl Query {
    /// The user with this id.
    async fn user(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>> {
        let user = ctx.data::<DataLoader<UserLoader>>()?.load_one(ById(node::local("User", &id))).await?;
        Ok(user.map(User::from))
    }

    /// The user with this username, whatever the case of its letters.
    async fn user_by_username(&self, ctx: &Context<'_>, username: String) -> Result<Option<User>> {
        let key = ByUsernameKey(text::key(&username));
        Ok(ctx.data::<DataLoader<UserLoader>>()?.load_one(key).await?.map(User::from))
    }

    /// All active users, by name.
    async fn users(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<UserFilterInput>,
    ) -> Result<Connection<User>> {
        let window = PageArguments { first, after, last, before }.window(CursorKind::TEXT)?;
        let store = ctx.data::<Arc<dyn UserStore>>()?;
        Ok(connection(store.list(&filter.unwrap_or_default().check(caller(ctx))?, &window).await?))
    }

    #[graphql(entity)]
    async fn find_register_student_saga_by_id(&self, id: ID) -> RegisterStudentSaga {
        RegisterStudentSaga::new(id)
    }

    #[graphql(entity)]
    async fn find_erase_student_saga_by_id(&self, id: ID) -> EraseStudentSaga {
        EraseStudentSaga::new(id)
    }

    #[graphql(entity)]
    async fn find_user_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>> {
        self.user(ctx, id).await
    }

    #[graphql(entity)]
    async fn find_user_by_node_key(&self, ctx: &Context<'_>, node_key: ID) -> Result<Option<User>> {
        self.user(ctx, node_key).await
    }

    #[graphql(entity)]
    async fn find_user_by_username(&self, ctx: &Context<'_>, username: String) -> Result<Option<User>> {
        self.user_by_username(ctx, username).await
    }
}
