//! A process that is killed has done what it answered, once.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use octavo_engines::{Engine as _, Mongo};

use crate::library::{ADD_COMMENT, Database, Engine, REGISTER, isbn, registration};
use lms_kit::{Sources, service::Headers};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The service as a process of its own.
struct Process {
    child: Child,
    address: std::net::SocketAddr,
}

impl Process {
    async fn start(url: &str) -> Self {
        let address = octavo_engines::free_address().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_lms-students"))
            .args(["--database-url", url, "--listen", &address.to_string()])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let process = Self { child, address };
        for _ in 0..200 {
            if process.http("GET /ready", "").await.is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                return process;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the service did not become ready on {url}");
    }

    async fn http(&self, line: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).await.ok()?;
        let request = format!(
            "{line} HTTP/1.1\r\nhost: students\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer)
    }

    async fn ask(&self, query: &str, variables: &Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let answer = self.http("POST /graphql", &body).await.unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// As `kill -9` does.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test]
async fn a_key_that_was_answered_is_answered_alike_after_a_kill() {
    for engine in Engine::ALL {
        let database = Database::of(engine);
        let first = Process::start(&database.url).await;
        let registered = first.ask(REGISTER, &registration("Ana", "k")).await;
        let number = registered["data"]["registerStudent"]["student"]["studentNumber"].clone();
        assert!(number.is_string(), "{registered}");
        let comment = json!({ "student": number, "isbn": isbn(7), "text": "good", "grade": 9, "key": "c" });
        let added = first.ask(ADD_COMMENT, &comment).await;
        first.kill();

        let second = Process::start(&database.url).await;
        assert_eq!(second.ask(REGISTER, &registration("Ana", "k")).await, registered, "{engine:?}");
        assert_eq!(second.ask(ADD_COMMENT, &comment).await, added, "{engine:?}");
        let log = "query($n: ID!) { student(studentNumber: $n) { activity { edges { node { kind } } } } }";
        let log = second.ask(log, &json!({ "n": number })).await;
        let kinds = &log["data"]["student"]["activity"]["edges"];
        let wanted = json!([{ "node": { "kind": "COMMENT_ADDED" } }, { "node": { "kind": "REGISTERED" } }]);
        assert_eq!(*kinds, wanted, "{engine:?}");
        second.kill();
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_a_problem_that_passes() {
    let mut server = Mongo::start().await.unwrap();
    let service = lms_students::open(&server.database_url("students"), Sources::repeatable()).await.unwrap();
    let ask = async |query: &str, variables: Value| -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        serde_json::from_slice(&service.answer(body.as_bytes(), Headers::default()).await).unwrap()
    };
    let list = "{ students { edges { node { name } } } }";
    server.kill9().unwrap();
    let refused = ask(REGISTER, registration("Ana", "k")).await;
    assert_eq!(refused["data"]["registerStudent"]["problems"][0]["code"], "UNAVAILABLE", "{refused}");
    assert_eq!(ask(list, json!({})).await["errors"][0]["extensions"]["code"], "UNAVAILABLE");
    server.restart().await.unwrap();
    let registered = ask(REGISTER, registration("Ana", "k")).await;
    assert_eq!(registered["data"]["registerStudent"]["problems"], json!([]), "{registered}");
    let names = &ask(list, json!({})).await["data"]["students"]["edges"];
    assert_eq!(*names, json!([{ "node": { "name": "Ana" } }]));
}
