//! Subscriptions over `multipart/mixed`
//! (<https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol>).
//!
//! A part ends where its JSON ends: many servers send the delimiter after it only with the next part.

use bytes::{Buf as _, Bytes, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Decoder, Found};

/// Decodes parts, each `{"payload": answer}`; an empty object only keeps the connection open.
pub(crate) struct Multipart {
    buffer: BytesMut,
    delimiter: Vec<u8>,
    /// How much of the buffer holds no beginning of what is looked for.
    searched: usize,
    /// Whether bytes came since the part's end was last looked for.
    fresh: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Up to the next delimiter.
    Between,
    /// In a part, before the empty line.
    Head,
    Body,
    Ended,
}

#[derive(Deserialize)]
struct Part<'p> {
    #[serde(borrow)]
    payload: Option<&'p RawValue>,
    #[serde(borrow)]
    errors: Option<&'p RawValue>,
    #[serde(borrow)]
    data: Option<&'p RawValue>,
}

impl Multipart {
    pub(crate) fn new(boundary: &str) -> Self {
        let delimiter = format!("--{boundary}").into_bytes();
        Self { buffer: BytesMut::new(), delimiter, searched: 0, fresh: false, state: State::Between }
    }

    /// Where `mark` is; what was searched in vain is not searched again.
    fn find(&mut self, mark: &[u8]) -> Option<usize> {
        let from = self.searched;
        let found = find(self.buffer.get(from..).unwrap_or_default(), mark).map(|at| from + at);
        if found.is_none() {
            self.searched = (self.buffer.len() + 1).saturating_sub(mark.len()).max(from);
        }
        found
    }

    fn advance(&mut self, count: usize, state: State) {
        self.buffer.advance(count);
        self.searched = 0;
        self.fresh = true;
        self.state = state;
    }

    /// Goes past a delimiter and the two bytes that say whether it is the last.
    fn pass_delimiter(&mut self) -> bool {
        let delimiter = self.delimiter.clone();
        let Some(at) = self.find(&delimiter) else { return false };
        let end = at + delimiter.len();
        let Some(mark) = self.buffer.get(end..end + 2) else { return false };
        let state = if mark == b"--" { State::Ended } else { State::Head };
        self.advance(end, state);
        true
    }

    fn pass_head(&mut self) -> bool {
        let Some(at) = self.find(b"\r\n\r\n") else { return false };
        self.advance(at + 4, State::Body);
        true
    }

    /// The part's text, once it is whole.
    fn body(&mut self) -> Option<Vec<u8>> {
        // On a line of its own: a text in the JSON may hold the same characters.
        let mark = [b"\r\n", self.delimiter.as_slice()].concat();
        let until = self.find(&mark);
        let end = until.unwrap_or(self.buffer.len());
        let text = self.buffer[..end].trim_ascii();
        let whole = until.is_some()
            || (std::mem::take(&mut self.fresh)
                && text.ends_with(b"}")
                && serde_json::from_slice::<&RawValue>(text).is_ok());
        let text = whole.then(|| text.to_vec())?;
        self.advance(end, State::Between);
        Some(text)
    }
}

impl Decoder for Multipart {
    fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.fresh = true;
    }

    fn next(&mut self) -> Option<Found> {
        loop {
            let moved = match self.state {
                State::Between => self.pass_delimiter(),
                State::Head => self.pass_head(),
                State::Body => {
                    let text = self.body()?;
                    if let Some(found) = answer(&text) {
                        return Some(found);
                    }
                    true
                }
                State::Ended => return Some(Found::End),
            };
            if !moved {
                return None;
            }
        }
    }

    fn waiting(&self) -> usize {
        self.buffer.len()
    }
}

/// The answer in a part. What cannot be read is an answer too: whoever reads it says what is wrong with it.
fn answer(text: &[u8]) -> Option<Found> {
    let Ok(part) = serde_json::from_slice::<Part<'_>>(text) else {
        return Some(Found::Answer(Bytes::copy_from_slice(text)));
    };
    match part {
        Part { payload: Some(payload), .. } if payload.get() != "null" => {
            Some(Found::Answer(Bytes::copy_from_slice(payload.get().as_bytes())))
        }
        Part { errors: None, data: None, .. } => None,
        // Errors of the stream itself, or an answer without an envelope.
        _ => Some(Found::Answer(Bytes::copy_from_slice(text))),
    }
}

fn find(text: &[u8], mark: &[u8]) -> Option<usize> {
    text.windows(mark.len()).position(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::{Decoder, Found, Multipart};

    #[test]
    fn parts_are_found_wherever_the_bytes_are_cut() {
        let text = b"preamble\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{\"payload\":{\"data\":{\"n\":1}}}\r\n\
            --graphql\r\ncontent-type: application/json\r\n\r\n{}\r\n\
            --graphql\r\n\r\n{\"data\":{\"n\":2}}\r\n\
            --graphql\r\n\r\n{\"payload\":null,\"errors\":[{\"message\":\"x\"}]}\r\n--graphql--\r\n";
        let expected: Vec<_> = ["{\"data\":{\"n\":1}}", "{\"data\":{\"n\":2}}"]
            .into_iter()
            .chain(["{\"payload\":null,\"errors\":[{\"message\":\"x\"}]}"])
            .map(|text| Found::Answer(text.as_bytes().into()))
            .collect();
        for size in 1..=text.len() {
            let mut parts = Multipart::new("graphql");
            let mut found = Vec::new();
            for piece in text.chunks(size) {
                parts.feed(piece);
                while let Some(next) = parts.next().filter(|next| *next != Found::End) {
                    found.push(next);
                }
            }
            assert_eq!(found, expected, "in pieces of {size}");
            assert_eq!(parts.next(), Some(Found::End));
        }
    }

    #[test]
    fn a_part_is_given_before_the_next_delimiter_is_there() {
        let mut parts = Multipart::new("-");
        parts.feed(b"---\r\nContent-Type: application/json\r\n\r\n{\"payload\":{\"data\":{}}}\r\n");
        assert_eq!(parts.next(), Some(Found::Answer(b"{\"data\":{}}".as_slice().into())));
        assert_eq!(parts.next(), None);
        parts.feed(b"-----\r\n");
        assert_eq!(parts.next(), Some(Found::End));
    }
}
