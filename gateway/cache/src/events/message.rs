//! A message: a CloudEvent in JSON whose data names what it touches.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

/// An entity whose fields in one subgraph have changed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Touch {
    /// The `__typename` of its representations.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its keys, each as `{field: value}`, old and new, all by which it is looked up there. None: all entities of the type.
    #[serde(default)]
    pub keys: Vec<Map<String, Value>>,
    /// The subgraph.
    pub subgraph: String,
}

/// What was said of one change.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    id: String,
    source: String,
    time: Option<String>,
    #[serde(default)]
    data: Data,
}

#[derive(Debug, Default, Deserialize)]
struct Data {
    #[serde(default)]
    touches: Vec<Touch>,
}

impl Message {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// What no other message is called: an identifier is only its source's own.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.source, self.id)
    }

    pub(crate) fn touches(&self) -> &[Touch] {
        &self.data.touches
    }

    /// How many milliseconds ago it was said, by both clocks.
    pub(crate) fn age(&self) -> Option<i64> {
        let said: Timestamp = self.time.as_ref()?.parse().ok()?;
        Some(Timestamp::now().as_millisecond() - said.as_millisecond())
    }
}
