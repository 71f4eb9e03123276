//! Events: what a change says to the rest of the library.
//!
//! [`Event`] is what a service says, [`Envelope`] is the CloudEvent that it becomes, and [`OutboxRow`] is how
//! that waits until it has left. Whoever reads one reads it as its type is written now ([`lift`]).

mod envelope;
mod lift;
mod row;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::node;

pub use envelope::{Envelope, Payload, Unreadable};
pub use row::OutboxRow;

/// An entity whose fields a change touches: caches drop what they hold of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// The entity's type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// All of its keys, old and new, each as `{field: value}`.
    pub keys: Vec<Value>,
    /// The subgraph whose fields changed.
    pub subgraph: String,
}

impl Touch {
    /// An entity by one of its keys, and by its identifier in the whole graph. Further keys can be added.
    #[must_use]
    pub fn new(type_name: &str, (field, key): (&str, &str), subgraph: &str) -> Self {
        let global = node::global(type_name, key);
        // A key that is called `id` is the identifier: what it is in the database is nobody else's business.
        let own = if field == "id" { json!({ "id": global }) } else { json!({ field: key }) };
        let keys = vec![own, json!({ "nodeKey": global })];
        Self { type_name: type_name.to_owned(), keys, subgraph: subgraph.to_owned() }
    }
}

/// What happened to one aggregate.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The service.
    pub service: &'static str,
    /// The aggregate's type, such as `Genre`.
    pub aggregate_type: &'static str,
    /// The aggregate's identifier: the partition key of its events.
    pub aggregate_id: String,
    /// What happened, such as `GenreRenamed`.
    pub kind: &'static str,
    /// The aggregate as it is now, or what is left of it. It holds no credential.
    pub data: Value,
    /// Whether this is the end of the aggregate: a tombstone.
    pub deleted: bool,
    /// Every entity whose fields the change touches.
    pub touches: Vec<Touch>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Touch;
    use crate::node::global;

    #[test]
    fn a_touch_names_an_entity_as_the_graph_knows_it_and_never_by_what_its_database_calls_it() {
        let book = Touch::new("Book", ("isbn", "9780306406157"), "lendings");
        assert_eq!(
            book.keys,
            [json!({ "isbn": "9780306406157" }), json!({ "nodeKey": global("Book", "9780306406157") })]
        );
        let genre = Touch::new("Genre", ("id", "018f"), "genres");
        assert_eq!(
            genre.keys,
            [json!({ "id": global("Genre", "018f") }), json!({ "nodeKey": global("Genre", "018f") })]
        );
    }
}
