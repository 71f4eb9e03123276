//! The body of a request: constant parts that were escaped once, and between them the variables.

use bytes::Bytes;
use octavo_query_plan::{Fetch, copied};

use crate::answer::Asked;
use crate::ports::EntityCall;
use crate::prepared::{PreparedFetch, head, quoted};
use crate::request::Variables;

/// What stands before the variables.
const VARIABLES: &[u8] = b",\"variables\":{";

/// The body of a request for fields of a root type.
pub(crate) fn root_body(prepared: &PreparedFetch, fetch: &Fetch, variables: &Variables) -> Bytes {
    let mut body = Vec::with_capacity(prepared.head.len() + 64);
    body.extend_from_slice(prepared.head.as_bytes());
    let mut separator = VARIABLES;
    write_variables(&mut body, (prepared, fetch), variables, &mut separator);
    body.extend_from_slice(if separator == VARIABLES { b"}" } else { b"}}" });
    body.into()
}

/// The head of a request for entities.
pub(crate) fn entity_head(
    prepared: &PreparedFetch,
    fetch: &Fetch,
    variables: &Variables,
    asked: &[Asked<'_>],
) -> Bytes {
    let mut out = Vec::with_capacity(prepared.head.len() + 64);
    match document_again(fetch, asked) {
        None => out.extend_from_slice(prepared.head.as_bytes()),
        Some(text) => out.extend_from_slice(head(&text, fetch.operation_name.as_deref()).as_bytes()),
    }
    out.extend_from_slice(VARIABLES);
    let mut separator: &[u8] = b"";
    write_variables(&mut out, (prepared, fetch), variables, &mut separator);
    for asked in asked {
        write_contexts(&mut out, asked, &mut separator);
    }
    out.extend_from_slice(separator);
    out.into()
}

/// The plan's document with the copies of `_entities` fields that other values of arguments need; `None` without any.
fn document_again(fetch: &Fetch, asked: &[Asked<'_>]) -> Option<String> {
    let groups = asked.last()?.number + 1;
    let mut copies = vec![0; groups];
    for asked in asked {
        copies[asked.number] = asked.copy;
    }
    copies.iter().any(|&copies| copies > 0).then(|| fetch.document_with(&copies))
}

/// Writes the arguments that the entities take from the objects around.
fn write_contexts(out: &mut Vec<u8>, asked: &Asked<'_>, separator: &mut &[u8]) {
    for (argument, value) in asked.group.contexts.iter().zip(&asked.all.values[asked.values]) {
        out.extend_from_slice(separator);
        out.extend_from_slice(quoted(&copied(&argument.variable, asked.copy)).as_bytes());
        out.push(b':');
        out.extend_from_slice(value);
        *separator = b",";
    }
}

/// Writes the client's variables that the operation uses and that have a value.
fn write_variables(
    out: &mut Vec<u8>,
    (prepared, fetch): (&PreparedFetch, &Fetch),
    variables: &Variables,
    separator: &mut &[u8],
) {
    for (name, key) in fetch.variables.iter().zip(&prepared.variables) {
        let Some(value) = variables.get(name) else { continue };
        out.extend_from_slice(separator);
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(value.as_bytes());
        *separator = b",";
    }
}

impl EntityCall {
    /// The request's JSON body.
    #[must_use]
    pub fn body(&self) -> Bytes {
        let texts = self.groups.iter().flat_map(|group| &group.representations);
        let size: usize = texts.map(|text| text.len() + 1).sum();
        let names: usize = self.groups.iter().map(|group| group.variable.len() + 8).sum();
        let mut body = Vec::with_capacity(self.head.len() + size + names + 2);
        body.extend_from_slice(&self.head);
        for (number, group) in self.groups.iter().enumerate() {
            body.extend_from_slice(if number == 0 { b"\"" } else { b",\"" });
            // A variable's name needs no escapes.
            body.extend_from_slice(group.variable.as_bytes());
            body.extend_from_slice(b"\":[");
            for (index, text) in group.representations.iter().enumerate() {
                if index > 0 {
                    body.push(b',');
                }
                body.extend_from_slice(text);
            }
            body.push(b']');
        }
        body.extend_from_slice(b"}}");
        body.into()
    }
}
