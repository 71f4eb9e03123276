//! Markers: what a service says from time to time on each partition of its topics, so that it shows how far behind
//! whoever hears them is.
//!
//! A marker goes the way of any message: received, stored, applied. Each source, topic and partition is a sequence of
//! its own, whose number is the time at which the newest applied marker left, by its source's clock. Of those that
//! come while one waits to be applied, none is stored, so that nothing grows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Received, SequenceKey};
use crate::{event::Envelope, sources::Sources};

/// Where the sequences of markers are among those of services: no service has this name.
pub(crate) const MARKERS: &str = "(markers)";
/// The aggregate that a marker's envelope names.
const AGGREGATE: &str = "Marker";

/// A marker's own data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    pub(crate) topic: String,
    pub(crate) partition: usize,
    /// By the clock of its source's engine, in ms.
    pub(crate) left_at: i64,
}

impl Marker {
    /// The envelope in which it travels.
    pub(crate) fn envelope(&self, service: &str, sources: &Sources) -> Envelope {
        let state = serde_json::json!(self);
        Envelope::of_nothing(service, AGGREGATE, self.partition.to_string(), state, sources)
    }

    /// The marker in an envelope, if it is one.
    pub(crate) fn of(event: &Envelope) -> Option<Self> {
        (event.data.aggregate == AGGREGATE).then(|| Self::deserialize(&event.data.state).ok()).flatten()
    }

    /// What an inbox receives of it.
    pub(super) fn received(&self, event: &Envelope, body: String) -> Received {
        let stream = format!("{}/{}/{}", event.service(), self.topic, self.partition);
        let sequence = SequenceKey { source: MARKERS.to_owned(), stream };
        Received { sequence, seq: self.left_at, event_id: event.id.clone(), body }
    }
}

/// The source, the topic and the partition of a sequence of markers.
pub(crate) fn place(stream: &str) -> Option<(&str, &str, usize)> {
    let mut parts = stream.splitn(3, '/');
    let (source, topic) = (parts.next()?, parts.next()?);
    Some((source, topic, parts.next()?.parse().ok()?))
}

/// The newest marker of each sequence among what has come.
pub(super) fn newest<'e>(
    events: impl Iterator<Item = &'e Received>,
) -> BTreeMap<&'e SequenceKey, &'e Received> {
    let mut newest: BTreeMap<&SequenceKey, &Received> = BTreeMap::new();
    for event in events.filter(|event| event.sequence.source == MARKERS) {
        let known = newest.entry(&event.sequence).or_insert(event);
        if event.seq > known.seq {
            *known = event;
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Topic;

    #[test]
    fn a_marker_is_of_the_size_that_the_monitor_is_documented_with() {
        let topic = Topic::events("lendings").name().to_owned();
        let marker = Marker { topic, partition: 7, left_at: 1_700_000_000_000 };
        let bytes = serde_json::to_vec(&marker.envelope("lendings", &Sources::system())).unwrap().len();
        assert!((360..380).contains(&bytes), "docs/monitoring.md says 370 bytes, and it has {bytes}");
    }
}
