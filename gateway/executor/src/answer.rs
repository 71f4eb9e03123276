//! A subgraph's answer as a whole: `data` read into rows, `errors` taken out, in whatever order they come.

use std::borrow::Cow;

use bytes::Bytes;
use octavo_query_plan::{EntityGroup, SelectionId};
use serde_json::{Map, Value};

use crate::arena::{Arena, RowId};
use crate::merge::merge_rows;
use crate::prepared::Prepared;
use crate::read::Reader;
use crate::represent::Representations;
use crate::scan::{Malformed, Span};

/// Where the parts of an answer go.
pub(crate) enum Wanted<'w> {
    /// The fields of a root type, for each of the rows.
    Root(Vec<RowId>, SelectionId),
    /// Entities, by group.
    Entities(&'w [Asked<'w>]),
}

/// The entities of one group that were asked for in one `_entities` field.
pub(crate) struct Asked<'w> {
    pub(crate) group: &'w EntityGroup,
    /// The group's place in its fetch.
    pub(crate) number: usize,
    pub(crate) all: &'w Representations<'w>,
    /// The values of arguments from contexts, by place in `all`.
    pub(crate) values: usize,
    /// Which copy of the group's field it is; the first stands in the plan's document.
    pub(crate) copy: usize,
    /// The field's response key.
    pub(crate) key: Cow<'w, str>,
    /// Those that were sent, in order.
    pub(crate) sent: Vec<usize>,
}

impl Asked<'_> {
    /// The rows of the entity that was sent at `index`.
    pub(crate) fn owners(&self, index: usize) -> &[RowId] {
        self.sent.get(index).map_or(&[], |&entity| &self.all.entities[entity].owners)
    }
}

/// What came beside the data.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) errors: Vec<UpstreamError>,
    /// For each group, the text of each entity; `None` for null.
    pub(crate) entities: Vec<Vec<Option<Span>>>,
}

/// An error of a subgraph.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UpstreamError {
    pub(crate) message: String,
    pub(crate) path: Vec<PathPart>,
    pub(crate) extensions: Map<String, Value>,
}

/// One step of an error's path, in the subgraph's response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PathPart {
    Key(String),
    Index(u64),
}

/// Reads an answer. If it is malformed, the arena is left as it was.
pub(crate) fn read_answer(
    prepared: &Prepared,
    arena: &mut Arena,
    body: &Bytes,
    service: &str,
    wanted: &Wanted<'_>,
) -> Result<Answer, Malformed> {
    arena.attempt(|arena| {
        let buffer = arena.add_buffer(body.clone());
        let mut reader = Reader::new(prepared, arena, (buffer, body), service)?;
        let answer = envelope(&mut reader, prepared, wanted)?;
        reader.scan.end()?;
        Ok(answer)
    })
}

/// Reads one object into its owners' rows: one that is the whole text, or the next value.
pub(crate) fn read_entity(
    prepared: &Prepared,
    reader: &mut Reader<'_, '_>,
    selection: SelectionId,
    owners: &[RowId],
) -> Result<(), Malformed> {
    if let [owner] = owners {
        return reader.object(*owner, selection);
    }
    let shape = prepared.selections[selection].shape;
    let copied = reader.arena.new_row(prepared, shape);
    reader.object(copied, selection)?;
    for &owner in owners {
        if reader.arena.is_full() {
            return Err(Malformed::Size);
        }
        merge_rows(prepared, reader.arena, shape, (owner, copied));
    }
    Ok(())
}

fn envelope(
    reader: &mut Reader<'_, '_>,
    prepared: &Prepared,
    wanted: &Wanted<'_>,
) -> Result<Answer, Malformed> {
    let (mut answer, mut data, mut errors) = (Answer::default(), None, None);
    reader.scan.expect(b'{').map_err(|_| Malformed::Envelope)?;
    let mut last = reader.scan.accept(b'}');
    while !last {
        match reader.scan.key()? {
            b"data" if data.is_some() => return Err(Malformed::DuplicateKey),
            b"errors" if errors.is_some() => return Err(Malformed::DuplicateKey),
            b"data" if reader.scan.peek() == b'n' => {
                reader.scan.value()?;
                data = Some(false);
            }
            b"data" => {
                answer.entities = read_data(reader, prepared, wanted)?;
                data = Some(true);
            }
            b"errors" => {
                let span = reader.scan.value()?;
                errors = Some(parse_errors(reader.scan.text(span))?);
            }
            _ => {
                reader.scan.value()?;
            }
        }
        last = reader.scan.accept(b'}');
        if !last {
            reader.scan.expect(b',')?;
        }
    }
    answer.errors = errors.unwrap_or_default();
    if data == Some(true) || !answer.errors.is_empty() { Ok(answer) } else { Err(Malformed::Envelope) }
}

fn read_data(
    reader: &mut Reader<'_, '_>,
    prepared: &Prepared,
    wanted: &Wanted<'_>,
) -> Result<Vec<Vec<Option<Span>>>, Malformed> {
    if reader.scan.peek() != b'{' {
        return Err(Malformed::Envelope);
    }
    match wanted {
        Wanted::Root(rows, selection) => {
            read_entity(prepared, reader, *selection, rows)?;
            Ok(Vec::new())
        }
        Wanted::Entities(asked) => read_groups(reader, prepared, asked),
    }
}

fn read_groups(
    reader: &mut Reader<'_, '_>,
    prepared: &Prepared,
    asked: &[Asked<'_>],
) -> Result<Vec<Vec<Option<Span>>>, Malformed> {
    let mut found: Vec<Option<Vec<Option<Span>>>> = asked.iter().map(|_| None).collect();
    let mut next = 0;
    reader.scan.expect(b'{')?;
    let mut last = reader.scan.accept(b'}');
    while !last {
        let key = reader.scan.key()?;
        // Subgraphs answer in the order in which they were asked.
        let is_asked = |asked: &&Asked<'_>| asked.key.as_bytes() == key;
        let group = match asked.get(next).filter(is_asked) {
            Some(_) => Some(next),
            None => asked.iter().position(|asked| is_asked(&asked)),
        };
        next += 1;
        match group {
            Some(group) if found[group].is_some() => return Err(Malformed::DuplicateKey),
            Some(group) if reader.scan.peek() == b'[' => {
                found[group] = Some(read_list(reader, prepared, &asked[group])?);
            }
            Some(_) if reader.scan.peek() != b'n' => return Err(Malformed::Envelope),
            _ => {
                reader.scan.value()?;
            }
        }
        last = reader.scan.accept(b'}');
        if !last {
            reader.scan.expect(b',')?;
        }
    }
    Ok(found.into_iter().map(Option::unwrap_or_default).collect())
}

fn read_list(
    reader: &mut Reader<'_, '_>,
    prepared: &Prepared,
    asked: &Asked<'_>,
) -> Result<Vec<Option<Span>>, Malformed> {
    let mut entities = Vec::with_capacity(asked.sent.len());
    reader.scan.expect(b'[')?;
    let mut last = reader.scan.accept(b']');
    while !last {
        let start = reader.scan.at();
        if entities.len() == asked.sent.len() {
            return Err(Malformed::EntityCount);
        }
        if reader.scan.peek() == b'n' {
            reader.scan.value()?;
            entities.push(None);
        } else {
            read_entity(prepared, reader, asked.group.selection, asked.owners(entities.len()))?;
            entities.push(Some(reader.scan.span_from(start)));
        }
        last = reader.scan.accept(b']');
        if !last {
            reader.scan.expect(b',')?;
        }
    }
    if entities.len() == asked.sent.len() { Ok(entities) } else { Err(Malformed::EntityCount) }
}

/// Takes errors as they come: what is no error is left out, and a message that is none has no text.
fn parse_errors(text: &[u8]) -> Result<Vec<UpstreamError>, Malformed> {
    let errors = match serde_json::from_slice(text).map_err(|_| Malformed::Envelope)? {
        Value::Null => Vec::new(),
        Value::Array(errors) => errors,
        _ => return Err(Malformed::Envelope),
    };
    errors.into_iter().map(parse_error).collect()
}

fn parse_error(error: Value) -> Result<UpstreamError, Malformed> {
    let Value::Object(mut error) = error else { return Err(Malformed::Envelope) };
    let message = match error.remove("message") {
        Some(Value::String(message)) => message,
        _ => "the subgraph reported an error without a message".to_owned(),
    };
    let path = match error.remove("path") {
        Some(Value::Array(path)) => path.into_iter().map_while(path_part).collect(),
        _ => Vec::new(),
    };
    let extensions = match error.remove("extensions") {
        Some(Value::Object(extensions)) => extensions,
        _ => Map::new(),
    };
    Ok(UpstreamError { message, path, extensions })
}

fn path_part(part: Value) -> Option<PathPart> {
    match part {
        Value::String(key) => Some(PathPart::Key(key)),
        Value::Number(index) => index.as_u64().map(PathPart::Index),
        _ => None,
    }
}
