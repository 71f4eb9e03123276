//! Writing an aggregate: read it, decide, and replace it if nobody was faster; else again.

use super::{Aggregate, Documents, State};
use crate::{
    StoreError,
    event::Envelope,
    problem::{Problem, Refusal},
};

/// How often a write may lose against others before it is refused as unavailable. Of several writers one
/// always wins, so a writer among n loses about n times.
pub(crate) const ATTEMPTS: usize = 100;

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

/// Lets an event change the aggregate with this identifier, or a new one, once: the mark that it was applied is
/// part of the change. What comes late is passed over.
pub async fn hear<S: State>(
    documents: &dyn Documents,
    (id, new): (&str, impl Fn() -> S + Send + Sync),
    event: &Envelope,
    change: impl Fn(&mut S) + Send + Sync,
) -> Result<(), StoreError> {
    let (ids, now_ms) = ([id.to_owned()], documents.now_ms().await?);
    for _ in 0..ATTEMPTS {
        let found = documents.get(S::COLLECTION, &ids).await?.into_iter().next();
        let mut aggregate = match found {
            Some(found) => Aggregate::read(found)?,
            None => Aggregate::new(new()),
        };
        if !aggregate.hear(event, now_ms) {
            return Ok(());
        }
        change(&mut aggregate.state);
        if store(documents, &aggregate).await? {
            return Ok(());
        }
    }
    Err(StoreError::Away("others are faster".into()))
}

/// Stores an aggregate as it is now; false if somebody was faster.
pub(crate) async fn store<S: State>(
    documents: &dyn Documents,
    aggregate: &Aggregate<S>,
) -> Result<bool, StoreError> {
    let document = aggregate.document()?;
    if aggregate.is_stored() {
        documents.swap(S::COLLECTION, &document).await
    } else {
        documents.insert(S::COLLECTION, &document).await
    }
}

/// Stores a new aggregate; `None` if its identifier or one of its unique keys is taken.
pub async fn create<S: State>(
    documents: &dyn Documents,
    aggregate: Aggregate<S>,
) -> Result<Option<Aggregate<S>>, StoreError> {
    let stored = documents.insert(S::COLLECTION, &aggregate.document()?).await?;
    Ok(stored.then(|| aggregate.written()))
}
