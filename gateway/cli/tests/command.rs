//! The binary as users run it: what it prints, and how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

const SUPERGRAPH: &str = r#"
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
directive @join__field(graph: join__Graph) repeatable on FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT
directive @link(url: String, for: link__Purpose) repeatable on SCHEMA
scalar join__FieldSet
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph { BOOKS @join__graph(name: "books", url: "http://127.0.0.1:9/") }
type Query @join__type(graph: BOOKS) { motto: String shelf(n: Int!): String }
"#;

/// A folder with files; the binary runs in it.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        desk.file("supergraph.graphql", SUPERGRAPH);
        desk
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    fn octavo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_octavo"));
        command.current_dir(self.0.path()).args(arguments).env_remove("OCTAVO_LOG");
        command
    }

    /// Runs to the end: exit code, standard output, standard error without log lines.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.octavo(arguments).output().expect("it starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let told = text(stderr);
        let told: Vec<_> = told.lines().filter(|line| !line.starts_with('{')).collect();
        (status.code().expect("no signal"), text(stdout), told.join("\n"))
    }
}

fn serve(more: &[&'static str]) -> Vec<&'static str> {
    [&["serve", "--supergraph", "supergraph.graphql", "--listen", "127.0.0.1:0"], more].concat()
}

#[test]
fn what_cannot_be_served_ends_with_one_message_that_names_it() {
    let desk = Desk::new();
    desk.file("plain.graphql", "type Query { a: Int }");
    desk.file("broken.graphql", "type Query {\n  a: Int");
    let configs = [
        ("unknown.yaml", "listen: 127.0.0.1:0\ncache:\n  redis:\n    uri: x\n"),
        ("subgraph.yaml", "subgraphs:\n  boks:\n    url: http://x/\n"),
        ("url.yaml", "subgraphs:\n  books:\n    url: nowhere\n"),
        ("header.yaml", "headers:\n  propagate: [\"a b\"]\n"),
        ("own.yaml", "headers:\n  propagate: [Content-Length]\n"),
        ("cors.yaml", "cors:\n  origins: [\"*\"]\n  credentials: true\n"),
        (
            "zero.yaml",
            "timeouts: {request: 0, waiting: 0}\nlimits: {depth: 0, in_flight: 0, waiting: 0}\ncache: {redis: {url: \"redis://x\", timeout_ms: 0}}\n",
        ),
        ("switch.yaml", "introspection: \"no\"\n"),
        ("redis.yaml", "cache:\n  redis:\n    url: \"http://user:secret@x\"\n"),
    ];
    for (name, text) in configs {
        desk.file(name, text);
    }
    let serve_of = |file| vec!["serve", "--listen", "127.0.0.1:0", "--supergraph", file];
    let cases: [(Vec<&str>, i32, &[&str]); 12] = [
        (serve_of("nowhere.graphql"), 2, &["nowhere.graphql cannot be read"]),
        (serve_of("plain.graphql"), 2, &["plain.graphql cannot be loaded", "no `enum join__Graph`"]),
        (serve_of("broken.graphql"), 2, &["broken.graphql:2:8", "syntax error"]),
        (
            serve(&["--config", "unknown.yaml"]),
            2,
            &["unknown.yaml is not valid: line 4", " unknown.yaml:4", "`uri`"],
        ),
        (serve(&["--config", "subgraph.yaml"]), 2, &["`boks`", "it has books"]),
        (serve(&["--config", "url.yaml"]), 2, &["`books`", "nowhere"]),
        (serve(&["--config", "header.yaml"]), 2, &["headers.propagate", "`a b`"]),
        (serve(&["--config", "own.yaml"]), 2, &["`content-length`"]),
        (serve(&["--config", "cors.yaml"]), 2, &["credentials"]),
        (
            serve(&["--config", "zero.yaml"]),
            2,
            &[
                "zero.yaml is not valid: timeouts.request, timeouts.waiting, limits.in_flight, limits.depth, \
                 cache.redis.timeout_ms: 0",
                "1 or more",
            ],
        ),
        (serve(&["--config", "switch.yaml"]), 2, &["switch.yaml:1:16", "true", "false"]),
        (serve(&["--config", "redis.yaml"]), 2, &["cache.redis.url"]),
    ];
    for (arguments, code, words) in cases {
        refused(&desk, &arguments, code, words);
    }
}

/// Ends with one message that has these words.
fn refused(desk: &Desk, arguments: &[&str], code: i32, words: &[&str]) {
    let (exit, out, told) = desk.run(arguments);
    assert_eq!((exit, out.as_str()), (code, ""), "{arguments:?}: {told}");
    assert_eq!(told.matches("octavo: ").count(), 1, "one message: {told}");
    assert!(words.iter().all(|word| told.contains(word)), "{words:?} in {told}");
    assert!(!told.contains("secret") && !told.contains("panicked"), "{told}");
}

#[cfg(feature = "pulsar")]
#[test]
fn a_wrong_place_to_hear_of_changes_is_named() {
    let desk = Desk::new();
    let topic = "topics: [\"persistent://a/b/c\"]";
    let cases: [(String, &[&str]); 5] = [
        (
            format!("url: \"http://user:secret@x\", {topic}"),
            &["cache.events.url", "neither pulsar:// nor pulsar+ssl://"],
        ),
        (
            format!("url: \"pulsar://u:secret@x\", {topic}"),
            &["cache.events.url", "HOST:PORT and nothing else"],
        ),
        (
            "url: \"pulsar://x:6650\", topics: [\"a/b/c\"]".to_owned(),
            &["cache.events.topics", "`a/b/c`", "persistent://TENANT"],
        ),
        ("url: \"pulsar://x:6650\", topics: []".to_owned(), &["cache.events.topics", "no topic"]),
        (
            format!("url: \"pulsar://x\", {topic}, token_file: gone"),
            &["cache.events.token_file gone cannot be read"],
        ),
    ];
    for (events, words) in cases {
        desk.file("events.yaml", &format!("cache: {{events: {{{events}}}}}\n"));
        refused(&desk, &serve(&["--config", "events.yaml"]), 2, words);
    }
}

#[cfg(not(feature = "pulsar"))]
#[test]
fn a_program_without_pulsar_says_so() {
    let desk = Desk::new();
    desk.file(
        "events.yaml",
        "cache: {events: {url: \"pulsar://x:6650\", topics: [\"persistent://a/b/c\"]}}\n",
    );
    refused(&desk, &serve(&["--config", "events.yaml"]), 2, &["cache.events", "built without Pulsar"]);
}

#[test]
fn what_a_supergraph_asks_of_a_gateway_and_is_not_followed_is_refused() {
    let desk = Desk::new();
    desk.file("old.graphql", &SUPERGRAPH.replace("join/v0.3", "join/v0.1"));
    let connect = " @link(url: \"https://specs.apollo.dev/connect/v0.3\", for: EXECUTION) { query";
    desk.file("connect.graphql", &SUPERGRAPH.replace(" { query", connect));
    let named = " @link(url: \"https://specs.example/owner/v1.0\") { query";
    desk.file("named.graphql", &SUPERGRAPH.replace(" { query", named));
    desk.file("operation.graphql", "{ motto }");
    let unfollowed =
        ["UNSUPPORTED_LINKED_FEATURE", "`https://specs.apollo.dev/connect/v0.3`", "--> connect.graphql:2:"];
    let cases: [(&str, i32, &[&str]); 3] = [
        ("old.graphql", 2, &["Federation 1", "compose the subgraphs anew"]),
        ("connect.graphql", 2, &unfollowed),
        ("named.graphql", 0, &[]),
    ];
    for (supergraph, code, words) in cases {
        let asked = ["plan", "--supergraph", supergraph, "--operation", "operation.graphql"];
        let (exit, _, told) = desk.run(&asked);
        assert_eq!(exit, code, "{supergraph}: {told}");
        assert!(words.iter().all(|word| told.contains(word)), "{words:?} in {told}");
    }
}

#[test]
fn a_taken_port_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let arguments = ["serve", "--supergraph", "supergraph.graphql", "--listen", &address];
    let (exit, _, told) = Desk::new().run(&arguments);
    assert_eq!(exit, 3, "{told}");
    assert!(told.contains(&address) && told.contains("in use"), "{told}");
}

/// A running server; killed when dropped.
struct Server {
    process: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended, as most tests want.
        let _ = self.process.kill();
    }
}

fn start(desk: &Desk, more: &[&'static str]) -> Server {
    let mut process = desk.octavo(&serve(more)).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(process.stderr.take().expect("piped")).lines();
    let line =
        lines.find_map(|line| line.ok().filter(|line| line.contains("http://"))).expect("it says where");
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    Server { address: address.to_owned(), process }
}

fn post(address: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n";
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[cfg(unix)]
#[test]
fn both_signals_stop_the_server_with_success() {
    for signal in ["-INT", "-TERM"] {
        let desk = Desk::new();
        let mut server = start(&desk, &[]);
        assert!(
            post(&server.address, r#"{"query":"{ __typename }"}"#)
                .contains(r#"{"data":{"__typename":"Query"}}"#)
        );
        let killed = Command::new("kill").args([signal, &server.process.id().to_string()]).status();
        assert!(killed.expect("kill is there").success());
        let start = Instant::now();
        let status = loop {
            if let Some(status) = server.process.try_wait().expect("a child") {
                break status;
            }
            assert!(start.elapsed() < Duration::from_secs(5), "{signal} does not end it");
            std::thread::sleep(Duration::from_millis(20));
        };
        assert!(status.success(), "{signal}: {status}");
    }
}

#[test]
fn a_subgraph_that_is_away_is_an_error_that_names_no_host() {
    let server = start(&Desk::new(), &[]);
    let answer = post(&server.address, r#"{"query":"{ motto }"}"#);
    assert!(
        answer.contains(r#""data":{"motto":null}"#) && answer.contains("SUBREQUEST_HTTP_ERROR"),
        "{answer}"
    );
    assert!(!answer.contains("127.0.0.1:9"), "{answer}");
}

#[test]
fn redis_away_at_the_start_fails_no_request() {
    let desk = Desk::new();
    desk.file("redis.yaml", "cache:\n  redis:\n    url: redis://127.0.0.1:9\n");
    let server = start(&desk, &["--config", "redis.yaml"]);
    assert!(
        post(&server.address, r#"{"query":"{ __typename }"}"#).contains(r#"{"data":{"__typename":"Query"}}"#)
    );
}

fn plan(desk: &Desk, operation: &str, more: &[&str]) -> (i32, String, String) {
    let file = desk.file("operation.graphql", operation);
    let file = file.file_name().map(Path::new).expect("a name").display().to_string();
    desk.run(&[&["plan", "--supergraph", "supergraph.graphql", "--operation", &file], more].concat())
}

#[test]
fn plans_are_printed_as_text_and_as_json() {
    let desk = Desk::new();
    let (exit, text, _) = plan(&desk, "{ motto }", &[]);
    let expected = "QueryPlan {\n  Fetch(service: \"books\") {\n    {\n      motto\n    }\n  },\n}\n";
    assert_eq!((exit, text.as_str()), (0, expected));
    let (exit, json, _) =
        plan(&desk, "query A { motto } query B { x: motto }", &["--operation-name", "A", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((exit, &json["node"]["serviceName"]), (0, &"books".into()));
}

/// Books of one subgraph, with what one or two others know of each.
const SHELVES: &str = r#"
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) {
  query: Query
}
enum join__Graph {
  BOOKS @join__graph(name: "books", url: "") HALL @join__graph(name: "hall", url: "") DESK @join__graph(name: "desk", url: "")
}
type Query @join__type(graph: BOOKS) { best: [Book] }
type Book @join__type(graph: BOOKS, key: "isbn") @join__type(graph: HALL, key: "isbn") @join__type(graph: DESK, key: "isbn") {
  isbn: ID
  title: String @join__field(graph: BOOKS)
  shelf: String @join__field(graph: HALL) @join__field(graph: DESK)
  waiting: Int @join__field(graph: DESK)
}
"#;

fn plan_of_shelves(more: &[&str]) -> String {
    plan_on_shelves("{ top: best { title shelf waiting } }", more)
}

fn plan_on_shelves(operation: &str, more: &[&str]) -> String {
    let desk = Desk::new();
    desk.file("shelves.graphql", SHELVES);
    desk.file("best.graphql", operation);
    let files = ["plan", "--supergraph", "shelves.graphql", "--operation", "best.graphql"];
    let (exit, out, told) = desk.run(&[&files, more].concat());
    assert_eq!(exit, 0, "{told}");
    out
}

#[test]
fn a_plan_is_explained_request_by_request() {
    let out = plan_of_shelves(&["--explain"]);
    let told: Vec<_> = out.lines().skip_while(|line| *line != "1. books").collect();
    let expected = [
        "1. books",
        "   answers top.@.title",
        "2. desk, after 1",
        "   looks up top.@ by isbn",
        "   answers top.@.shelf, top.@.waiting",
    ];
    assert_eq!(told, expected, "who knows the shelf need not be weighed where the desk is asked anyway");
}

#[test]
fn what_else_was_weighed_is_told_with_its_cost() {
    let out = plan_on_shelves("{ best { shelf } }", &["--explain"]);
    let weighed = out.lines().last().expect("lines");
    assert_eq!(weighed, "   Book.shelf of hall; weighed: hall 1020, desk 1020");
    let out = plan_on_shelves("{ best { shelf } }", &["--explain", "--format", "json"]);
    let out: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let considered = &out["explanation"][1]["considered"][0];
    assert_eq!((&considered["taken"], &considered["field"]), (&"hall".into(), &"Book.shelf".into()));
    assert_eq!(considered["options"][1], json!({ "subgraph": "desk", "cost": 1020 }));
}

#[test]
fn an_explained_plan_is_still_the_conventional_one() {
    let [plain, explained] = [&["--format", "json"][..], &["--format", "json", "--explain"]].map(|more| {
        let json: serde_json::Value = serde_json::from_str(&plan_of_shelves(more)).expect("JSON");
        json
    });
    assert_eq!((&plain["node"], &plain["kind"]), (&explained["node"], &"QueryPlan".into()));
    let second = &explained["explanation"][1];
    assert_eq!((&second["serviceName"], &second["after"]), (&"desk".into(), &json!([1])));
    assert_eq!(second["keys"], json!([{ "path": "top.@", "fields": ["isbn"] }]));
    assert_eq!(second["serves"], json!(["top.@.shelf", "top.@.waiting"]));
    assert_eq!(plain["explanation"], serde_json::Value::Null);
}

#[test]
fn a_plan_is_drawn_as_a_flowchart() {
    let expected = "flowchart LR\n  f1[\"1. books\"]\n  f2[\"2. desk<br/>top.@\"]\n  f1 -->|\"isbn\"| f2\n";
    assert_eq!(plan_of_shelves(&["--format", "mermaid"]), expected);
    let explained = plan_of_shelves(&["--format", "mermaid", "--explain"]);
    let comments = explained.strip_prefix(expected).expect("the flowchart first");
    assert!(!comments.is_empty() && comments.lines().all(|line| line.starts_with("%% ")), "{comments}");
}

#[test]
fn an_invalid_operation_is_refused_with_its_place() {
    let desk = Desk::new();
    let cases: [(&str, &[&str], &[&str]); 4] = [
        ("{\n  motto\n  nope\n}", &[], &["operation.graphql:3:3", "`nope`"]),
        ("{ motto", &[], &["operation.graphql:1:", "syntax error"]),
        ("{ shelf }", &[], &["operation.graphql:1:3", "Query.shelf(n:)"]),
        ("query A { motto }", &["--operation-name", "B"], &["--operation-name", "'B'"]),
    ];
    for (operation, more, words) in cases {
        let (exit, out, told) = plan(&desk, operation, more);
        assert_eq!((exit, out.as_str()), (1, ""), "{operation}");
        assert!(words.iter().all(|word| told.contains(word)), "{words:?} in {told}");
    }
}

#[test]
fn a_program_reads_why_an_operation_has_no_plan() {
    let desk = Desk::new();
    let cases = [
        ("{\n  motto\n  nope\n}", "GRAPHQL_VALIDATION_FAILED", json!([{ "line": 3, "column": 3 }])),
        ("{ motto", "GRAPHQL_PARSE_FAILED", json!([{ "line": 1, "column": 8 }])),
        ("query A { motto } query B { motto }", "OPERATION_RESOLUTION_FAILURE", json!([])),
    ];
    for (operation, code, locations) in cases {
        let (exit, out, told) = plan(&desk, operation, &["--format", "json"]);
        let out: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        let errors = out["errors"].as_array().expect("a list");
        assert_eq!((exit, errors.len()), (1, 1), "{out}");
        assert_eq!((&errors[0]["code"], &errors[0]["locations"]), (&code.into(), &locations), "{out}");
        assert!(told.starts_with("octavo: ") && told.lines().count() == 1, "{told}");
    }
}

#[test]
fn an_unknown_key_of_a_composition_is_refused_with_its_place() {
    let desk = Desk::new();
    desk.file("books.graphql", "type Query { motto: String }");
    let yaml = |key: &str| {
        format!(
            "federation_version: =2.9.0\nsubgraphs:\n  books:\n    {key}: http://books\n    schema:\n      file: books.graphql\n"
        )
    };
    desk.file("good.yaml", &yaml("routing_url"));
    desk.file("bad.yaml", &yaml("rooting_url"));
    let (exit, _, told) = desk.run(&["compose", "--config", "good.yaml", "--output", "out.graphql"]);
    assert_eq!(exit, 0, "{told}");
    let (exit, _, told) = desk.run(&["compose", "--config", "bad.yaml", "--output", "out.graphql"]);
    assert_eq!(exit, 2, "{told}");
    assert!(told.contains("rooting_url") && told.contains("bad.yaml:4"), "{told}");
}

#[test]
fn the_help_says_what_the_command_is() {
    let (exit, out, _) = Desk::new().run(&["--help"]);
    assert!(exit == 0 && out.starts_with("A GraphQL federation gateway\n"), "{out}");
}
