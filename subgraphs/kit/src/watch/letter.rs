//! Dead letters on their way between services.

use serde::{Deserialize, Serialize};

use crate::{
    bus::{MessageKind, Topic},
    event::Envelope,
    inbox::{DeadLetter, SequenceKey},
    problem::Problem,
};

/// Which letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LetterKey {
    /// Who could not apply it.
    pub consumer: String,
    /// Its sequence.
    pub sequence: SequenceKey,
    /// Its number there: of two letters of one sequence, one after the other, only one is meant.
    pub seq: i64,
}

/// A letter that is to be tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Which.
    pub letter: LetterKey,
    /// What takes the place of its body.
    pub body: Option<String>,
}

/// What became of a wish to mend.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Mended {
    /// Why nothing was done.
    pub(crate) problem: Option<Problem>,
}

impl DeadLetter {
    /// Which letter this is.
    #[must_use]
    pub fn key(&self) -> LetterKey {
        LetterKey { consumer: self.consumer.clone(), sequence: self.sequence.clone(), seq: self.seq }
    }
}

/// An edited body must be the event that the letter is: another would be applied in its place, out of its order.
pub(crate) fn check_edited(letter: &LetterKey, body: &str) -> Result<Envelope, Problem> {
    let wrong = |message: String| Problem::invalid(&["body"], "the letter's own event, readable", message);
    let event = Envelope::as_written(body.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    let SequenceKey { source, stream } = &letter.sequence;
    // What could not be read at first says only now what it is.
    if letter.sequence.is_unreadable() {
        return check_speaker(source, event).map_err(wrong);
    }
    // A command is a sequence of its own.
    let own = format!("{}/{}", event.data.aggregate, event.id);
    let is_same = (event.stream() == *stream && event.seq == letter.seq) || own == *stream;
    if event.service() == source && is_same {
        return Ok(event);
    }
    let (is, number) = (event.stream(), event.seq);
    Err(wrong(format!(
        "it is number {number} of {is} of {}, not {} of {stream}",
        event.service(),
        letter.seq
    )))
}

/// On a topic of events only one service speaks.
fn check_speaker(topic: &str, event: Envelope) -> Result<Envelope, String> {
    let owner = topic.split('.').next().unwrap_or(topic);
    let may_be_anybodys = Topic::named(topic).kind() != MessageKind::Events;
    if may_be_anybodys || event.service() == owner {
        return Ok(event);
    }
    Err(format!("it is an event of {}, and came from {owner}", event.service()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(stream: &str, seq: i64) -> LetterKey {
        let sequence = SequenceKey { source: "books".into(), stream: stream.into() };
        LetterKey { consumer: "ear".into(), sequence, seq }
    }

    #[test]
    fn an_edited_body_is_still_the_letters_event() {
        let body = r#"{"specversion":"1.0","id":"e1","source":"/library/books","type":"library.books.Changed",
            "subject":"978","time":"2026-01-01T00:00:00Z","datacontenttype":"application/json","seq":3,"schemaversion":1,
            "data":{"aggregate":"Book","state":{}}}"#;
        let unreadable = |topic: &str| LetterKey {
            sequence: SequenceKey { source: topic.into(), stream: "unreadable/00".into() },
            ..letter("", 1)
        };
        let by_topic = unreadable("books.events");
        for same in [letter("Book/978", 3), letter("Book/e1", 1), by_topic, unreadable("sagas.commands")] {
            assert!(check_edited(&same, body).is_ok(), "{same:?}");
        }
        let others = unreadable("genres.events");
        for other in [letter("Book/979", 3), letter("Book/978", 4), letter("Genre/978", 3), others] {
            assert!(check_edited(&other, body).is_err(), "{other:?}");
        }
        assert!(check_edited(&letter("unreadable/00", 1), "{").is_err(), "it is dead again at once");
    }
}
