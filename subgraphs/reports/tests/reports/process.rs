//! The service as a process.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lms-reports");

/// A running service, killed when dropped.
pub(crate) struct Running {
    child: Child,
    address: String,
}

fn command(arguments: &[String]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments);
    for name in ["DATABASE_URL", "LISTEN", "RUST_LOG", "BUS_URL", "PEER_TOKEN", "JWKS"] {
        command.env_remove(name);
    }
    command
}

fn arguments(url: &str) -> Vec<String> {
    ["--listen", "127.0.0.1:0", "--database-url", url].map(str::to_owned).to_vec()
}

impl Running {
    pub(crate) fn start(url: &str, more: &[String]) -> Self {
        let mut command = command(&[arguments(url), more.to_vec()].concat());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.find(|line| line.as_ref().unwrap().contains("listening")).unwrap().unwrap();
        // The rest is read, so that the process never waits for room in the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        Self { child, address }
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fails(url: &str) -> String {
    let Output { status, stderr, .. } = command(&arguments(url)).output().unwrap();
    let message = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{message}");
    assert_eq!(message.lines().count(), 1, "one clear message: {message}");
    message
}

fn url(folder: &Path) -> String {
    format!("tantivy:{}", folder.display())
}

#[test]
fn it_is_ready_once_its_index_is_there_and_has_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let url = url(&folder.path().join("in/reports.index"));
    let running = Running::start(&url, &[]);
    assert!(running.get("/health").starts_with("HTTP/1.1 200"));
    assert!(running.get("/ready").starts_with("HTTP/1.1 200"), "{}", running.get("/ready"));
    let second = fails(&url);
    assert!(second.contains("cannot be opened: another process has it open"), "{second}");
    running.kill();
    // A lock of a process that was killed is nobody's.
    drop(Running::start(&url, &[]));
}

#[test]
fn what_keeps_it_from_starting_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        fails("postgres://root:secret@h/d").contains("reports does not run on postgres; it runs on tantivy")
    );
    assert!(fails("tantivy:").contains("a path is missing after the scheme"));
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    assert!(fails(&url(&file)).contains("cannot be opened: "));

    // An index of somebody else's.
    let other = folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let mut schema = tantivy::schema::Schema::builder();
    schema.add_text_field("title", tantivy::schema::TEXT);
    drop(tantivy::Index::create_in_dir(&other, schema.build()).unwrap());
    let message = fails(&url(&other));
    assert!(message.contains("has other fields: remove the folder, and all is heard again"), "{message}");
}

#[test]
fn the_sdl_is_printed_without_a_database() {
    let Output { status, stdout, .. } = command(&["--print-sdl".to_owned()]).output().unwrap();
    assert!(status.success());
    assert_eq!(String::from_utf8(stdout).unwrap(), lms_reports::sdl().unwrap());
}
