//! The CloudEvent in JSON: what travels, and what an inbox reads.
//!
//! CloudEvents 1.0 in structured mode, with extension attributes `seq`, `schemaversion`, `sagaid`,
//! `causationid` and (of the Distributed Tracing extension) `traceparent`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Event, Touch, lift};
use crate::{changes::place, idempotency::Command, sources::Sources};

/// What a source's path begins with.
const SOURCE: &str = "/library/";

/// An event on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    specversion: String,
    /// A `UUIDv7`.
    pub id: String,
    /// `/library/` and the service.
    source: String,
    /// `library.`, the service, and what happened.
    #[serde(rename = "type")]
    kind: String,
    /// The aggregate's identifier.
    pub subject: String,
    /// When it happened by its service's clock, in RFC 3339.
    pub time: String,
    datacontenttype: String,
    /// 1, 2, 3 … in each aggregate, without a gap.
    pub seq: i64,
    /// The version of the data: that of its type as it is written now, in what was [read](Self::parse).
    pub schemaversion: i32,
    /// The saga in which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sagaid: Option<String>,
    /// The message that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causationid: Option<String>,
    /// The trace in which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// What happened to what.
    pub data: Payload,
}

/// An event's own data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// The aggregate's type.
    pub aggregate: String,
    /// The aggregate as it is after the event, or what is left of it.
    pub state: Value,
    /// Whether this is the aggregate's end.
    #[serde(default)]
    pub deleted: bool,
    /// Every entity whose fields the change touches.
    #[serde(default)]
    pub touches: Vec<Touch>,
}

/// Bytes that are no event of the library.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The bytes are no CloudEvent in JSON.
    #[error("it is no CloudEvent in JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// An attribute has a value that no event of the library has.
    #[error("its attribute `{attribute}` is {value:?}")]
    Attribute {
        /// The attribute.
        attribute: &'static str,
        /// What it says.
        value: String,
    },
    /// It was written by a newer release.
    #[error("it is version {version} of {kind}, and version {newest} is the newest that is known here")]
    Newer {
        /// Its type.
        kind: String,
        /// The version that it is.
        version: i32,
        /// The newest that is known.
        newest: i32,
    },
    /// It lacks what its version has.
    #[error("version {from} of {kind} cannot be brought to version {}: {reason}", from + 1)]
    Lift {
        /// Its type.
        kind: String,
        /// The version on the way.
        from: i32,
        /// What it lacks.
        reason: String,
    },
}

impl Unreadable {
    /// Whether a newer release of this program can read it.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::Newer { .. })
    }
}

impl Envelope {
    /// The event of a command, with its number in its aggregate.
    pub(super) fn new(event: &Event, seq: i64, command: &Command) -> Self {
        let kind = format!("library.{}.{}", event.service, event.kind);
        Self {
            specversion: "1.0".to_owned(),
            id: command.sources.ids.next_id().to_string(),
            source: format!("{SOURCE}{}", event.service),
            subject: event.aggregate_id.clone(),
            time: timestamp(command.now_ms),
            datacontenttype: "application/json".to_owned(),
            seq,
            schemaversion: lift::newest(&kind),
            kind,
            sagaid: command.cause.saga.clone(),
            causationid: command.cause.message.clone(),
            traceparent: command.traceparent.clone(),
            data: Payload {
                aggregate: event.aggregate_type.to_owned(),
                state: event.data.clone(),
                deleted: event.deleted,
                touches: event.touches.clone(),
            },
        }
    }

    /// An envelope for what concerns no aggregate, so that it has no number either.
    pub(crate) fn of_nothing(
        service: &str,
        aggregate: &str,
        subject: String,
        state: Value,
        sources: &Sources,
    ) -> Self {
        Self {
            specversion: "1.0".to_owned(),
            id: sources.ids.next_id().to_string(),
            source: format!("{SOURCE}{service}"),
            kind: format!("library.{service}.{aggregate}"),
            subject,
            time: timestamp(sources.clock.now_ms()),
            datacontenttype: "application/json".to_owned(),
            seq: 1,
            schemaversion: 1,
            sagaid: None,
            causationid: None,
            traceparent: None,
            data: Payload { aggregate: aggregate.to_owned(), state, deleted: false, touches: Vec::new() },
        }
    }

    /// Its type: `library.`, the service, and what happened.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Reads an event, and says what is wrong with it. One of an older version is brought to what its type says now.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        Self::as_written(bytes)?.lifted()
    }

    /// What was read [as it was written](Self::as_written), brought to what its type says now.
    pub(crate) fn lifted(mut self) -> Result<Self, Unreadable> {
        self.schemaversion = lift::lift(&self.kind, self.schemaversion, &mut self.data)?;
        Ok(self)
    }

    /// The same in the version in which it was written, for whoever passes it on.
    pub(crate) fn as_written(bytes: &[u8]) -> Result<Self, Unreadable> {
        let read: Self = serde_json::from_slice(bytes)?;
        let wrong = |attribute, value: &str| Unreadable::Attribute { attribute, value: value.to_owned() };
        if read.specversion != "1.0" {
            return Err(wrong("specversion", &read.specversion));
        }
        if read.source.strip_prefix(SOURCE).is_none_or(str::is_empty) {
            return Err(wrong("source", &read.source));
        }
        if !read.kind.starts_with(&format!("library.{}.", read.service())) {
            return Err(wrong("type", &read.kind));
        }
        // No engine keeps every control character in a key.
        let keys = [("id", &read.id), ("subject", &read.subject), ("data.aggregate", &read.data.aggregate)];
        if let Some((attribute, value)) = keys.into_iter().find(|(_, key)| key.contains(char::is_control)) {
            return Err(wrong(attribute, value));
        }
        let numbers = [("seq", read.seq), ("schemaversion", read.schemaversion.into())];
        if let Some((attribute, value)) = numbers.into_iter().find(|(_, number)| *number < 1) {
            return Err(wrong(attribute, &value.to_string()));
        }
        Ok(read)
    }

    /// The service that said it.
    #[must_use]
    pub fn service(&self) -> &str {
        self.source.strip_prefix(SOURCE).unwrap_or(&self.source)
    }

    /// What happened, such as `BookCatalogued`.
    #[must_use]
    pub fn what(&self) -> &str {
        self.kind.rsplit('.').next().unwrap_or(&self.kind)
    }

    /// The sequence that it belongs to within its service: the aggregate's type and identifier.
    #[must_use]
    pub fn stream(&self) -> String {
        place(&self.data.aggregate, &self.subject)
    }

    /// The event in JSON.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an event has text keys only")
    }
}

/// An instant in ms as RFC 3339.
fn timestamp(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"specversion":"1.0","id":"e1","source":"/library/books","type":"library.books.BookChanged",
        "subject":"978","time":"2026-01-01T00:00:00Z","datacontenttype":"application/json","seq":3,"schemaversion":1,
        "data":{"aggregate":"Book","state":{}}}"#;

    #[test]
    fn an_event_names_its_service_and_its_sequence() {
        let event = Envelope::parse(EVENT.as_bytes()).unwrap();
        assert_eq!((event.service(), event.what()), ("books", "BookChanged"));
        assert_eq!((event.stream().as_str(), event.seq, event.data.deleted), ("Book/978", 3, false));
    }

    #[test]
    fn what_is_wrong_with_an_event_is_named() {
        for (from, to, said) in [
            ("\"seq\":3", "\"seq\":0", "`seq` is \"0\""),
            ("\"seq\":3,", "", "missing field `seq`"),
            ("\"schemaversion\":1", "\"schemaversion\":0", "`schemaversion` is \"0\""),
            ("\"schemaversion\":1", "\"schemaversion\":9", "it is version 9 of library.books.BookChanged"),
            ("/library/books", "/library/", "`source` is \"/library/\""),
            ("library.books.B", "library.genres.B", "`type` is \"library.genres.BookChanged\""),
            ("\"e1\"", "\"e\\u00001\"", "`id` is \"e\\01\""),
            ("\"1.0\"", "\"0.3\"", "`specversion` is \"0.3\""),
        ] {
            let error = Envelope::parse(EVENT.replace(from, to).as_bytes()).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
