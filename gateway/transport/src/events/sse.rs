//! Server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>) as GraphQL
//! uses them (<https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>, "distinct connections").

use bytes::{Buf as _, BytesMut};

use super::{Decoder, Found};

/// Decodes a stream of `next` and `complete`.
#[derive(Default)]
pub(crate) struct Sse {
    buffer: BytesMut,
    /// How much of the buffer holds no end of a line.
    searched: usize,
    /// The event's lines so far.
    name: String,
    data: Option<Vec<u8>>,
    /// The last line ended with a carriage return: a line feed after it is a part of that end.
    after_return: bool,
}

impl Sse {
    /// The next whole line, without its end.
    fn line(&mut self) -> Option<BytesMut> {
        if self.after_return && self.buffer.first() == Some(&b'\n') {
            self.buffer.advance(1);
        }
        let rest = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(at) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            self.searched = self.buffer.len();
            return None;
        };
        let end = std::mem::take(&mut self.searched) + at;
        self.after_return = self.buffer[end] == b'\r';
        let mut line = self.buffer.split_to(end + 1);
        line.truncate(end);
        Some(line)
    }

    fn take_field(&mut self, line: &[u8]) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            b"data" => match &mut self.data {
                None => self.data = Some(value.to_vec()),
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
            },
            // Comments keep the connection open; other fields mean nothing here.
            _ => {}
        }
    }

    /// What an event means, once an empty line has ended it.
    fn event(&mut self) -> Option<Found> {
        let data = self.data.take();
        match std::mem::take(&mut self.name).as_str() {
            "complete" => Some(Found::End),
            "next" | "" | "message" => {
                data.filter(|data| !data.is_empty()).map(|data| Found::Answer(data.into()))
            }
            _ => None,
        }
    }
}

impl Decoder for Sse {
    fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    fn next(&mut self) -> Option<Found> {
        while let Some(line) = self.line() {
            if !line.is_empty() {
                self.take_field(&line);
            } else if let Some(found) = self.event() {
                return Some(found);
            }
        }
        None
    }

    fn waiting(&self) -> usize {
        self.buffer.len() + self.data.as_ref().map_or(0, Vec::len)
    }
}

#[cfg(test)]
mod tests {
    use super::{Decoder, Found, Sse};

    #[test]
    fn events_are_found_wherever_the_bytes_are_cut() {
        let text = b": hello\n\nevent: next\ndata: {\"data\":\ndata:{\"n\":1}}\n\ndata: {\"n\":2}\r\n\r\n\
            event: ping\ndata: x\n\nevent: next\rdata: {\"n\":3}\r\revent: complete\ndata:\n\n";
        let expected = [
            Found::Answer(b"{\"data\":\n{\"n\":1}}".as_slice().into()),
            Found::Answer(b"{\"n\":2}".as_slice().into()),
            Found::Answer(b"{\"n\":3}".as_slice().into()),
            Found::End,
        ];
        for size in 1..=text.len() {
            let mut sse = Sse::default();
            let mut found = Vec::new();
            for piece in text.chunks(size) {
                sse.feed(piece);
                found.extend(std::iter::from_fn(|| sse.next()));
            }
            assert_eq!(found, expected, "in pieces of {size}");
        }
    }
}
