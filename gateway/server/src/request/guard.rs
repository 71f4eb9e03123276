//! What is refused before anything is read: wrong methods, wrong content types, requests forged by another site.

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method};

use crate::failure::Failure;

/// Headers that a page can set only after the browser has asked this server.
const ASKED_FIRST: [&str; 3] = ["apollo-require-preflight", "x-apollo-operation-name", "x-csrf-token"];

/// Checks method, content type and, if `csrf_prevention` is on, the origin.
pub(crate) fn check(head: &Parts, csrf_prevention: bool) -> Result<(), Failure> {
    match head.method {
        // A form of another site cannot send JSON, so that this guards POST as well.
        Method::POST if is_json(&head.headers) => Ok(()),
        Method::POST => Err(Failure::UnsupportedMediaType),
        Method::GET if csrf_prevention && is_forgeable(&head.headers) => Err(Failure::CrossSite),
        Method::GET => Ok(()),
        _ => Err(Failure::MethodNotAllowed),
    }
}

/// Whether a browser sends this for another site without having asked. Browsers say so themselves
/// (<https://www.w3.org/TR/fetch-metadata/>); other clients carry nobody's cookies.
fn is_forgeable(headers: &HeaderMap) -> bool {
    let cross_site = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    cross_site && !is_json(headers) && !ASKED_FIRST.iter().any(|name| headers.contains_key(*name))
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else { return false };
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
            charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}
