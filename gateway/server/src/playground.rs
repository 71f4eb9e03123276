//! The playground: GraphiQL from the binary itself. `playground/README.md` says how it is made.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;

use crate::PlaygroundOptions;

const PAGE: &str = include_str!("../playground/dist/index.html");
const VERSION: &str = include_str!("../playground/dist/version");

/// The page's own scripts and workers, and nothing else. The editor makes its colours at run time, hence inline styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; \
    font-src 'self' data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Name, media type and gzipped content.
const ASSETS: [(&str, &str, &[u8]); 6] = [
    ("editor.worker.js", SCRIPT, include_bytes!("../playground/dist/editor.worker.js.gz")),
    ("graphql.worker.js", SCRIPT, include_bytes!("../playground/dist/graphql.worker.js.gz")),
    ("json.worker.js", SCRIPT, include_bytes!("../playground/dist/json.worker.js.gz")),
    ("licences.txt", "text/plain; charset=utf-8", include_bytes!("../playground/dist/licences.txt.gz")),
    ("main.css", "text/css; charset=utf-8", include_bytes!("../playground/dist/main.css.gz")),
    ("main.js", SCRIPT, include_bytes!("../playground/dist/main.js.gz")),
];

/// What the page is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Settings<'a> {
    endpoint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_query: Option<&'a str>,
}

/// The page. A query in its address stands in the editor, where no other was kept.
pub(crate) fn page(options: &PlaygroundOptions, uri: &Uri) -> Response {
    let mut parameters = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let asked = parameters.find(|(name, _)| name == "query").map(|(_, query)| query);
    let default_query = asked.as_deref().or(options.default_query.as_deref());
    let settings = Settings { endpoint: "/graphql", default_query };
    // Inside a script element only `<` could end it.
    let settings = serde_json::to_string(&settings).unwrap_or_default().replace('<', "\\u003c");
    let html = PAGE.replace("{version}", VERSION).replace("{settings}", &settings);
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, html).into_response()
}

/// One of the page's files. Its address holds the version, so that it never changes; it is sent gzipped, which every
/// browser takes.
pub(crate) async fn asset(Path((version, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let known = ASSETS.iter().find(|(known, ..)| *known == name && version == VERSION);
    let Some((_, media, content)) = known else { return StatusCode::NOT_FOUND.into_response() };
    let tag = format!("\"{VERSION}\"");
    let lasting =
        [(CACHE_CONTROL, "public, max-age=31536000, immutable"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    if headers.get(IF_NONE_MATCH).is_some_and(|known| *known == tag) {
        return (StatusCode::NOT_MODIFIED, lasting, [(ETAG, tag)]).into_response();
    }
    let kind = [(CONTENT_TYPE, *media), (CONTENT_ENCODING, "gzip")];
    (lasting, [(ETAG, tag)], kind, *content).into_response()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::{ASSETS, PAGE, VERSION};

    #[test]
    fn the_version_is_made_of_the_files() {
        let mut hash = Sha256::new();
        for (.., content) in ASSETS {
            hash.update(content);
        }
        let hash = hash.finalize().iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        assert_eq!(format!("{hash:016x}"), VERSION, "run `npm run build` in gateway/server/playground");
    }

    #[test]
    fn the_playground_is_small_and_asks_no_other_host() {
        let size: usize = ASSETS.iter().map(|(.., content)| content.len()).sum();
        assert!(size < 3_000_000, "{size} bytes");
        assert!(!PAGE.contains("//"), "the page names no other host");
    }
}
