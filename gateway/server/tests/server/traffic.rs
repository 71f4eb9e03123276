//! What passes between clients, the gateway and subgraphs beside the answer itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use octavo_server::Options;

use crate::kit::{Kit, Shelf, library};

#[tokio::test]
async fn subgraphs_get_the_configured_headers_and_the_trace_and_nothing_else() {
    let propagated_headers = vec!["authorization".to_owned()];
    let kit = Kit::new(Options { propagated_headers, ..Options::default() });
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let sent = [("authorization", "Bearer x"), ("traceparent", trace), ("cookie", "a=b"), ("x-other", "1")];
    kit.post(r#"{"query":"{ books { grade } }"}"#, &sent).await;
    let seen = kit.subgraphs.seen.lock().expect("no panic");
    assert_eq!(seen.len(), 2);
    for request in seen.iter() {
        let headers: Vec<_> = request.headers.iter().map(|(name, value)| (&**name, &value[..])).collect();
        assert_eq!(headers, [("authorization", &b"Bearer x"[..]), ("traceparent", trace.as_bytes())]);
    }
}

#[tokio::test]
async fn a_header_tells_what_came_from_the_cache() {
    let mut options = Options::default();
    options.execution.entity_max_age = Some(60);
    let kit = Kit::with(options, Some(Arc::new(Shelf::default())), library);
    let first = kit.query("{ books { title grade } }").await;
    assert_eq!(first.header("octavo-cache"), "miss; hits=0; misses=2");
    let second = kit.query("{ books { title grade } }").await;
    assert_eq!(second.header("octavo-cache"), "hit; hits=2; misses=0");
    assert_eq!(first.body, second.body);
    assert_eq!(kit.query("{ books { title } }").await.header("octavo-cache"), "", "no entity is looked for");
    let grades = |kit: &Kit| {
        kit.subgraphs.seen.lock().expect("no panic").iter().filter(|r| &*r.subgraph == "grades").count()
    };
    assert_eq!(grades(&kit), 1);
}

#[tokio::test]
async fn a_panic_is_one_answer_and_not_the_end() {
    let healthy = Arc::new(AtomicBool::new(false));
    let is_healthy = Arc::clone(&healthy);
    let kit = Kit::with(Options::default(), None, move |request| {
        assert!(is_healthy.load(Ordering::SeqCst), "a bug, with a secret in its message");
        library(request)
    });
    let reply = kit.query("{ books { title } }").await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (500, "INTERNAL_SERVER_ERROR"));
    assert!(!reply.text().contains("secret"), "{}", reply.text());
    healthy.store(true, Ordering::SeqCst);
    assert_eq!(kit.query("{ books { title } }").await.status.as_u16(), 200);
}

#[tokio::test]
async fn every_response_has_a_request_id() {
    let kit = Kit::new(Options::default());
    let own = kit.query("{ motto }").await.header("x-request-id").to_owned();
    assert_eq!(own.len(), 32);
    assert_ne!(own, kit.query("{ motto }").await.header("x-request-id"));
    let body = r#"{"query":"{ motto }"}"#;
    assert_eq!(kit.post(body, &[("x-request-id", "abc-1")]).await.header("x-request-id"), "abc-1");
    let odd = kit.post(body, &[("x-request-id", "a\tb<script>")]).await;
    assert_eq!(odd.header("x-request-id").len(), 32, "an unusable id is replaced");
}

#[tokio::test]
async fn requests_at_once_for_one_new_document_all_get_its_answer() {
    let kit = Arc::new(Kit::new(Options::default()));
    let requests = (0..50).map(|_| {
        let kit = Arc::clone(&kit);
        tokio::spawn(async move { kit.query("query Same { books { title grade } }").await.text() })
    });
    let replies = futures::future::join_all(requests).await;
    let expected = r#"{"data":{"books":[{"title":"Lalka","grade":9.5},{"title":"Ubik","grade":8.0}]}}"#;
    assert!(replies.into_iter().all(|reply| reply.expect("no panic") == expected));
}
