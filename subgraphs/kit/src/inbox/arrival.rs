//! A message as it comes: as it is stored, and as it was read.

use super::{Marker, Received};
use crate::{
    bus::Topic,
    event::Envelope,
    planted::{self, Bug},
};

/// How the messages of a topic are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordering {
    /// Events: each in the sequence of its aggregate.
    Sequences,
    /// Commands and replies: each for itself.
    Alone,
}

/// What has come, as it is stored and as it was read: what is applied at once is not read a second time.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub(super) received: Received,
    /// The event as it was written; nothing where it cannot be read.
    pub(super) event: Option<Envelope>,
}

impl Arrival {
    /// Reads what has come by a topic.
    #[must_use]
    pub fn read(topic: &Topic, ordering: Ordering, bytes: Vec<u8>) -> Self {
        let Ok(event) = Envelope::as_written(&bytes) else {
            return Self { received: Received::unreadable(topic.name(), &bytes), event: None };
        };
        // What nobody looks at when an event is read need not be text.
        let body = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let received = match (Marker::of(&event), ordering) {
            (Some(marker), _) => marker.received(&event, body),
            (None, Ordering::Sequences) if planted::is(Bug::NoOrder) => Received::alone(&event, body),
            (None, Ordering::Sequences) => Received::in_sequence(&event, body),
            (None, Ordering::Alone) => Received::alone(&event, body),
        };
        Self { received, event: Some(event) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Sources;

    #[test]
    fn what_comes_is_read_and_kept_even_if_not_all_of_it_is_text() {
        let topic = Topic::events("notes");
        let event = Envelope::of_nothing("notes", "Note", "a".to_owned(), 7.into(), &Sources::system());
        let text = event.to_json().replacen('{', "{\"unknown\":\"?\",", 1);
        let bytes: Vec<u8> = text.bytes().map(|byte| if byte == b'?' { 0xff } else { byte }).collect();
        let Arrival { received, event: whole } = Arrival::read(&topic, Ordering::Sequences, bytes.clone());
        assert_eq!(received.body, text.replace('?', "\u{fffd}"));
        assert_eq!(whole, Some(event));
        let Arrival { received, event: part } =
            Arrival::read(&topic, Ordering::Sequences, bytes[1..].to_vec());
        assert!(received.sequence.is_unreadable() && part.is_none());
    }
}
