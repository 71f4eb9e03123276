//! The playground, the probes, and what is measured.

use std::sync::Arc;

use octavo_server::{Options, PlaygroundOptions};

use crate::kit::{Kit, Shelf, library};

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

#[tokio::test]
async fn a_browser_gets_the_playground_with_its_query_and_nothing_of_another_host() {
    let query = "{ motto } # </script><script>alert(1)</script>";
    let playground = Some(PlaygroundOptions { default_query: Some(query.to_owned()) });
    let kit = Kit::new(Options { playground, ..Options::default() });
    for uri in ["/", "/graphql"] {
        let page = kit.get(uri, &[BROWSER]).await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
        let html = page.text();
        assert!(html.contains(r"{ motto } # \u003c/script>") && !html.contains("<script>alert"), "{html}");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self';") && !policy.contains("http"), "{policy}");
    }
    assert_eq!(
        kit.get("/graphql?query={motto}", &[("accept", "*/*")]).await.json()["data"]["motto"],
        serde_json::Value::Null
    );
}

#[tokio::test]
async fn assets_are_kept_for_good_under_an_address_with_their_version() {
    let kit = Kit::new(Options::default());
    let html = kit.get("/", &[BROWSER]).await.text();
    let script = html.split('"').find(|part| part.ends_with("/main.js")).expect("a script").to_owned();
    let reply = kit.get(&script, &[]).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-encoding")), (200, "gzip"));
    assert!(reply.header("cache-control").contains("immutable") && reply.body.len() > 100_000);
    let known = [("if-none-match", reply.header("etag"))];
    let again = kit.get(&script, &known).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    for uri in ["/playground/0000000000000000/main.js", &script.replace("main.js", "../version")] {
        assert_eq!(kit.get(uri, &[]).await.status.as_u16(), 404, "{uri}");
    }
}

#[tokio::test]
async fn the_monitor_is_there_beside_the_playground_and_asks_no_other_host() {
    let kit = Kit::new(Options::default());
    let page = kit.get("/monitor", &[BROWSER]).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self';") && !policy.contains("unsafe") && !policy.contains("http"),
        "{policy}"
    );
    for (name, media) in [
        ("main.js", "text/javascript"),
        ("graph.js", "text/javascript"),
        ("view.js", "text/javascript"),
        ("page.css", "text/css"),
    ] {
        let file = kit.get(&format!("/monitor/{name}"), &[]).await;
        assert!(file.status.as_u16() == 200 && file.header("content-type").starts_with(media), "{name}");
        assert!(!file.text().contains("://"), "{name} names no other host");
    }
    assert!(!page.text().contains("://"), "nor does the page");
    assert_eq!(kit.get("/monitor/other.js", &[]).await.status.as_u16(), 404);
}

#[tokio::test]
async fn without_a_playground_a_browser_is_a_client_like_others() {
    let kit = Kit::new(Options { playground: None, ..Options::default() });
    assert_eq!(kit.get("/", &[BROWSER]).await.code(), "BAD_REQUEST");
    assert_eq!(kit.get("/playground/0/main.js", &[]).await.status.as_u16(), 404);
    assert_eq!(kit.get("/monitor", &[BROWSER]).await.status.as_u16(), 404);
}

#[tokio::test]
async fn probes_answer() {
    let kit = Kit::new(Options::default());
    assert_eq!(kit.get("/health", &[]).await.text(), r#"{"status":"up"}"#);
    assert_eq!(kit.get("/ready", &[]).await.text(), r#"{"status":"ready"}"#);
}

#[tokio::test]
async fn what_a_cache_hears_is_measured_if_it_does() {
    let kit = Kit::new(Options::default());
    let own = kit.get("/metrics", &[]).await.text();
    assert!(!own.contains("cache") && own.ends_with("\n# EOF\n"), "{own}");
    let kit = Kit::with(Options::default(), Some(Arc::new(Shelf::default())), library);
    let measured = kit.get("/metrics", &[]).await;
    assert!(measured.header("content-type").starts_with("application/openmetrics-text"));
    let text = measured.text();
    for line in
        ["octavo_cache_hearing 0", "octavo_cache_heard_total 2", "octavo_cache_lag_seconds 0.250", "# EOF"]
    {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
}
