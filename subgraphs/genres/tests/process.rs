//! The service as a process: how it starts, answers and stops.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lms-genres");

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_remove("DATABASE_URL").env_remove("LISTEN").env_remove("RUST_LOG");
    command
}

fn fails(arguments: &[&str]) -> String {
    let Output { status, stderr, stdout } = command(arguments).output().unwrap();
    let message = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{message}");
    assert!(stdout.is_empty());
    assert_eq!(message.lines().count(), 1, "one clear message: {message}");
    message
}

/// A running service, killed when dropped.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn start(database: &Path) -> Self {
        Self::on(&format!("sqlite:{}", database.display()))
    }

    fn on(url: &str) -> Self {
        let mut command = command(&["--listen", "127.0.0.1:0", "--database-url", url]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.find(|line| line.as_ref().unwrap().contains("listening")).unwrap().unwrap();
        // The rest is read, so that the process never waits for room in the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        Self { child, address }
    }

    /// Sends a request; the status and the body of the answer.
    fn request(&self, line: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{line} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn create(&self, name: &str) -> String {
        let query = format!(
            "mutation {{ createGenre(name: \\\"{name}\\\", idempotencyKey: \\\"{name}\\\") \
             {{ genre {{ id name version }} problems {{ code }} }} }}"
        );
        let (status, body) = self.request("POST /graphql", &format!("{{\"query\": \"{query}\"}}"));
        assert_eq!(status, 200, "{body}");
        body
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_sdl_is_printed_without_a_database() {
    let Output { status, stdout, .. } = command(&["--print-sdl"]).output().unwrap();
    let sdl = String::from_utf8(stdout).unwrap();
    assert!(status.success());
    assert!(sdl.starts_with("extend schema\n  @link("), "{sdl}");
    assert!(
        sdl.contains(
            "type Genre @key(fields: \"id\") @key(fields: \"nodeKey\") @key(fields: \"name\") @cacheControl("
        ),
        "{sdl}"
    );
    assert_eq!(sdl, lms_genres::sdl().unwrap());
}

#[test]
fn what_keeps_it_from_starting_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("genres.sqlite").display());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    assert!(fails(&["--listen", "127.0.0.1:0"]).contains("no database: give --database-url or DATABASE_URL"));
    assert!(
        fails(&["--database-url", &url, "--listen", &address])
            .contains(&format!("cannot listen on {address}"))
    );
    let free = ["--listen", "127.0.0.1:0", "--database-url"];
    let fails_on = |url: &str| fails(&[free[0], free[1], free[2], url]);
    assert!(fails_on("mysql://root:secret@localhost/x").contains("none of postgres, sqlite and mongodb"));
    assert!(
        fails_on("mongodb://localhost/x")
            .contains("genres does not run on mongodb; it runs on postgres and sqlite")
    );
    assert!(fails_on("sqlite:/no/such/folder/genres.sqlite").contains("cannot be opened"));
    let refused = fails_on("postgres://u:secret@127.0.0.1:1/x");
    assert!(refused.contains("postgres://u:***@127.0.0.1:1/x") && !refused.contains("secret"), "{refused}");
}

#[test]
fn it_answers_and_stops_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut running = Running::start(&folder.path().join("genres.sqlite"));
    assert_eq!(running.request("GET /health", "").0, 200);
    assert_eq!(running.request("GET /ready", ""), (200, "ready".to_owned()));
    running.create("Gothic");
    let (status, body) =
        running.request("GET /graphql?query=%7BgenreByName(name:%22gothic%22)%7Bname%7D%7D", "");
    assert_eq!((status, body.as_str()), (200, "{\"data\":{\"genreByName\":{\"name\":\"Gothic\"}}}"));
    let mutation = "GET /graphql?query=mutation%7BdeleteGenre(id:%22x%22,expectedVersion:1,idempotencyKey:%22k%22)%7B__typename%7D%7D";
    assert_eq!(running.request(mutation, "").0, 405);
    assert_eq!(running.request("POST /graphql", "{}").0, 400);
    assert_eq!(running.request("POST /graphql", "{\"query\": \"{\"}").0, 400);

    running.signal("-TERM");
    assert!(running.child.wait().unwrap().success());
}

#[test]
fn a_hostile_query_does_not_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("genres.sqlite"));
    for shape in ["[", "{a:", "{a:["] {
        let query = format!("{{genreByName(name:{}", shape.repeat(3000));
        let (status, body) = running.request("POST /graphql", &format!("{{\"query\": \"{query}\"}}"));
        assert_eq!(status, 400, "{body}");
        assert!(body.contains("nested more than"), "{body}");
    }
    assert_eq!(running.request("GET /health", "").0, 200);
}

#[test]
fn a_replay_after_kill_9_is_the_same_answer() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("genres.sqlite");
    let running = Running::start(&database);
    let first = running.create("Gothic");
    running.signal("-KILL");
    drop(running);
    let again = Running::start(&database);
    assert_eq!(again.create("Gothic"), first);
}

#[tokio::test]
async fn a_start_that_is_killed_in_the_middle_of_its_migrations_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", folder.path().join("genres.sqlite").display());
    for url in [sqlite, octavo_engines::shared::postgres_database("genres").await.unwrap()] {
        let mut dying = command(&["--listen", "127.0.0.1:0", "--database-url", &url]);
        let Output { status, .. } =
            dying.env("ABORT_AT", "migration.before_commit").stderr(Stdio::null()).output().unwrap();
        assert_eq!(status.code(), None, "{url}: it ended by a signal");
        let next = Running::on(&url);
        assert_eq!(next.request("GET /ready", ""), (200, "ready".to_owned()), "{url}");
        let (status, standing) = next.request("GET /migrations", "");
        assert_eq!((status, standing.matches("\"owner\":\"kit\"").count()), (200, 4), "{url}: {standing}");
        next.create("Gothic");
    }
}
