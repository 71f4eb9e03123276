//! The body of a request: constant parts that were escaped once, and between them the variables.

use bytes::Bytes;
use octavo_query_plan::Fetch;

use crate::prepared::PreparedFetch;
use crate::request::Variables;

/// Writes the body of `fetch`; `representations` holds the texts for each of its entity groups.
pub(crate) fn request_body(
    prepared: &PreparedFetch,
    fetch: &Fetch,
    variables: &Variables,
    representations: &[Vec<&[u8]>],
) -> Bytes {
    let size: usize = representations.iter().flatten().map(|text| text.len() + 1).sum();
    let mut body = Vec::with_capacity(prepared.head.len() + size + 64);
    body.extend_from_slice(prepared.head.as_bytes());
    let mut separator: &[u8] = b",\"variables\":{";
    for (name, key) in fetch.variables.iter().zip(&prepared.variables) {
        let Some(value) = variables.get(name) else { continue };
        body.extend_from_slice(separator);
        body.extend_from_slice(key.as_bytes());
        body.extend_from_slice(value.as_bytes());
        separator = b",";
    }
    for (key, texts) in prepared.representations.iter().zip(representations) {
        body.extend_from_slice(separator);
        body.extend_from_slice(key.as_bytes());
        body.push(b'[');
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            body.extend_from_slice(text);
        }
        body.push(b']');
        separator = b",";
    }
    body.extend_from_slice(if separator == b"," { b"}}" } else { b"}" });
    body.into()
}
