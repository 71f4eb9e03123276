//! Writing an aggregate: read it, decide, and replace it if nobody was faster; else again.

use super::{Aggregate, Documents, State};
use crate::{StoreError, problem::{Outcome, Problem}};

/// How often a write may lose against others before it is refused as unavailable. Of several writers one
/// always wins, so a writer among n loses about n times.
const ATTEMPTS: usize = 100;

/// What a command makes of an aggregate.
pub enum Decision<S> {
    /// Nothing to write: it was done before, or it is refused.
    Keep(Outcome<S>),
    /// The aggregate was changed.
    Write(Outcome<S>),
}

impl<S> Decision<S> {
    /// What to do with the outcome of [`Aggregate::change`].
    pub fn of_change(outcome: Outcome<S>) -> Self {
        if outcome.entity.is_some() { Self::Write(outcome) } else { Self::Keep(outcome) }
    }
}

/// What a write came to, and the aggregate if it was written.
pub type Written<S> = (Outcome<S>, Option<Aggregate<S>>);

/// Lets `decide` change the aggregate with this identifier, or tell why there is none, and stores what it
/// decided. It may be asked several times, with newer states.
pub async fn update<S: State>(
    documents: &dyn Documents,
    id: &str,
    missing: Problem,
    decide: impl Fn(&mut Aggregate<S>) -> Result<Decision<S>, StoreError> + Send + Sync,
) -> Result<Written<S>, StoreError> {
    let ids = [id.to_owned()];
    for _ in 0..ATTEMPTS {
        let Some(found) = documents.get(S::COLLECTION, &ids).await?.into_iter().next() else {
            return Ok((Outcome::refused(missing), None));
        };
        let mut aggregate = Aggregate::read(found)?;
        let outcome = match decide(&mut aggregate)? {
            Decision::Keep(outcome) => return Ok((outcome, None)),
            Decision::Write(outcome) => outcome,
        };
        if documents.swap(S::COLLECTION, &aggregate.document()?).await? {
            return Ok((outcome, Some(aggregate.written())));
        }
    }
    Ok((Outcome::refused(Problem::unavailable(1)), None))
}

/// Stores a new aggregate; `None` if its identifier or one of its unique keys is taken.
pub async fn create<S: State>(
    documents: &dyn Documents,
    aggregate: Aggregate<S>,
) -> Result<Option<Aggregate<S>>, StoreError> {
    let stored = documents.insert(S::COLLECTION, &aggregate.document()?).await?;
    Ok(stored.then(|| aggregate.written()))
}
