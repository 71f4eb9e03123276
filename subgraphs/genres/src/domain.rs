//! What a genre is, and the rules it keeps.

use lms_kit::{
    Problem,
    event::{Event, Touch},
    text::{self, TextRule},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::NAME;

/// A genre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Genre {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: State,
    pub(crate) version: i32,
}

/// Whether a genre is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum State {
    /// A saga is about to bring it into use.
    Pending,
    Active,
}

/// A name that keeps the rule: 1 to 64 characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GenreName {
    pub(crate) text: String,
    /// Names are unique by this key.
    pub(crate) key: String,
}

impl GenreName {
    pub(crate) fn new(text: &str) -> Result<Self, Problem> {
        let text = TextRule { field: "name", min: 1, max: 64 }.check(text)?;
        Ok(Self { key: text::key(&text), text })
    }

    pub(crate) fn taken(&self) -> Problem {
        Problem::duplicate(&["name"], format!("there is a genre named {} already", self.text))
    }
}

/// There is no genre with this id.
pub(crate) fn no_genre(id: &str) -> Problem {
    Problem::not_found(&["id"], format!("there is no genre {id}"))
}

impl Genre {
    pub(crate) fn new(id: String, name: &GenreName) -> Self {
        Self { id, name: name.text.clone(), state: State::Active, version: 1 }
    }

    /// One that a saga is about to bring into use.
    pub(crate) fn proposed(id: String, name: &GenreName) -> Self {
        Self { state: State::Pending, ..Self::new(id, name) }
    }

    pub(crate) fn activated(self) -> Self {
        Self { state: State::Active, ..self }
    }

    pub(crate) fn renamed(&self, name: &GenreName) -> Self {
        Self { name: name.text.clone(), version: self.version + 1, ..self.clone() }
    }

    pub(crate) fn created(&self) -> Event {
        self.event("GenreCreated", &self.name)
    }

    pub(crate) fn was_renamed(&self, old_name: &str) -> Event {
        self.event("GenreRenamed", old_name)
    }

    pub(crate) fn deleted(&self) -> Event {
        Event { deleted: true, ..self.event("GenreDeleted", &self.name) }
    }

    pub(crate) fn was_proposed(&self) -> Event {
        self.event("GenreProposed", &self.name)
    }

    pub(crate) fn was_activated(&self) -> Event {
        self.event("GenreActivated", &self.name)
    }

    pub(crate) fn was_discarded(&self) -> Event {
        Event { deleted: true, ..self.event("GenreDiscarded", &self.name) }
    }

    fn event(&self, kind: &'static str, old_name: &str) -> Event {
        let mut touch = Touch::new("Genre", ("id", &self.id), NAME);
        touch.keys.push(json!({ "name": self.name }));
        if old_name != self.name {
            touch.keys.push(json!({ "name": old_name }));
        }
        Event {
            service: NAME,
            aggregate_type: "Genre",
            aggregate_id: self.id.clone(),
            kind,
            data: json!(self),
            deleted: false,
            touches: vec![touch],
        }
    }
}
