//! A process that is killed has done what it answered, once.

use std::{
    collections::BTreeSet,
    process::{Child, Command, Stdio},
    time::Duration,
};

use octavo_engines::{Engine as _, Mongo};

use crate::{
    coordinator::Coordinator,
    library::{ADD_COMMENT, Database, Engine, REGISTER, isbn, registration},
};
use lms_kit::{Sources, saga::Action, service::Headers};
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
        Self::start_with(url, &[], None).await
    }

    /// With these arguments; it ends as if it were killed when it comes to a place, if one is given.
    async fn start_with(url: &str, arguments: &[&str], abort_at: Option<&str>) -> Self {
        let address = octavo_engines::free_address().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lms-students"));
        command.args(["--database-url", url, "--listen", &address.to_string()]).args(arguments);
        command.envs(abort_at.map(|place| ("ABORT_AT", place)));
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        Self { child, address }.ready_within(url, Duration::from_secs(10)).await
    }

    async fn start_within(url: &str, longest: Duration) -> Self {
        let address = octavo_engines::free_address().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lms-students"));
        command.args(["--database-url", url, "--listen", &address.to_string()]);
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        Self { child, address }.ready_within(url, longest).await
    }

    async fn ready_within(self, url: &str, longest: Duration) -> Self {
        let began = std::time::Instant::now();
        while began.elapsed() < longest {
            if self.http("GET /ready", "").await.is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                return self;
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
    fn kill(self) {
        drop(self);
    }

    /// Waits until it has ended by itself.
    async fn ended(mut self) {
        for _ in 0..500 {
            if self.child.try_wait().unwrap().is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it did not come to the place where it ends")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
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

/// A step is done and not noted, or noted and not cleared away; a reply has left, and nobody knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_is_done_once_wherever_its_process_ends() {
    let places = ["step.after_act", "inbox.before_commit", "relay.after_publish"];
    let cases = Engine::ALL.into_iter().flat_map(|engine| places.map(|place| (engine, place)));
    let cases: Vec<_> = cases.map(|(engine, place)| tokio::spawn(end_at(engine, place))).collect();
    for case in cases {
        case.await.unwrap();
    }
}

async fn end_at(engine: Engine, place: &str) {
    let (database, folder) = (Database::of(engine), tempfile::tempdir().unwrap());
    let path = folder.path().join("bus.sqlite");
    let (coordinator, bus) = (Coordinator::on(&path).await, format!("sqlite:{}", path.display()));
    let with_bus = ["--bus-url", bus.as_str()];
    let first = Process::start_with(&database.url, &with_bus, None).await;
    let registered = first.ask(REGISTER, &registration("Ana", "k")).await;
    let number = registered["data"]["registerStudent"]["student"]["studentNumber"].clone();
    // Nothing but the step is to wait.
    coordinator.events_of("Student", 1).await;
    first.kill();

    let dying = Process::start_with(&database.url, &with_bus, Some(place)).await;
    let input = json!({ "studentNumber": number, "at": 0 });
    let request = coordinator.send("saga", "reserve", "reserveSlot", Action::Do, &input).await;
    dying.ended().await;
    let next = Process::start_with(&database.url, &with_bus, None).await;
    assert_eq!(coordinator.answer(&request).await["outcome"], "DONE", "{engine:?}, {place}");
    let loans = "query($n: ID!) { student(studentNumber: $n) { openLoans } }";
    let loans = next.ask(loans, &json!({ "n": number })).await;
    assert_eq!(loans["data"]["student"]["openLoans"], 1, "{engine:?}, {place}");
    // Undone later, it is found where it was noted.
    let undone = coordinator.ask("saga", "reserve", "freeSlot", Action::Undo, &input).await;
    assert_eq!(undone["outcome"], "UNDONE", "{engine:?}, {place}");
    let events = coordinator.events_of("Student", 3).await;
    let seqs: BTreeSet<i64> = events.iter().map(|event| event.seq).collect();
    assert!(seqs.into_iter().eq(1..=3), "{engine:?}, {place}: {events:?}");
    next.kill();
}

#[tokio::test]
async fn a_start_that_is_killed_in_the_middle_of_its_migrations_goes_on() {
    for engine in Engine::ALL {
        let database = Database::of(engine);
        let mut dying = Command::new(env!("CARGO_BIN_EXE_lms-students"));
        dying.args(["--database-url", &database.url, "--listen", "127.0.0.1:0"]);
        let ended = dying.env("ABORT_AT", "migration.before_commit").stderr(Stdio::null()).status().unwrap();
        assert_eq!(ended.code(), None, "{engine:?}: it ended by a signal");
        // On a server without transactions its lock stays until a minute is over: nobody can say that it is gone.
        let next = Process::start_within(&database.url, Duration::from_secs(90)).await;
        let registered = next.ask(REGISTER, &registration("Ana", "k")).await;
        assert_eq!(registered["data"]["registerStudent"]["problems"], json!([]), "{engine:?}: {registered}");
        let standing = next.http("GET /migrations", "").await.unwrap();
        let known = ["students_comments_activity", "inbox", "saga_steps"];
        assert!(known.iter().all(|name| standing.contains(name)), "{engine:?}: {standing}");
        next.kill();
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
