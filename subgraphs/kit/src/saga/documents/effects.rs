//! What a service over documents has done for sagas: the steps that are known beside documents lead to those that
//! decide.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use futures::future::try_join_all;

use super::book::{DocumentKey, Entry, STEPS};
use crate::{
    documents::{Aggregate, Collection, Documents, State, StepMarks},
    error::StoreError,
    saga::{Effect, Effects},
};

/// The most steps of one saga that one service is asked for, with room to spare.
const MOST: u32 = 256;
/// How many steps are looked at for the sagas that they are of.
const AT_ONCE: u32 = 1_000;
/// Comes right after what stands between a saga and its step.
const AFTER_STEPS: char = '0';

/// What was done to the documents of a service.
pub struct DocumentEffects {
    documents: Arc<dyn Documents>,
    collections: BTreeMap<&'static str, &'static Collection>,
}

impl DocumentEffects {
    /// In these documents, with the collections that [`Self::over`] names.
    #[must_use]
    pub fn new(documents: Arc<dyn Documents>) -> Self {
        Self { documents, collections: BTreeMap::new() }
    }

    /// Over one more collection, whose documents steps change.
    #[must_use]
    pub fn over<S: State>(mut self) -> Self {
        self.collections.insert(S::COLLECTION.name, S::COLLECTION);
        self
    }

    /// The entries of a saga's steps: their identifiers begin with its own.
    async fn entries(&self, saga: &str) -> Result<Vec<(String, Entry)>, StoreError> {
        let before = format!("{saga}/");
        let found = self.documents.scan(&STEPS, Some(&before), MOST).await?.into_iter();
        let of_saga = found.take_while(|found| found.id.starts_with(&before));
        of_saga.map(|found| Ok((saga.to_owned(), Aggregate::<Entry>::read(found)?.state))).collect()
    }

    /// What the documents in these places remember of steps, a statement for each collection.
    async fn marks(&self, places: &[&DocumentKey]) -> Result<Vec<StepMarks>, StoreError> {
        let mut ids: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for place in places {
            ids.entry(&place.collection).or_default().push(place.id.clone());
        }
        let known = ids.into_iter().filter_map(|(name, ids)| Some((*self.collections.get(name)?, ids)));
        let read = known.map(async |(collection, mut ids)| {
            ids.sort();
            ids.dedup();
            self.documents.get(collection, &ids).await
        });
        try_join_all(read).await?.iter().flatten().map(StepMarks::of).collect()
    }
}

#[async_trait]
impl Effects for DocumentEffects {
    async fn effects(&self, sagas: &[String]) -> Result<Vec<Effect>, StoreError> {
        let entries = try_join_all(sagas.iter().map(|saga| self.entries(saga))).await?.concat();
        let places: Vec<&DocumentKey> = entries.iter().flat_map(|(_, entry)| &entry.places).collect();
        let marks = self.marks(&places).await?;
        Ok(entries.iter().filter_map(|(saga, entry)| effect(saga, entry, &marks)).collect())
    }

    async fn sagas_after(&self, saga: &str) -> Result<Vec<String>, StoreError> {
        let after = format!("{saga}{AFTER_STEPS}");
        let found = self.documents.scan(&STEPS, Some(&after), AT_ONCE).await?;
        let sagas = found.iter().filter_map(|found| found.id.split_once('/'));
        let mut sagas: Vec<String> = sagas.map(|(saga, _)| saga.to_owned()).collect();
        sagas.dedup();
        Ok(sagas)
    }
}

/// What became of a step: what a document remembers goes before what is known beside it.
fn effect(saga: &str, entry: &Entry, marks: &[StepMarks]) -> Option<Effect> {
    let mark = marks.iter().find_map(|marks| marks.mark(&entry.id));
    let (note, at) = match mark {
        Some(mark) => (mark.note.clone(), mark.at_or(entry.at)),
        None => (entry.step.clone()?, entry.at),
    };
    let step = entry.id.strip_prefix(saga)?.strip_prefix('/')?;
    Some(Effect { saga: saga.to_owned(), step: step.to_owned(), note, at })
}
