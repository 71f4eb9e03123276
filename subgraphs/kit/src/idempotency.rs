//! The same mutation with the same key happens once: (caller, mutation, key) leads to the hash of the
//! input and to the stored result, kept for a day.

use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    access::Caller,
    error::StoreError,
    event::Envelope,
    migrate::hex,
    problem::{Problem, Refusal},
    sources::Sources,
    sql::{Db, Sql, Tx},
};

/// How long a result is kept, in ms.
pub const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// One call of a mutation: who asks for what, under which key, when.
#[derive(Clone)]
pub struct Command {
    /// Who asks.
    pub caller: String,
    /// The mutation's name.
    pub mutation: &'static str,
    /// The client's key.
    pub key: String,
    /// SHA-256 of the input, in hexadecimal.
    pub input_hash: String,
    /// When it was received, in ms.
    pub now_ms: i64,
    /// The trace that it belongs to.
    pub traceparent: Option<String>,
    /// What brought it about.
    pub cause: Cause,
    /// Time and identifiers.
    pub sources: Sources,
}

/// What brought a command about, if a message did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// The saga that it is a step of.
    pub saga: Option<String>,
    /// The message's identifier.
    pub message: Option<String>,
}

impl Command {
    /// A call, or what is wrong with its key. `input` is everything that the mutation was given but the key.
    pub fn new(call: &Call, mutation: &'static str, key: &str, input: &Value) -> Result<Self, Problem> {
        let length = key.chars().count();
        if length == 0 || length > 128 || key.contains('\0') {
            let message = format!("idempotencyKey has {length} characters");
            return Err(Problem::invalid(&["idempotencyKey"], "length 1..=128", message));
        }
        Ok(Self {
            caller: call.caller.name().to_owned(),
            mutation,
            key: key.to_owned(),
            input_hash: hex(&Sha256::digest(input.to_string())),
            now_ms: call.sources.clock.now_ms(),
            traceparent: call.traceparent.clone(),
            cause: Cause::default(),
            sources: call.sources.clone(),
        })
    }

    /// What a saga does by itself, when its time has come.
    #[must_use]
    pub fn of_saga(saga: &str, traceparent: Option<String>, sources: &Sources) -> Self {
        Self {
            caller: format!("saga {saga}"),
            mutation: "step",
            key: String::new(),
            input_hash: String::new(),
            now_ms: sources.clock.now_ms(),
            traceparent,
            cause: Cause { saga: Some(saga.to_owned()), message: None },
            sources: sources.clone(),
        }
    }

    /// What a message of a saga asks for.
    #[must_use]
    pub fn of_message(message: &Envelope, saga: &str, sources: &Sources) -> Self {
        let of_saga = Self::of_saga(saga, message.traceparent.clone(), sources);
        let cause = Cause { message: Some(message.id.clone()), ..of_saga.cause };
        Self { key: message.id.clone(), cause, ..of_saga }
    }
}

/// What a request brings to each of its mutations.
#[derive(Clone)]
pub struct Call {
    /// Who asks.
    pub caller: Caller,
    /// The trace that it belongs to.
    pub traceparent: Option<String>,
    /// Time and identifiers.
    pub sources: Sources,
}

/// Claims the command's key within a transaction. `None`: it is new, and this transaction must settle it.
/// Of two transactions with one key the second waits here for the first.
pub(crate) async fn claim<T: DeserializeOwned>(tx: &mut Tx, command: &Command) -> Result<Option<T>, Refusal> {
    let insert = Sql::new(
        "INSERT INTO idempotency (caller, mutation, key, input_hash, expires_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (caller, mutation, key) DO UPDATE SET input_hash = excluded.input_hash, result = NULL, \
         expires_at = excluded.expires_at WHERE idempotency.expires_at <= $6",
    );
    let insert = keyed(insert, command).bind(&command.input_hash).bind(command.now_ms + KEPT_MS);
    let insert = insert.bind(command.now_ms);
    if tx.run(&insert).await? == 1 {
        return Ok(None);
    }
    let select = Sql::new(
        "SELECT input_hash, result FROM idempotency WHERE caller = $1 AND mutation = $2 AND key = $3",
    );
    let stored = tx.one(&keyed(select, command), "idempotency").await?;
    replay(command, &stored.text("input_hash")?, &stored.text("result")?).map(Some)
}

/// The result that was stored under a key, or that the key belongs to another input.
pub fn replay<T: DeserializeOwned>(
    command: &Command,
    stored_hash: &str,
    stored_result: &str,
) -> Result<T, Refusal> {
    if stored_hash != command.input_hash {
        return Err(Problem::idempotency_mismatch().into());
    }
    let result = serde_json::from_str(stored_result);
    Ok(result.map_err(|cause| StoreError::corrupt("idempotency result", cause))?)
}

/// Stores the result of a claimed command.
pub(crate) async fn settle(tx: &mut Tx, command: &Command, result: String) -> Result<(), StoreError> {
    let update =
        Sql::new("UPDATE idempotency SET result = $4 WHERE caller = $1 AND mutation = $2 AND key = $3");
    tx.run(&keyed(update, command).bind(result)).await.map(drop)
}

/// Forgets the results whose time is over.
pub(crate) async fn purge(db: &Db, now_ms: i64) -> Result<u64, StoreError> {
    db.run(&Sql::new("DELETE FROM idempotency WHERE expires_at <= $1").bind(now_ms)).await
}

fn keyed(sql: Sql, command: &Command) -> Sql {
    sql.bind(&command.caller).bind(command.mutation).bind(&command.key)
}
