//! An engine that is away, stuck, or back: a service says so, changes nothing, and goes on.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use lms_kit::{
    Service, Sources,
    service::Headers,
    sql::{Db, DbOptions, Sql},
};
use octavo_engines::{Engine, Postgres, binary, shared};
use serde_json::{Value, json};

const CREATE: &str = "mutation($name: String!) { createGenre(name: $name, idempotencyKey: $name) {
    genre { id name version } problems { code ... on Unavailable { retryAfter } } } }";

async fn ask(service: &Service, query: &str, name: &str) -> Value {
    let body = json!({ "query": query, "variables": { "name": name } }).to_string();
    let start = Instant::now();
    let answer = service.answer(body.as_bytes(), Headers::default()).await;
    assert!(start.elapsed() < Duration::from_secs(8), "every call has a time limit: {:?}", start.elapsed());
    serde_json::from_slice(&answer).unwrap()
}

async fn says_that_it_is_away(service: &Service, name: &str) {
    let refused = ask(service, CREATE, name).await;
    let problems = &refused["data"]["createGenre"]["problems"];
    assert_eq!(*problems, json!([{ "code": "UNAVAILABLE", "retryAfter": 2 }]), "{refused}");
    let query = "query($name: String!) { genreByName(name: $name) { id } }";
    let refused = ask(service, query, name).await;
    assert_eq!(refused["data"], json!({ "genreByName": null }));
    assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{refused}");
    assert_eq!(refused["errors"][0]["message"], "the service cannot answer now");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_outlives_its_engine() {
    let mut postgres = Postgres::start().await.unwrap();
    let url = postgres.create_database("genres").await.unwrap();
    let service = lms_genres::open(&url, Sources::system()).await.unwrap();
    let first = ask(&service, CREATE, "Gothic").await;
    assert_eq!(first["data"]["createGenre"]["problems"], json!([]));

    let other = Db::open("other", &url, DbOptions::default()).await.unwrap();
    let mut holder = other.begin().await.unwrap();
    // Else the server ends it before both calls have waited in vain.
    holder.run(&Sql::new("SET LOCAL idle_in_transaction_session_timeout = 0")).await.unwrap();
    holder.run(&Sql::new("LOCK TABLE genres IN ACCESS EXCLUSIVE MODE")).await.unwrap();
    says_that_it_is_away(&service, "Stuck").await;
    drop(holder);
    assert_eq!(ask(&service, CREATE, "Gothic").await, first);
    assert_eq!(ask(&service, CREATE, "Stuck").await["data"]["createGenre"]["genre"]["version"], 1);

    postgres.kill9().unwrap();
    says_that_it_is_away(&service, "Killed").await;
    postgres.restart().await.unwrap();
    assert_eq!(ask(&service, CREATE, "Gothic").await, first, "the replay is the stored answer");
    assert_eq!(ask(&service, CREATE, "Killed").await["data"]["createGenre"]["genre"]["version"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_stays_away_is_not_waited_for() {
    let mut postgres = Postgres::start().await.unwrap();
    let url = postgres.create_database("genres").await.unwrap();
    let service = lms_genres::open(&url, Sources::system()).await.unwrap();
    assert_eq!(ask(&service, CREATE, "Gothic").await["data"]["createGenre"]["problems"], json!([]));
    postgres.kill9().unwrap();
    // A few calls wait in vain.
    let refused = async |name: String| {
        let began = Instant::now();
        let answer = ask(&service, CREATE, &name).await;
        assert_eq!(answer["data"]["createGenre"]["problems"][0]["code"], "UNAVAILABLE", "{answer}");
        began.elapsed()
    };
    let (mut waited, mut at_once) = (0, 0);
    // One that finds a connection which was lost is refused at once as well.
    while at_once < 3 {
        if refused(format!("Waiting {waited} {at_once}")).await > Duration::from_millis(500) {
            (waited, at_once) = (waited + 1, 0);
        } else {
            at_once += 1;
        }
        assert!(waited < 8, "each call waits for an engine that is away");
    }
    // Of those that come then, one is a probe after each pause, and pauses double: on a busy machine some pass meanwhile.
    let mut slow = 0;
    for number in 0..20 {
        slow += u32::from(refused(format!("Refused {number}")).await > Duration::from_millis(500));
    }
    assert!(slow <= 4, "{slow} of 20 calls waited");

    postgres.restart().await.unwrap();
    let back = Instant::now();
    while ask(&service, CREATE, "Back").await["data"]["createGenre"]["problems"] != json!([]) {
        assert!(back.elapsed() < Duration::from_secs(10), "it does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A genres process, killed when dropped.
struct Process {
    child: Child,
    url: String,
}

impl Process {
    fn start(database_url: &str) -> Self {
        let mut command = Command::new(binary("lms-genres").unwrap());
        command.args(["--listen", "127.0.0.1:0", "--database-url", database_url]).env_remove("RUST_LOG");
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.find(|line| line.as_ref().unwrap().contains("listening")).unwrap().unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
        Self { child, url }
    }

    async fn create(&self) -> String {
        let body = json!({ "query": CREATE, "variables": { "name": "Gothic" } });
        reqwest::Client::new().post(&self.url).json(&body).send().await.unwrap().text().await.unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_replay_after_kill_9_is_the_same_answer() {
    let url = shared::postgres_database("genres").await.unwrap();
    let running = Process::start(&url);
    let first = running.create().await;
    assert!(first.contains("\"version\":1"), "{first}");
    // Dropping it is kill -9.
    drop(running);
    assert_eq!(Process::start(&url).create().await, first);
}
