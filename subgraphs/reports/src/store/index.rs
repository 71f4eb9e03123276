//! The index as an engine: a document for each record of the kit and for each entry, under its key.
//!
//! A commit of the index is one swap of its list of segments, so that entries and the marks of the events that they come
//! from are on the disk together, or not at all.

use std::{
    collections::BTreeMap,
    io,
    ops::Bound,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    error::Cause,
    records::{Records, Write},
};
use tantivy::{
    IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term,
    collector::DocSetCollector,
    directory::MmapDirectory,
    query::{InvertedIndexRangeQuery, Query, TermSetQuery},
    schema::{Field, Schema, Value},
};

use crate::entry::{Change, Entry};

/// What a record of the kit is among the kinds of entries.
const RECORD: &str = "record";
/// What the writer keeps in memory before it writes a segment.
const MEMORY_BYTES: usize = 32 * 1024 * 1024;
/// The longest key: the index leaves out longer terms without a word.
const LONGEST_KEY: usize = 60_000;
/// What to do about an index that another program, or another version of this one, has made.
const OTHER_FIELDS: &str = "the index has other fields: remove the folder, and all is heard again";

/// An index in a folder, which is this process's.
pub(crate) struct Index {
    path: PathBuf,
    open: Mutex<Option<Arc<Open>>>,
    statements: AtomicU64,
}

/// An index that is there.
pub(super) struct Open {
    schema: Schema,
    pub(super) fields: Fields,
    pub(super) reader: IndexReader,
    writer: Mutex<IndexWriter>,
}

/// The fields of its documents.
pub(super) struct Fields {
    pub(super) key: Field,
    pub(super) text: Field,
    pub(super) kind: Field,
    pub(super) isbn: Field,
    pub(super) student: Field,
    pub(super) genre: Field,
    pub(super) lent_at: Field,
    pub(super) month: Field,
    pub(super) grade: Field,
}

impl Fields {
    fn of(schema: &Schema) -> tantivy::Result<Self> {
        Ok(Self {
            key: schema.get_field("key")?,
            text: schema.get_field("text")?,
            kind: schema.get_field("kind")?,
            isbn: schema.get_field("isbn")?,
            student: schema.get_field("student")?,
            genre: schema.get_field("genre")?,
            lent_at: schema.get_field("lentAt")?,
            month: schema.get_field("month")?,
            grade: schema.get_field("grade")?,
        })
    }
}

impl Index {
    /// Opens the index of a folder; one that is not there is made by its first migration.
    pub(crate) async fn open(path: PathBuf) -> Result<Self, Cause> {
        tokio::fs::create_dir_all(&path).await?;
        let opening = move || {
            let open = Open::of(&path, None).map_err(unopened)?;
            let open = Mutex::new(open.map(Arc::new));
            Ok(Self { path, open, statements: AtomicU64::default() })
        };
        tokio::task::spawn_blocking(opening).await?
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<Open>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the index on a thread that may wait; nothing where it is not there.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Open) -> tantivy::Result<T> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let Some(open) = self.slot().clone() else { return Ok(None) };
        let worked = tokio::task::spawn_blocking(move || work(&open)).await;
        worked.map_err(|ended| StoreError::Away(ended.into()))?.map(Some).map_err(failure)
    }
}

impl Open {
    /// The index of a folder, made with this schema if it is not there and one is given.
    fn of(path: &Path, schema: Option<Schema>) -> tantivy::Result<Option<Self>> {
        let directory = MmapDirectory::open(path)?;
        let index = match schema {
            _ if tantivy::Index::exists(&directory)? => tantivy::Index::open(directory)?,
            Some(schema) => tantivy::Index::create(directory, schema, tantivy::IndexSettings::default())?,
            None => return Ok(None),
        };
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let writer = Mutex::new(index.writer_with_num_threads(1, MEMORY_BYTES)?);
        let schema = index.schema();
        Ok(Some(Self { fields: Fields::of(&schema)?, schema, reader, writer }))
    }

    /// The keys and texts of what a query finds.
    fn texts(&self, query: &dyn Query) -> tantivy::Result<BTreeMap<String, String>> {
        let searcher = self.reader.searcher();
        let mut texts = BTreeMap::new();
        for place in searcher.search(query, &DocSetCollector)? {
            let document: TantivyDocument = searcher.doc(place)?;
            let text = |field| document.get_first(field).and_then(|value| value.as_str().map(str::to_owned));
            texts.extend(text(self.fields.key).zip(text(self.fields.text)));
        }
        Ok(texts)
    }

    /// Writes everything in one commit, or takes it back.
    fn commit(&self, records: &[Write], changes: &[Change]) -> tantivy::Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let written = self.write(&writer, records, changes).and_then(|()| writer.commit());
        if let Err(error) = written {
            writer.rollback()?;
            return Err(error);
        }
        self.reader.reload()
    }

    fn write(&self, writer: &IndexWriter, records: &[Write], changes: &[Change]) -> tantivy::Result<()> {
        for Write { key, text } in records {
            let document = text.as_ref().map(|text| self.document(key, RECORD, text));
            self.replace(writer, key, document)?;
        }
        for Change { key, entry } in changes {
            let document = entry.as_ref().map(|entry| self.entry(key, entry)).transpose()?;
            self.replace(writer, key, document)?;
        }
        Ok(())
    }

    fn replace(
        &self,
        writer: &IndexWriter,
        key: &str,
        document: Option<TantivyDocument>,
    ) -> tantivy::Result<()> {
        if key.len() > LONGEST_KEY {
            return Err(TantivyError::InvalidArgument(format!("a key has {} bytes", key.len())));
        }
        writer.delete_term(Term::from_field_text(self.fields.key, key));
        document.map_or(Ok(()), |document| writer.add_document(document).map(drop))
    }

    fn document(&self, key: &str, kind: &str, text: &str) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_text(self.fields.key, key);
        document.add_text(self.fields.kind, kind);
        document.add_text(self.fields.text, text);
        document
    }

    /// An entry's columns, and its text for whoever looks into the index.
    fn entry(&self, key: &str, entry: &Entry) -> tantivy::Result<TantivyDocument> {
        let text = serde_json::to_string(entry).map_err(io::Error::from)?;
        let (mut document, fields) = (self.document(key, kind(entry), &text), &self.fields);
        let mut add_text = |field, text: &Option<String>| {
            if let Some(text) = text {
                document.add_text(field, text);
            }
        };
        match entry {
            Entry::Lending { isbn, student, lent_at, month } => {
                add_text(fields.student, student);
                document.add_text(fields.isbn, isbn);
                document.add_i64(fields.lent_at, *lent_at);
                document.add_i64(fields.month, *month);
            }
            Entry::Book { isbn, genre } => {
                add_text(fields.genre, genre);
                document.add_text(fields.isbn, isbn);
            }
            Entry::Comment { isbn, grade } => {
                document.add_text(fields.isbn, isbn);
                document.add_i64(fields.grade, *grade);
            }
        }
        Ok(document)
    }
}

/// What an entry is called among the kinds.
fn kind(entry: &Entry) -> &'static str {
    match entry {
        Entry::Lending { .. } => super::count::LENDING,
        Entry::Book { .. } => super::count::BOOK,
        Entry::Comment { .. } => super::count::COMMENT,
    }
}

#[async_trait]
impl Records for Index {
    type Effects = Vec<Change>;

    async fn get(&self, keys: &[String]) -> Result<BTreeMap<String, String>, StoreError> {
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let keys = keys.to_vec();
        let found = self.with(move |open| {
            let terms = keys.iter().map(|key| Term::from_field_text(open.fields.key, key));
            open.texts(&TermSetQuery::new(terms))
        });
        Ok(found.await?.unwrap_or_default())
    }

    async fn scan(&self, prefix: &str) -> Result<BTreeMap<String, String>, StoreError> {
        let prefix = prefix.to_owned();
        let found = self.with(move |open| {
            let term = |text: &str| Term::from_field_text(open.fields.key, text);
            let (first, after) = (term(&prefix), term(&format!("{prefix}{}", char::MAX)));
            open.texts(&InvertedIndexRangeQuery::new(Bound::Included(first), Bound::Excluded(after)))
        });
        Ok(found.await?.unwrap_or_default())
    }

    async fn commit(&self, records: &[Write], effects: Vec<Change>) -> Result<(), StoreError> {
        let records = records.to_vec();
        let committed = self.with(move |open| open.commit(&records, &effects)).await?;
        committed.ok_or_else(|| StoreError::Refused("the index has not been made, or is closed".into()))
    }

    /// Makes the index with the fields that the script describes.
    async fn run(&self, script: &str) -> Result<(), StoreError> {
        let schema: Schema =
            serde_json::from_str(script).map_err(|source| StoreError::Refused(source.into()))?;
        if self.slot().is_none() {
            let (made_with, path) = (schema.clone(), self.path.clone());
            let made = tokio::task::spawn_blocking(move || Open::of(&path, Some(made_with))).await;
            let made = made.map_err(|ended| StoreError::Away(ended.into()))?.map_err(failure)?;
            *self.slot() = made.map(Arc::new);
        }
        if self.slot().as_ref().is_some_and(|open| open.schema == schema) {
            return Ok(());
        }
        Err(StoreError::Refused(OTHER_FIELDS.into()))
    }

    fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    async fn close(&self) {
        let open = self.slot().take();
        // Its threads end when the last one who works with it has ended.
        let closing = tokio::task::spawn_blocking(move || drop(open));
        if let Err(error) = closing.await {
            tracing::warn!(%error, "the index was not closed in order");
        }
    }
}

/// Why an index cannot be opened; the library's own words do not say what to do about it.
fn unopened(error: TantivyError) -> Cause {
    match error {
        TantivyError::LockFailure(..) => "another process has it open".into(),
        TantivyError::FieldNotFound(_) => OTHER_FIELDS.into(),
        other => other.into(),
    }
}

fn failure(error: TantivyError) -> StoreError {
    match error {
        TantivyError::DataCorruption(_) => StoreError::corrupt("index", error),
        TantivyError::IoError(_) | TantivyError::ErrorInThread(_) => StoreError::Away(error.into()),
        _ => StoreError::Refused(error.into()),
    }
}
