//! The dead letters of all services, as one list.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use lms_kit::{
    Problem, Refusal,
    inbox::DeadLetter,
    page::{Cursor, Page, Window},
    watch::{LetterKey, PeerError, Peers},
};
use serde::{Deserialize, Serialize};

/// A letter, and where it lies.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    /// Identifies it among those of all services.
    pub(crate) id: LetterId,
    /// What it is.
    pub(crate) letter: DeadLetter,
}

/// Which letter of which service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LetterId {
    /// The service.
    pub(crate) service: String,
    /// The letter there.
    #[serde(flatten)]
    pub(crate) key: LetterKey,
}

impl LetterId {
    /// As clients hold it.
    pub(crate) fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::json!(self).to_string())
    }

    /// What a client holds.
    pub(crate) fn decode(text: &str) -> Result<Self, Problem> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let id = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        id.ok_or_else(|| {
            Problem::invalid(&["id"], "the id of a dead letter", "it is the id of something else")
        })
    }
}

/// A page of the letters of all services, and who does not tell.
pub(crate) struct Found {
    /// The letters.
    pub(crate) page: Page<Letter>,
    /// The services that do not answer.
    pub(crate) away: Vec<String>,
    /// The services that have more letters than they give out at once.
    pub(crate) more_in: Vec<String>,
}

/// The letters of all services or of one, the oldest events first.
pub(crate) async fn find(peers: &Peers, service: Option<&str>, window: &Window) -> Found {
    let answers = peers.dead_letters(service).await;
    let (mut all, mut away, mut more_in) = (Vec::new(), Vec::new(), Vec::new());
    for (service, answer) in answers {
        match answer {
            Ok(letters) => {
                more_in.extend(letters.more.then(|| service.to_owned()));
                all.extend(letters.letters.into_iter().map(|letter| entry(service, letter)));
            }
            Err(error) => {
                tracing::warn!(service, %error, "a service does not tell its dead letters");
                away.push(service.to_owned());
            }
        }
    }
    all.sort_by(|(one, _), (other, _)| place(one).cmp(&place(other)));
    Found { page: Page::from_walk(window, walk(all, window)), away, more_in }
}

fn entry(service: &str, letter: DeadLetter) -> (Cursor, Letter) {
    let id = LetterId { service: service.to_owned(), key: letter.key() };
    (Cursor::new(letter.event_id.as_str(), id.encode()), Letter { id, letter })
}

fn place(cursor: &Cursor) -> (&lms_kit::page::SortKey, &lms_kit::page::SortKey) {
    (&cursor.sort, &cursor.id)
}

/// The part of a sorted list that a window asks for, in its direction, one entry longer if there is one.
fn walk(mut all: Vec<(Cursor, Letter)>, window: &Window) -> Vec<(Cursor, Letter)> {
    all.retain(|(cursor, _)| {
        let is_after = window.after.as_ref().is_none_or(|after| place(cursor) > place(after));
        is_after && window.before.as_ref().is_none_or(|before| place(cursor) < place(before))
    });
    if window.from_end {
        all.reverse();
    }
    all.truncate(usize::try_from(window.limit).unwrap_or(usize::MAX).saturating_add(1));
    all
}

/// What is to be done about a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) enum Mend {
    /// It is to be tried again, with this body if one is given.
    Replay(Option<String>),
    /// It is to be left out.
    Discard,
}

/// Has a letter's service do something about it.
pub(crate) async fn mend(peers: &Peers, id: &LetterId, how: &Mend) -> Result<(), Refusal> {
    let LetterId { service, key } = id;
    let unknown = || Problem::not_found(&["id"], format!("no service `{service}` is known here"));
    let peer = peers.get(service).ok_or_else(unknown)?;
    let done = match how {
        Mend::Replay(body) => peer.replay(key, body.as_deref()).await,
        Mend::Discard => peer.discard(key).await,
    };
    Ok(done.map_err(|error| away(service, &error))??)
}

fn away(service: &str, error: &PeerError) -> Problem {
    tracing::warn!(service, %error, "a dead letter cannot be mended now");
    let message =
        format!("`{service}` does not answer: look whether its letter is still there, and try again");
    Problem::Unavailable { message, path: vec!["id".to_owned()], retry_after: 2 }
}
