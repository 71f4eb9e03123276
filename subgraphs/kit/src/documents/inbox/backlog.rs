//! What waits in the inbox, and how far markers have come.

use std::collections::BTreeMap;

use super::{
    COUNTED, DocumentInbox, Documents, Find, Match, Waiting,
    events::{EDGE, EVENTS, ONE, RECEIVED},
    of_consumer,
    stream::{DEAD, PARKED, STREAMS, Stream},
};
use crate::{
    bus::MessageKind,
    error::StoreError,
    inbox::{InboxBacklog, MARKERS},
    page::Cursor,
    watch,
};

/// How many sequences are read at once in search of markers'.
const MARKERS_AT_ONCE: u32 = 64;

/// Backlogs by source and kind of message.
type BySource = BTreeMap<(String, MessageKind), InboxBacklog>;

impl DocumentInbox {
    /// What waits, all together.
    pub(super) async fn whole_backlog(&self, consumer: &str) -> Result<InboxBacklog, StoreError> {
        let mut whole = InboxBacklog::default();
        for watch::Waiting { backlog, .. } in self.waiting_by_source(consumer).await? {
            whole.events += backlog.events;
            whole.parked += backlog.parked;
            whole.dead += backlog.dead;
            whole.oldest_ms = whole.oldest_ms.max(backlog.oldest_ms);
            whole.oldest_parked_ms = whole.oldest_parked_ms.max(backlog.oldest_parked_ms);
        }
        Ok(whole)
    }

    /// What waits of each source and kind of message.
    pub(super) async fn waiting_by_source(&self, consumer: &str) -> Result<Vec<watch::Waiting>, StoreError> {
        let mut of = BySource::new();
        let now_ms = self.documents.now_ms().await?;
        // What is held up first: an event that comes between the two questions waits and is not held up yet, never the other way.
        for stream in self.held_up(consumer, PARKED).await? {
            let backlog = of.entry(way(&stream)).or_default();
            backlog.parked += 1;
            backlog.oldest_parked_ms =
                backlog.oldest_parked_ms.max(stream.since().map(|since| now_ms - since));
        }
        for stream in self.held_up(consumer, DEAD).await? {
            of.entry(way(&stream)).or_default().dead += 1;
        }
        let edges = self.edges(consumer).await?;
        if !edges.is_empty() {
            self.count_events(&edges, now_ms, &mut of).await?;
        }
        Ok(of.into_iter().map(|((source, kind), backlog)| watch::Waiting { source, kind, backlog }).collect())
    }

    /// The newest markers that were applied. Their sequences stand before all others of the consumer, which are many.
    pub(super) async fn applied_markers(&self, consumer: &str) -> Result<Vec<(String, i64)>, StoreError> {
        let start = format!("{consumer} {MARKERS} ");
        let (mut applied, mut after) = (Vec::new(), start.clone());
        loop {
            let found = self.documents.scan(&STREAMS, Some(&after), MARKERS_AT_ONCE).await?;
            let is_marker = |id: &str| id.starts_with(&start);
            let next = found.last().map(|last| last.id.clone()).filter(|last| is_marker(last));
            for marker in found.into_iter().take_while(|found| is_marker(&found.id)) {
                let stream = Stream::read(marker)?;
                applied.push((stream.sequence().stream, stream.last_seq));
            }
            let Some(next) = next else { break };
            after = next;
        }
        applied.retain(|(_, last_seq)| *last_seq > 0);
        Ok(applied)
    }

    /// The ways on which something waits, from one to the next.
    async fn edges(&self, consumer: &str) -> Result<Vec<String>, StoreError> {
        let start = format!("{consumer} ");
        let (mut edges, mut after) = (Vec::new(), start.clone());
        loop {
            let mut next = Find::first(EDGE, 0, Vec::new());
            next.window.after = Some(Cursor::new(after.as_str(), char::MAX.to_string()));
            let found = self.documents.find(&EVENTS, &next).await?.into_iter().next();
            let edge = found.and_then(|found| found.body["edge"].as_str().map(str::to_owned));
            let Some(edge) = edge.filter(|edge| edge.starts_with(&start)) else { return Ok(edges) };
            after.clone_from(&edge);
            edges.push(edge);
        }
    }

    async fn count_events(&self, edges: &[String], now_ms: i64, of: &mut BySource) -> Result<(), StoreError> {
        let counts = self.documents.tally(&EVENTS, EDGE, edges, ONE).await?;
        for edge in edges {
            let oldest = Find::first(RECEIVED, 0, vec![Match::Equals(EDGE, edge.as_str().into())]);
            let Some(oldest) = self.documents.find(&EVENTS, &oldest).await?.into_iter().next() else {
                continue;
            };
            let oldest = Waiting::read(oldest)?;
            let Some(way) = oldest.way() else { continue };
            let backlog = of.entry(way).or_default();
            backlog.events = counts.get(edge).map_or(0, |tally| tally.count);
            backlog.oldest_ms = Some(now_ms - oldest.received_at);
        }
        Ok(())
    }

    async fn held_up(&self, consumer: &str, why: &'static str) -> Result<Vec<Stream>, StoreError> {
        let found = self.documents.find(&STREAMS, &of_consumer(consumer, why, COUNTED, None)).await?;
        found.into_iter().map(Stream::read).collect()
    }
}

fn way(stream: &Stream) -> (String, MessageKind) {
    let sequence = stream.sequence();
    let kind = sequence.kind();
    (sequence.source, kind)
}

/// The events that wait to be applied, in JSON; `most` of them at most.
pub(crate) async fn stored(documents: &dyn Documents, most: u32) -> Result<Vec<String>, StoreError> {
    let found = documents.scan(&EVENTS, None, most).await?;
    Ok(found.iter().filter_map(|found| found.body["body"].as_str().map(str::to_owned)).collect())
}
