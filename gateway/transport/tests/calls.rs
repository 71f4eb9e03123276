//! Calls against a server that speaks from a script, byte for byte.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use octavo_admission::Limits;
use octavo_executor::{SubgraphError, SubgraphPort, SubgraphRequest, SubgraphResponse};
use octavo_query_plan::OperationKind;
use octavo_transport::{HttpSubgraphs, Options, TransportError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// What the server does with one request.
#[derive(Clone)]
enum Reply {
    Send(Vec<u8>),
    Close,
    Hang,
}

struct Scripted {
    subgraphs: HttpSubgraphs,
    /// Each request as it arrived.
    seen: mpsc::UnboundedReceiver<String>,
    requests: Arc<AtomicUsize>,
}

/// Serves the replies in order, the last one again and again.
async fn scripted(replies: Vec<Reply>, options: Options) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/graphql", listener.local_addr().expect("an address"));
    let (sender, seen) = mpsc::unbounded_channel();
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (replies, count, sender) = (replies.clone(), Arc::clone(&count), sender.clone());
            tokio::spawn(async move {
                while let Some(request) = read_request(&mut stream).await {
                    let index = count.fetch_add(1, Ordering::SeqCst);
                    sender.send(request).expect("the test listens");
                    match replies.get(index).or(replies.last()).expect("a reply") {
                        Reply::Send(bytes) => stream.write_all(bytes).await.expect("the client reads"),
                        Reply::Close => return,
                        Reply::Hang => std::future::pending().await,
                    }
                }
            });
        }
    });
    let subgraphs = HttpSubgraphs::new([("books", url.as_str())], options).expect("a valid URL");
    Scripted { subgraphs, seen, requests }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            if length.is_some_and(|length| length.parse() == Ok(body.len())) {
                return Some(text);
            }
        }
        let read = stream.read_buf(&mut bytes).await.ok()?;
        if read == 0 {
            return None;
        }
    }
}

fn reply(status: &str, headers: &str, body: &str) -> Reply {
    Reply::Send(format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into())
}

fn request(kind: OperationKind) -> SubgraphRequest {
    SubgraphRequest {
        subgraph: "books".into(),
        kind,
        body: Bytes::from_static(br#"{"query":"{a}"}"#),
        headers: Arc::default(),
        generation: 0,
        joined: Vec::new(),
        entities: None,
    }
}

async fn query(server: &Scripted) -> Result<SubgraphResponse, SubgraphError> {
    server.subgraphs.call(request(OperationKind::Query)).await
}

const DATA: &str = r#"{"data":{"a":1}}"#;

#[tokio::test]
async fn a_request_carries_the_body_and_the_headers_it_was_given() {
    let replies = vec![reply("200 OK", "cache-control: max-age=7\r\n", DATA)];
    let mut server = scripted(replies, Options::default()).await;
    let mut request = request(OperationKind::Query);
    request.headers = Arc::new(vec![
        ("traceparent".into(), Bytes::from_static(b"00-1-2-01")),
        ("content-type".into(), Bytes::from_static(b"text/evil")),
        ("x-bad".into(), Bytes::from_static(b"a\r\nx-injected: 1")),
    ]);
    let response = server.subgraphs.call(request).await.expect("an answer");
    assert_eq!((&response.body[..], response.cache.max_age), (DATA.as_bytes(), Some(7)));
    let seen = server.seen.recv().await.expect("one request");
    assert!(seen.starts_with("post /graphql http/1.1\r\n") && seen.ends_with(r#"{"query":"{a}"}"#), "{seen}");
    assert!(seen.contains("traceparent: 00-1-2-01\r\n") && seen.contains("host: 127.0.0.1:"), "{seen}");
    assert!(seen.contains("content-type: application/json\r\n"), "{seen}");
    assert!(!seen.contains("evil") && !seen.contains("injected"), "{seen}");
}

#[tokio::test]
async fn graphql_counts_whatever_its_status_and_other_bodies_do_not() {
    let failed = r#"{"errors":[{"message":"no"}],"data":null}"#;
    let replies = vec![
        reply("500 Internal Server Error", "", failed),
        reply("502 Bad Gateway", "", "<html>secret.internal</html>"),
        reply("400 Bad Request", "", r#"{"errors":[]}"#),
        reply("302 Found", "location: /elsewhere\r\n", ""),
    ];
    let server = scripted(replies, Options::default()).await;
    assert_eq!(query(&server).await.expect("an answer").body, failed);
    for status in [502, 400, 302] {
        let error = query(&server).await.expect_err("no answer");
        assert_eq!(error, SubgraphError::Status(status));
        assert!(!error.to_string().contains("secret") && !error.to_string().contains("127.0.0.1"));
    }
}

#[tokio::test]
async fn a_subgraph_that_says_when_to_come_again_has_too_much_to_do() {
    let refusal = r#"{"errors":[{"message":"too many","extensions":{"code":"OVERLOADED"}}]}"#;
    let replies = vec![
        reply("503 Service Unavailable", "retry-after: 1\r\n", refusal),
        reply("503 Service Unavailable", "", refusal),
    ];
    let server = scripted(replies, Options::default()).await;
    assert_eq!(query(&server).await.expect_err("no answer"), SubgraphError::Overloaded);
    assert_eq!(query(&server).await.expect("an answer of its own").body, refusal);
}

#[tokio::test]
async fn a_subgraph_that_hangs_is_asked_by_no_more_than_may_be_under_way() {
    let calls = Limits { in_flight: 2, waiting: 1, patience: Duration::from_millis(50) };
    let server = scripted(vec![Reply::Hang], Options { calls, ..Options::default() }).await;
    let mut first = Box::pin(query(&server));
    let mut second = Box::pin(query(&server));
    let hanging = async { tokio::join!(&mut first, &mut second) };
    assert!(timeout(Duration::from_millis(100), hanging).await.is_err(), "both are under way");
    let (third, fourth) = tokio::join!(query(&server), query(&server));
    assert_eq!(third.expect_err("it waited in vain"), SubgraphError::Overloaded);
    assert_eq!(fourth.expect_err("there was no room to wait"), SubgraphError::Overloaded);
    assert_eq!(server.requests.load(Ordering::SeqCst), 2, "the others were not sent");
    drop(first);
    let later = timeout(Duration::from_millis(100), query(&server));
    assert!(later.await.is_err(), "a place is free, and it is asked");
    assert_eq!(server.requests.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn only_a_query_is_sent_again_and_only_once() {
    let server = scripted(vec![Reply::Close, reply("200 OK", "", DATA)], Options::default()).await;
    assert_eq!(query(&server).await.expect("an answer").body, DATA);
    assert_eq!(server.requests.load(Ordering::SeqCst), 2);

    let server = scripted(vec![Reply::Close], Options::default()).await;
    assert_eq!(query(&server).await.expect_err("closed"), SubgraphError::Unreachable);
    assert_eq!(server.requests.load(Ordering::SeqCst), 2);

    let server = scripted(vec![Reply::Close], Options::default()).await;
    let outcome = server.subgraphs.call(request(OperationKind::Mutation)).await;
    assert_eq!(outcome.expect_err("closed"), SubgraphError::Unreachable);
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_refused_announced_or_not() {
    let options = Options { max_response_bytes: 20, ..Options::default() };
    let chunk = "a\r\n0123456789\r\n".repeat(3) + "0\r\n\r\n";
    let chunked = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}");
    let announced = reply("200 OK", "", &"x".repeat(21));
    for reply in [announced, Reply::Send(chunked.into())] {
        let server = scripted(vec![reply], options.clone()).await;
        assert_eq!(query(&server).await.expect_err("too large"), SubgraphError::TooLarge);
    }
}

#[tokio::test]
async fn an_answer_in_many_chunks_is_one_body() {
    let parts: Vec<_> = (0..300).map(|n| format!("part {n};").repeat(50)).collect();
    let chunk = |part: &String| format!("{:x}\r\n{part}\r\n", part.len());
    let body: String = parts.iter().map(chunk).collect();
    let raw = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{body}0\r\n\r\n");
    let server = scripted(vec![Reply::Send(raw.into())], Options::default()).await;
    assert_eq!(query(&server).await.expect("an answer").body, parts.concat());
}

#[tokio::test]
async fn a_silent_subgraph_costs_the_timeout_and_no_more() {
    let options = Options { timeout: Duration::from_millis(80), ..Options::default() };
    let server = scripted(vec![Reply::Hang], options).await;
    let start = Instant::now();
    assert_eq!(query(&server).await.expect_err("silence"), SubgraphError::Timeout);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn what_cannot_be_reached_says_so() {
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", closed.local_addr().expect("an address"));
    drop(closed);
    let subgraphs = HttpSubgraphs::new([("books", url.as_str()), ("authors", "")], Options::default())
        .expect("valid URLs");
    for name in ["books", "authors", "unknown"] {
        let request = SubgraphRequest { subgraph: name.into(), ..request(OperationKind::Query) };
        assert_eq!(subgraphs.call(request).await.expect_err("nobody"), SubgraphError::Unreachable);
    }
}

#[tokio::test]
async fn a_url_that_is_none_is_refused_by_name() {
    for url in ["books:4001", "ftp://books/", "http://", "not a url"] {
        let error = HttpSubgraphs::new([("books", url)], Options::default()).err();
        assert!(matches!(error, Some(TransportError::Url { .. })), "{url}");
    }
}
