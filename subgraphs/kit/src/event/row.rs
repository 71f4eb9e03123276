//! An event while it waits: a row, or an element of a document's outbox.

use serde::{Deserialize, Serialize};

use super::{Envelope, Event};
use crate::{bus::Topic, idempotency::Command};

/// An event in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// A `UUIDv7`.
    pub event_id: String,
    /// The aggregate's type.
    pub aggregate_type: String,
    /// The aggregate's identifier.
    pub aggregate_id: String,
    /// 1, 2, 3 … in each aggregate, without a gap.
    pub seq: i64,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of the data's format.
    pub schema_version: i32,
    /// The event in JSON.
    pub body: String,
    /// The trace in which it happened.
    pub traceparent: Option<String>,
    /// When by the service's clock, in ms.
    pub created_at: i64,
    /// Where it goes, if not to the service's own topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
}

impl OutboxRow {
    /// The row of an event: number `seq` of its aggregate, caused by `command`.
    #[must_use]
    pub fn new(event: &Event, seq: i64, command: &Command) -> Self {
        let envelope = Envelope::new(event, seq, command);
        Self {
            body: envelope.to_json(),
            event_id: envelope.id,
            aggregate_type: event.aggregate_type.to_owned(),
            aggregate_id: event.aggregate_id.clone(),
            seq,
            kind: event.kind.to_owned(),
            schema_version: envelope.schemaversion,
            traceparent: command.traceparent.clone(),
            created_at: command.now_ms,
            topic: None,
        }
    }

    /// The event in JSON before its number, and after it.
    pub(crate) fn around_number(&self) -> (String, String) {
        // Before it are texts only, in which a quote is never bare.
        let name = "\"seq\":";
        let (before, rest) = self.body.split_once(name).expect("an envelope has a number");
        let after = rest.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit());
        (format!("{before}{name}"), after.to_owned())
    }

    /// The same row, for another topic than the service's own.
    #[must_use]
    pub fn to(mut self, topic: &Topic) -> Self {
        self.topic = Some(topic.name().to_owned());
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sources::Sources;

    #[test]
    fn an_event_can_be_put_together_around_its_number() {
        let id = r#"","seq":7,"seq":"#;
        let event = Event {
            service: "notes",
            aggregate_type: "Note",
            aggregate_id: id.to_owned(),
            kind: "NoteWritten",
            data: json!({ "seq": 9 }),
            deleted: false,
            touches: Vec::new(),
        };
        let command = Command::of_saga("none", None, &Sources::system());
        let row = OutboxRow::new(&event, 0, &command);
        let (before, after) = row.around_number();
        let read = Envelope::parse(format!("{before}12{after}").as_bytes()).unwrap();
        assert_eq!((read.seq, read.subject.as_str(), &read.data.state), (12, id, &event.data));
    }
}
