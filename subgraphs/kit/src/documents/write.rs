//! Writing an aggregate: read it, decide, and replace it if nobody was faster; else again.

use super::{Aggregate, Documents, State};
use crate::{
    StoreError,
    problem::{Problem, Refusal},
};

/// How often a write may lose against others before it is refused as unavailable. Of several writers one
/// always wins, so a writer among n loses about n times.
const ATTEMPTS: usize = 100;

/// What a command made of an aggregate.
pub enum Decision<S> {
    /// It was done before, and made this of it.
    Before(S),
    /// The aggregate was changed.
    Changed,
}

/// What a write came to.
pub enum Written<S> {
    /// The command was done before, and made this of the aggregate.
    Before(S),
    /// The aggregate as it was stored.
    Now(Box<Aggregate<S>>),
}

/// Lets `decide` change the aggregate with this identifier, and stores what it decided; `missing` if there
/// is none. It may be asked several times, with newer states.
pub async fn update<S: State>(
    documents: &dyn Documents,
    (id, missing): (&str, Problem),
    decide: impl Fn(&mut Aggregate<S>) -> Result<Decision<S>, Refusal> + Send + Sync,
) -> Result<Written<S>, Refusal> {
    let ids = [id.to_owned()];
    for _ in 0..ATTEMPTS {
        let found = documents.get(S::COLLECTION, &ids).await?.into_iter().next();
        let Some(found) = found else { return Err(missing.into()) };
        let mut aggregate = Aggregate::read(found)?;
        if let Decision::Before(state) = decide(&mut aggregate)? {
            return Ok(Written::Before(state));
        }
        if documents.swap(S::COLLECTION, &aggregate.document()?).await? {
            return Ok(Written::Now(Box::new(aggregate.written())));
        }
    }
    Err(Problem::unavailable(1).into())
}

/// Stores a new aggregate; `None` if its identifier or one of its unique keys is taken.
pub async fn create<S: State>(
    documents: &dyn Documents,
    aggregate: Aggregate<S>,
) -> Result<Option<Aggregate<S>>, StoreError> {
    let stored = documents.insert(S::COLLECTION, &aggregate.document()?).await?;
    Ok(stored.then(|| aggregate.written()))
}
