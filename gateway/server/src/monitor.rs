//! The monitor: a page on the library's messages and sagas, beside the playground. It is written by hand, in `monitor/`,
//! asks the graph for all that it shows, and says what is missing where the supergraph has not the fields for it.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

const PAGE: &str = include_str!("../monitor/index.html");

/// The page's own scripts and styles, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Name, media type and content.
const ASSETS: [(&str, &str, &str); 4] = [
    ("graph.js", SCRIPT, include_str!("../monitor/graph.js")),
    ("main.js", SCRIPT, include_str!("../monitor/main.js")),
    ("page.css", "text/css; charset=utf-8", include_str!("../monitor/page.css")),
    ("view.js", SCRIPT, include_str!("../monitor/view.js")),
];

/// The page.
pub(crate) async fn page() -> Response {
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (REFERRER_POLICY, "no-referrer")];
    (headers, file("text/html; charset=utf-8", PAGE)).into_response()
}

/// One of its files. They are small, and are asked for again each time.
pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(known, ..)| *known == name) {
        Some((_, media, content)) => file(media, content),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn file(media: &'static str, content: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, media), (CACHE_CONTROL, "no-cache"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, content).into_response()
}
