//! What became of steps that no document remembers: those of documents that were not there, and those that a
//! document has given up for newer ones.
//!
//! As long as a step's document is not there, its entry here decides. Whoever finds the document there says so in
//! the entry first ([`Book::moved`]): from then on the document decides, and what the entry holds counts where the
//! document says nothing. So of two that see the document come at different moments, one has to look again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    documents::{
        ATTEMPTS, Aggregate, Collection, Documents, Find, Index, KeyColumn, State, Step, StepMark, WAITING,
        store,
    },
    error::StoreError,
    page::{Cursor, SortKey},
    saga::{KEPT_MS, StepNote, StepState},
};

/// Steps by saga and name.
pub(super) const STEPS: Collection =
    Collection { name: "saga_steps", keys: &[KeyColumn::integer(FORGET), KeyColumn::integer(WAITING)] };

/// When it was noted, in what may be forgotten: what is done may still be undone, however long its saga is stuck.
const FORGET: &str = "notedAt";

/// What a service that takes part in sagas needs of its database.
pub const STEPS_ROOM: &[Step] = &[
    Step::Collection(STEPS),
    Step::Index(STEPS.name, Index { name: "saga_steps_noted", columns: &[FORGET], unique: false }),
    Step::Index(STEPS.name, Index { name: "saga_steps_waiting", columns: &[WAITING], unique: false }),
];

/// How many entries are forgotten at once.
const AT_ONCE: u32 = 10_000;

/// What became of a step, beside its document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) id: String,
    /// What is known here.
    pub(super) step: Option<StepNote>,
    /// Whether its document is there, and decides.
    pub(super) moved: bool,
    pub(super) at: i64,
    /// The documents of which one decides, for whoever looks for it: of two that are made at once for one step one stays.
    #[serde(default)]
    pub(super) places: Vec<DocumentKey>,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DocumentKey {
    #[serde(rename = "c")]
    pub(super) collection: String,
    #[serde(rename = "i")]
    pub(super) id: String,
}

impl DocumentKey {
    pub(super) fn of<S: State>(state: &S) -> Self {
        Self { collection: S::COLLECTION.name.to_owned(), id: state.id().to_owned() }
    }
}

impl Entry {
    pub(super) fn note(&mut self, step: StepNote, now_ms: i64) {
        (self.step, self.at) = (Some(step), now_ms);
    }
}

impl State for Entry {
    const COLLECTION: &'static Collection = &STEPS;
    const TOLD: bool = false;

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> BTreeMap<&'static str, SortKey> {
        let is_done = matches!(self.step, Some(StepNote { state: StepState::Done { .. }, .. }));
        BTreeMap::from([(FORGET, (!is_done).then_some(self.at).into())])
    }
}

/// The entry of one step.
pub(super) struct Book<'b> {
    pub(super) documents: &'b dyn Documents,
    /// The saga and the step.
    pub(super) id: String,
}

impl Book<'_> {
    /// The entry as it is, or a new one.
    pub(super) async fn entry(&self, now_ms: i64) -> Result<Aggregate<Entry>, StoreError> {
        let found = self.documents.get(&STEPS, std::slice::from_ref(&self.id)).await?.into_iter().next();
        if let Some(found) = found {
            return Aggregate::read(found);
        }
        let (id, places) = (self.id.clone(), Vec::new());
        Ok(Aggregate::new(Entry { id, step: None, moved: false, at: now_ms, places }))
    }

    /// Says that the step's document is there, or about to be; what was known here before.
    pub(super) async fn moved(&self, to: DocumentKey, now_ms: i64) -> Result<Option<StepState>, StoreError> {
        for _ in 0..ATTEMPTS {
            let mut entry = self.entry(now_ms).await?;
            let is_known = entry.state.places.contains(&to);
            if !is_known {
                entry.state.places.push(to.clone());
            }
            if is_known && entry.state.moved {
                return Ok(entry.state.step.map(|note| note.state));
            }
            entry.state.moved = true;
            if store(self.documents, &entry).await? {
                return Ok(entry.state.step.map(|note| note.state));
            }
        }
        Err(StoreError::Away("others are faster".into()))
    }

    /// Keeps what its document gives up.
    pub(super) async fn keep(&self, mark: StepMark, now_ms: i64) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let mut entry = self.entry(now_ms).await?;
            entry.state.moved = true;
            entry.state.note(mark.note.clone(), mark.at_or(now_ms));
            if store(self.documents, &entry).await? {
                return Ok(());
            }
        }
        Err(StoreError::Away("others are faster".into()))
    }
}

/// Forgets steps of long ago.
pub(crate) async fn purge(documents: &dyn Documents) -> Result<(), StoreError> {
    let mut old = Find::first(FORGET, AT_ONCE, Vec::new());
    old.window.before = Some(Cursor::new(documents.now_ms().await? - KEPT_MS, ""));
    let mut gone = Vec::new();
    for found in documents.find(&STEPS, &old).await? {
        let id = found.id.clone();
        if Aggregate::<Entry>::read(found)?.outbox().is_empty() {
            gone.push(id);
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    documents.remove(&STEPS, &gone).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        documents::{Migration, open},
        migrate::Phase,
        saga::Owner,
    };

    const ROOM: Migration = Migration { version: 1, name: "steps", phase: Phase::Expand, steps: STEPS_ROOM };

    /// One reader has not found the document and is about to answer; then it comes, and another finds it.
    #[tokio::test]
    async fn whoever_missed_the_document_has_to_look_again() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("steps.sqlite").display());
        let documents = open("steps", &url).await.unwrap();
        documents.migrate("steps", &[ROOM], 1).await.unwrap();
        let place = || DocumentKey { collection: "pads".to_owned(), id: "pad".to_owned() };
        for known in [None, Some(StepState::Tombstone)] {
            let book = Book { documents: documents.as_ref(), id: format!("saga/{}", known.is_some()) };
            if let Some(step) = &known {
                let mut entry = book.entry(1).await.unwrap();
                let note = StepNote { state: step.clone(), owner: Owner::Nobody };
                entry.state.note(note, 1);
                assert!(store(book.documents, &entry).await.unwrap());
            }
            let late = book.entry(1).await.unwrap();
            assert_eq!(book.moved(place(), 1).await.unwrap(), known);
            assert!(!store(book.documents, &late).await.unwrap(), "it was moved: {known:?}");
            assert!(book.entry(1).await.unwrap().state.moved);
        }
    }
}
