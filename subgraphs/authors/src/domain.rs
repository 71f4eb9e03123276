//! What an author is, and the rules it keeps.

use lms_kit::{
    Problem,
    event::{Event, Touch},
    patch::Patch,
    text::{self, TextRule},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::NAME;

/// An author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Author {
    #[serde(rename = "authorNumber")]
    pub(crate) number: i64,
    pub(crate) name: String,
    pub(crate) bio: String,
    pub(crate) photo: Option<String>,
    #[serde(default)]
    pub(crate) state: State,
    pub(crate) version: i32,
}

/// Whether an author is in use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum State {
    /// A saga is about to bring it into use.
    Pending,
    #[default]
    Active,
}

/// What a client gives of an author, as it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct GivenProfile {
    pub(crate) name: String,
    pub(crate) bio: String,
    pub(crate) photo: Option<String>,
}

/// What a client changes of an author, as it came: what is not given stays.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct GivenChanges {
    pub(crate) name: Option<String>,
    pub(crate) bio: Option<String>,
    pub(crate) photo: Patch<String>,
}

/// What a client says of an author, keeping the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    name: String,
    bio: String,
    photo: Option<String>,
}

/// What a client changes of an author, keeping the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changes {
    name: Option<String>,
    bio: Option<String>,
    photo: Patch<String>,
}

const NAME_RULE: TextRule = TextRule { field: "name", min: 1, max: 150 };
const BIO_RULE: TextRule = TextRule { field: "bio", min: 1, max: 4096 };
const PHOTO_RULE: TextRule = TextRule { field: "photo", min: 1, max: 2048 };

impl GivenProfile {
    /// The profile, or each rule that it breaks.
    pub(crate) fn check(&self) -> Result<Profile, Vec<Problem>> {
        let photo = self.photo.as_deref().map(check_photo).transpose();
        match (NAME_RULE.check(&self.name), BIO_RULE.check(&self.bio), photo) {
            (Ok(name), Ok(bio), Ok(photo)) => Ok(Profile { name, bio, photo }),
            (name, bio, photo) => Err([name.err(), bio.err(), photo.err()].into_iter().flatten().collect()),
        }
    }
}

impl GivenChanges {
    /// The changes, or each rule that they break.
    pub(crate) fn check(&self) -> Result<Changes, Vec<Problem>> {
        let name = self.name.as_deref().map(|name| NAME_RULE.check(name)).transpose();
        let bio = self.bio.as_deref().map(|bio| BIO_RULE.check(bio)).transpose();
        let photo = self.photo.check(|url| check_photo(url));
        match (name, bio, photo) {
            (Ok(name), Ok(bio), Ok(photo)) => Ok(Changes { name, bio, photo }),
            (name, bio, photo) => Err([name.err(), bio.err(), photo.err()].into_iter().flatten().collect()),
        }
    }
}

fn check_photo(url: &str) -> Result<String, Problem> {
    let url = PHOTO_RULE.check(url)?;
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
        && !url.contains(char::is_whitespace)
    {
        return Ok(url);
    }
    Err(Problem::invalid(&["photo"], "an http or https URL", "photo is no http or https URL"))
}

/// The number that a client's text stands for; another spelling of a number is another text.
pub(crate) fn number(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|number| number.to_string() == text)
}

/// There is no author with this number.
pub(crate) fn no_author(author_number: &str) -> Problem {
    Problem::not_found(&["authorNumber"], format!("there is no author {author_number}"))
}

impl Author {
    pub(crate) fn new(number: i64, profile: Profile) -> Self {
        let Profile { name, bio, photo } = profile;
        Self { number, name, bio, photo, state: State::Active, version: 1 }
    }

    /// One that a saga is about to bring into use.
    pub(crate) fn proposed(number: i64, profile: Profile) -> Self {
        Self { state: State::Pending, ..Self::new(number, profile) }
    }

    pub(crate) fn activated(self) -> Self {
        Self { state: State::Active, ..self }
    }

    pub(crate) fn updated(self, changes: Changes) -> Self {
        Self {
            number: self.number,
            name: changes.name.unwrap_or(self.name),
            bio: changes.bio.unwrap_or(self.bio),
            photo: changes.photo.apply(self.photo),
            state: self.state,
            version: self.version + 1,
        }
    }

    /// The key by which authors sort and match.
    pub(crate) fn name_key(&self) -> String {
        text::key(&self.name)
    }

    pub(crate) fn event(&self, kind: &'static str) -> Event {
        let id = self.number.to_string();
        let touch = Touch::new("Author", ("authorNumber", &id), NAME);
        Event {
            service: NAME,
            aggregate_type: "Author",
            aggregate_id: id,
            kind,
            data: json!(self),
            deleted: matches!(kind, "AuthorDeleted" | "AuthorDiscarded"),
            touches: vec![touch],
        }
    }
}
