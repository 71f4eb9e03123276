//! The library as its first user meets it: started, asked, stopped, started again.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// Started, its output read up to the line that says that it is open.
struct Library {
    process: Child,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
    said: Vec<String>,
}

impl Library {
    fn start(data: &Path) -> Self {
        let address = octavo_engines::free_address().unwrap();
        let mut process = command(data, address).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.starts_with("The library is open")) {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "it ended after {said:?}");
            said.push(line.trim_end().to_owned());
        }
        Self { process, output, address, said }
    }

    fn ask(&self, query: &str) -> Value {
        let body = json!({ "query": query }).to_string();
        let mut connection = TcpStream::connect(self.address).unwrap();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n",
            self.address,
            body.len()
        );
        connection.write_all((head + &body).as_bytes()).unwrap();
        let mut response = String::new();
        connection.read_to_string(&mut response).unwrap();
        let (_, answer) = response.split_once("\r\n\r\n").unwrap();
        let answer: Value = serde_json::from_str(answer).unwrap();
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"].clone()
    }

    /// Asks it to stop as Ctrl-C does; what it printed after it was open.
    fn stop(mut self) -> String {
        let begun = Instant::now();
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert!(self.process.wait().unwrap().success());
        assert!(begun.elapsed() < Duration::from_secs(10));
        rest
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // Already gone if it was stopped.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(data: &Path, address: SocketAddr) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lms"));
    command.arg("--data").arg(data).args(["--listen", &address.to_string()]);
    command
}

#[test]
fn a_library_opens_with_its_sample_and_keeps_what_is_added() {
    let folder = tempfile::tempdir().unwrap();
    let first = Library::start(folder.path());
    assert!(
        first.said[0].starts_with("Loading the sample library: 31 genres, 404 authors"),
        "{:?}",
        first.said
    );
    let suggested =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/suggested.graphql")).unwrap();
    let shelf = first.ask(&suggested);
    let book = &shelf["books"]["edges"][0]["node"];
    let comment = &book["comments"]["edges"][0]["node"];
    for (service, value) in [
        ("books", &book["title"]),
        ("genres", &book["genre"]["name"]),
        ("authors", &book["authors"][0]["name"]),
        ("students", &comment["comment"]),
        ("users", &comment["student"]["user"]["username"]),
    ] {
        assert!(value.is_string(), "{service} is missing in {book}");
    }
    let suggestions = first.ask("{ student(studentNumber: \"2021/1\") { suggestions { title } } }");
    assert_eq!(suggestions["student"]["suggestions"].as_array().unwrap().len(), 5);
    first.ask(
        "mutation { addComment(studentNumber: \"2021/2\", isbn: \"9780439023481\", comment: \"Grüße 😀\",
            grade: 9, idempotencyKey: \"k\") { problems { message } } }",
    );
    assert!(first.stop().ends_with(&suggested), "a query to try is printed");

    let second = Library::start(folder.path());
    assert_eq!(second.said.len(), 1, "the sample is not loaded again");
    let kept =
        second.ask("{ book(isbn: \"9780439023481\") { comments(first: 1) { edges { node { comment } } } } }");
    assert_eq!(kept["book"]["comments"]["edges"][0]["node"]["comment"], "Grüße 😀");
    second.stop();
}

#[test]
fn a_port_that_is_taken_is_one_clear_message() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = command(folder.path(), taken.local_addr().unwrap());
    let output = command.stderr(Stdio::piped()).output().unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("cannot be listened on; give another with --listen"), "{message}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn what_is_wrong_with_a_database_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("books.sqlite"), [b'x'; 9000]).unwrap();
    let free = octavo_engines::free_address().unwrap();
    let output = command(folder.path(), free).stderr(Stdio::piped()).output().unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("books.sqlite` cannot be opened"), "{message}");
    assert_eq!(message.matches("file is not a database").count(), 1, "{message}");
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_folder_of_a_library() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("of/mine");
    let free = octavo_engines::free_address().unwrap();
    let mut process = command(&data, free).arg("--empty").stdout(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while !data.is_dir() && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let mode = std::fs::metadata(&data).unwrap().permissions().mode();
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(mode & 0o777, 0o700);
}
