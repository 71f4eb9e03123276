//! What a resolver takes from its context, and how a store's answer becomes a mutation's.

use async_graphql::{Context, Error};
use serde_json::Value;

use crate::{
    access::Caller,
    idempotency::{Call, Command},
    problem::{Outcome, Problem, Refusal},
};

/// Seconds after which a client may try again when an engine is away.
const RETRY_AFTER: i32 = 2;

/// Whoever asks.
pub fn caller<'c>(context: &'c Context<'_>) -> &'c Caller {
    // Each request that the kit executes carries its call; whoever comes another way is nobody.
    context.data_opt::<Call>().map_or(&Caller::Anonymous, |call| &call.caller)
}

/// The command of a mutation, or the problem with its idempotency key.
pub fn command(
    context: &Context<'_>,
    mutation: &'static str,
    key: &str,
    input: &Value,
) -> Result<Command, Problem> {
    // Each request that the kit executes carries its call.
    let call = context.data_opt::<Call>().ok_or_else(|| Problem::unavailable(RETRY_AFTER))?;
    Command::new(call, mutation, key, input)
}

/// Does the work of a mutation. An engine that is away is a problem of the payload, not an error.
pub async fn settle<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<Outcome<T>, Error> {
    match Outcome::of(work.await) {
        Err(error) if error.is_passing() => {
            tracing::warn!(%error, "a mutation found its engine away");
            Ok(Outcome::refused(Problem::unavailable(RETRY_AFTER)))
        }
        outcome => Ok(outcome?),
    }
}
