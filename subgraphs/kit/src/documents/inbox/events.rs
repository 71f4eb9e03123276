//! Events that have come and are not applied, a document each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ATTEMPTS, Collection, Document, DocumentInbox, Find, KeyColumn, faster, stream::Stream};
use crate::{
    bus::MessageKind,
    documents::{FindEach, Found},
    error::StoreError,
    inbox::{MARKERS, Received, SequenceKey},
};

/// Events by sequence and number.
pub(super) const EVENTS: Collection = Collection {
    name: "inbox",
    keys: &[
        KeyColumn::text(SEQUENCE),
        KeyColumn::integer(SEQ),
        KeyColumn::text(EDGE),
        KeyColumn::integer(RECEIVED),
        KeyColumn::integer(ONE),
    ],
};

pub(super) const SEQUENCE: &str = "sequence";
pub(super) const SEQ: &str = "seq";
pub(super) const RECEIVED: &str = "receivedAt";
/// Consumer, source and kind of message; NULL for markers, for which nobody waits.
pub(super) const EDGE: &str = "edge";
/// 1 in each, by which they are counted.
pub(super) const ONE: &str = "one";

/// How many events of a sequence are looked at to find the first that waits.
const WINDOW: u32 = 16;

/// An event that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Waiting {
    #[serde(skip)]
    pub(super) id: String,
    #[serde(skip)]
    pub(super) revision: i64,
    sequence: String,
    pub(super) seq: i64,
    edge: Option<String>,
    pub(super) event_id: String,
    pub(super) body: String,
    pub(super) received_at: i64,
}

/// An event that has just come.
pub(super) fn document(consumer: &str, event: &Received, now_ms: i64) -> Document {
    let sequence = Stream::id_of(consumer, &event.sequence);
    let waiting = Waiting {
        id: format!("{sequence}#{}", event.seq),
        revision: 0,
        sequence,
        seq: event.seq,
        edge: (event.sequence.source != MARKERS).then(|| edge(consumer, &event.sequence)),
        event_id: event.event_id.clone(),
        body: event.body.clone(),
        received_at: now_ms,
    };
    waiting.document()
}

/// The way on which an event has come to its consumer.
fn edge(consumer: &str, sequence: &SequenceKey) -> String {
    format!("{consumer} {} {}", sequence.source, json!(sequence.kind()))
}

impl Waiting {
    /// Where it comes from, and as what.
    pub(super) fn way(&self) -> Option<(String, MessageKind)> {
        let (rest, kind) = self.edge.as_deref()?.rsplit_once(' ')?;
        let (_, source) = rest.split_once(' ')?;
        Some((source.to_owned(), serde_json::from_str(kind).ok()?))
    }

    pub(super) fn read(found: Found) -> Result<Self, StoreError> {
        let read = serde_json::from_value::<Self>(found.body);
        let waiting = read.map_err(|source| StoreError::corrupt("inbox event", source))?;
        Ok(Self { id: found.id, revision: found.revision, ..waiting })
    }

    pub(super) fn document(&self) -> Document {
        let keys = BTreeMap::from([
            (SEQUENCE, self.sequence.as_str().into()),
            (SEQ, self.seq.into()),
            (EDGE, self.edge.clone().into()),
            (RECEIVED, self.received_at.into()),
            (ONE, 1.into()),
        ]);
        Document { id: self.id.clone(), revision: self.revision, keys, body: json!(self) }
    }
}

impl DocumentInbox {
    /// The first events of each of these sequences, `depth` and one more at most.
    pub(super) async fn waiting(
        &self,
        ids: impl Iterator<Item = &String> + Send,
        depth: u32,
    ) -> Result<BTreeMap<String, Vec<Waiting>>, StoreError> {
        let values: Vec<String> = ids.cloned().collect();
        if values.is_empty() {
            return Ok(BTreeMap::new());
        }
        let find = FindEach { by: SEQUENCE, values, find: Find::first(SEQ, depth, Vec::new()) };
        let pages = self.documents.find_each(&EVENTS, &find).await?.into_iter();
        pages
            .map(|(id, page)| Ok((id, page.into_iter().map(Waiting::read).collect::<Result<_, _>>()?)))
            .collect()
    }

    /// What waits first in each of these sequences after what was applied; what is left of that goes.
    pub(super) async fn first_waiting(
        &self,
        streams: &BTreeMap<String, Stream>,
    ) -> Result<BTreeMap<String, Waiting>, StoreError> {
        let (mut first, mut open) = (BTreeMap::new(), streams.keys().cloned().collect::<Vec<_>>());
        for _ in 0..ATTEMPTS {
            let (mut gone, mut again) = (Vec::new(), Vec::new());
            for (id, page) in self.waiting(open.iter(), WINDOW).await? {
                let last_seq = streams.get(&id).map_or(0, |stream| stream.last_seq);
                let (applied, waiting): (Vec<_>, Vec<_>) =
                    page.into_iter().partition(|event| event.seq <= last_seq);
                gone.extend(applied.into_iter().map(|event| event.id));
                match waiting.into_iter().next() {
                    Some(event) => drop(first.insert(id, event)),
                    None => again.push(id),
                }
            }
            if !gone.is_empty() {
                self.documents.remove(&EVENTS, &gone).await?;
            }
            if again.is_empty() {
                return Ok(first);
            }
            open = again;
        }
        Err(faster())
    }
}
