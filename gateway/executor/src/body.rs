//! The body of a request: constant parts that were escaped once, and between them the variables.

use bytes::Bytes;
use octavo_query_plan::Fetch;

use crate::ports::EntityCall;
use crate::prepared::PreparedFetch;
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
pub(crate) fn entity_head(prepared: &PreparedFetch, fetch: &Fetch, variables: &Variables) -> Bytes {
    let mut head = Vec::with_capacity(prepared.head.len() + 64);
    head.extend_from_slice(prepared.head.as_bytes());
    head.extend_from_slice(VARIABLES);
    let mut separator: &[u8] = b"";
    write_variables(&mut head, (prepared, fetch), variables, &mut separator);
    head.extend_from_slice(separator);
    head.into()
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
