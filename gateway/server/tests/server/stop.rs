//! The end: what runs may finish, nothing new begins.

use std::sync::Arc;
use std::time::Duration;

use octavo_server::{Options, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::kit::{Kit, library};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_way_is_answered_and_the_port_is_free() {
    let (began, begins) = std::sync::mpsc::channel();
    let kit = Kit::with(Options::default(), None, move |request| {
        began.send(()).expect("the test listens");
        std::thread::sleep(Duration::from_millis(300));
        library(request)
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(Arc::clone(&kit.gateway), listener, async {
        stopped.await.expect("the test says when");
    }));

    let mut client = TcpStream::connect(address).await.expect("it listens");
    let body = r#"{"query":"{ books { title } }"}"#;
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    client.write_all(request.as_bytes()).await.expect("it reads");
    tokio::task::spawn_blocking(move || begins.recv()).await.expect("a thread").expect("the request runs");
    stop.send(()).expect("it runs");

    let mut answer = String::new();
    client.read_to_string(&mut answer).await.expect("the whole answer, then the end");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("Ubik"), "{answer}");
    server.await.expect("no panic").expect("a clean end");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn subscriptions_are_cut_off_when_the_gateway_stops() {
    let kit = Kit::new(Options::default());
    let _events = kit.events();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(Arc::clone(&kit.gateway), listener, async {
        stopped.await.expect("the test says when");
    }));
    let mut client = TcpStream::connect(address).await.expect("it listens");
    let request = "GET /graphql?query=subscription%7Blent%7Btitle%7D%7D HTTP/1.1\r\nhost: x\r\n\
        accept: text/event-stream\r\nconnection: close\r\n\r\n";
    client.write_all(request.as_bytes()).await.expect("it reads");
    let mut begin = [0; 12];
    client.read_exact(&mut begin).await.expect("the answer begins");
    stop.send(()).expect("it runs");
    let mut rest = String::new();
    client.read_to_string(&mut rest).await.expect("what there is, then the end");
    assert!(!rest.contains("event: complete"), "a client would not come back: {rest}");
    server.await.expect("no panic").expect("a clean end");
}
