//! What a resolver takes from its context, and how a store's answer becomes a mutation's.

use async_graphql::{Context, Error};
use serde::Serialize;

use crate::{
    error::StoreError,
    idempotency::{Call, Command},
    problem::{Outcome, Problem},
};

/// Seconds after which a client may try again when an engine is away.
const RETRY_AFTER: i32 = 2;

/// The command of a mutation, or the problem with its idempotency key.
pub fn command(
    context: &Context<'_>,
    mutation: &'static str,
    key: &str,
    input: &impl Serialize,
) -> Result<Command, Problem> {
    // Each request that the kit executes carries its call.
    let call = context.data_opt::<Call>().ok_or_else(|| Problem::unavailable(RETRY_AFTER))?;
    Command::new(call, mutation, key, input)
}

/// A store's answer to a mutation: an engine that is away is a problem of the payload, not an error.
pub fn settle<T>(answer: Result<Outcome<T>, StoreError>) -> Result<Outcome<T>, Error> {
    match answer {
        Err(error) if error.is_passing() => {
            tracing::warn!(%error, "a mutation found its engine away");
            Ok(Outcome::refused(Problem::unavailable(RETRY_AFTER)))
        }
        answer => Ok(answer?),
    }
}
