//! What can be changed. A password is in no input that is hashed, kept or logged.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};
use lms_kit::{
    Problem, Refusal,
    access::Scope,
    graphql::{caller, command, settle},
    node, text,
};
use serde_json::json;

use super::types::{LoginPayload, Role, UserPayload};
use crate::{
    domain::{self, NewUser, UserChange},
    password::{Password, Passwords},
    store::{Target, UserStore},
    token::Signer,
};

pub(crate) struct Mutation;

#[Object(name = "UserMutation")]
impl Mutation {
    /// Registers a user, a student if nothing else is said; other roles are an administrator's to give. The username has 3 to 64 letters, digits, dots,
    /// underscores and hyphens, and is unique; the name has 1 to 150 characters, the password 8 to 128.
    async fn register_user(
        &self,
        ctx: &Context<'_>,
        username: String,
        name: String,
        email: String,
        password: String,
        roles: Option<Vec<Role>>,
        idempotency_key: String,
    ) -> Result<UserPayload> {
        let roles = roles.unwrap_or_else(|| vec![Role::Student]);
        let given = NewUser { username, name, email, roles: roles.into_iter().map(Into::into).collect() };
        let (store, passwords) = (ctx.data::<Arc<dyn UserStore>>()?, ctx.data::<Passwords>()?);
        let outcome = settle(async {
            if given.roles.iter().any(|role| *role != domain::Role::Student) {
                caller(ctx).need(&[Scope::Admin])?;
            }
            let command = command(ctx, "registerUser", &idempotency_key, &json!(given))?;
            let user = given.check(command.sources.ids.next_id().to_string());
            let (user, password) = both(user, Password::new(password))?;
            let hash = passwords.hash(password).await?;
            store.register(user, &hash, &command).await
        });
        Ok(UserPayload::registered(outcome.await?))
    }

    /// Changes a user. What is not given stays; the username never changes. Name, address and password are the
    /// user's own to change, the password with the current one. An administrator changes everyone, also the roles.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        id: ID,
        name: Option<String>,
        email: Option<String>,
        password: Option<String>,
        current_password: Option<String>,
        roles: Option<Vec<Role>>,
        expected_version: i32,
        idempotency_key: String,
    ) -> Result<UserPayload> {
        let target = Target { id: node::local("User", &id), expected_version };
        let roles = roles.map(|roles| roles.into_iter().map(domain::Role::from).collect());
        let change = UserChange { name, email, roles };
        let (store, passwords) = (ctx.data::<Arc<dyn UserStore>>()?, ctx.data::<Passwords>()?);
        let outcome = settle(async {
            let asks = caller(ctx);
            asks.need_user(Some(&target.id), &[Scope::Admin])?;
            if change.roles.is_some() {
                asks.need(&[Scope::Admin])?;
            }
            let input = json!([target.id, change, password.is_some(), expected_version]);
            let command = command(ctx, "updateUser", &idempotency_key, &input)?;
            let (change, password) = both(change.check(), password.map(Password::new).transpose())?;
            let hash = match password {
                Some(password) => {
                    if !asks.has_any(&[Scope::Admin]) {
                        let tried = [current_password, Some(password.text().to_owned())];
                        prove(store.as_ref(), passwords, &target.id, tried).await?;
                    }
                    Some(passwords.hash(password).await?)
                }
                None => None,
            };
            store.update(&target, change, hash.as_deref(), &command).await
        });
        Ok(UserPayload::changed(outcome.await?))
    }

    /// Gives out a token. Nothing is changed or kept, so the same key gives another token.
    async fn login(
        &self,
        ctx: &Context<'_>,
        username: String,
        password: String,
        idempotency_key: String,
    ) -> Result<LoginPayload> {
        let (store, passwords) = (ctx.data::<Arc<dyn UserStore>>()?, ctx.data::<Passwords>()?);
        let signer = ctx.data::<Signer>()?;
        let outcome = settle(async {
            let command = command(ctx, "login", &idempotency_key, &json!(username))?;
            let found = store.credentials(&text::key(&username)).await?;
            let (user, hash) = found.unzip();
            let matches = passwords.matches(Password::tried(password), hash).await?;
            let Some(user) = user.filter(|_| matches) else {
                let message = "there is no such user, or it is not the password";
                return Err(Problem::invalid(&["password"], "username and password match", message).into());
            };
            let token = signer.sign(&user, command.sources.ids.next_id(), command.now_ms)?;
            Ok((user, token))
        });
        Ok(outcome.await?.into())
    }
}

/// One of these is the user's password. The new one counts as well: it is the current one when the same change
/// is asked for again.
async fn prove(
    store: &dyn UserStore,
    passwords: &Passwords,
    id: &str,
    tried: [Option<String>; 2],
) -> Result<(), Refusal> {
    let hash = store.password_hash(id).await?;
    for password in tried.into_iter().flatten() {
        if passwords.matches(Password::tried(password), hash.clone()).await? {
            return Ok(());
        }
    }
    let message = "another password needs the current one";
    Err(Problem::invalid(&["currentPassword"], "the current password", message).into())
}

/// Both, or the problems of both.
pub(super) fn both<A, B>(
    one: Result<A, Vec<Problem>>,
    other: Result<B, Problem>,
) -> Result<(A, B), Vec<Problem>> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (one, other) => Err(one.err().into_iter().flatten().chain(other.err()).collect()),
    }
}
