//! What cannot be started ends with one clear message, and a code that is not 0.

use std::fs;
use std::net::TcpListener;

use octavo_e2e::finish;
use tempfile::TempDir;

#[test]
fn each_command_says_in_one_line_why_it_cannot_start() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(at("file"), "no folder")?;
    fs::write(at("plain.graphql"), "type Query { a: Int }")?;
    fs::write(at("compose.yaml"), "subgraphs: [books]\n")?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let (file, nowhere, plain, config) = (at("file"), at("nowhere"), at("plain.graphql"), at("compose.yaml"));
    let (inside, database) = (at("file/library"), format!("sqlite:{}", at("books.sqlite")));
    let supergraph = "schema/supergraph.graphql";
    let cases: [(&str, &[&str], &str); 12] = [
        ("lms", &["--data", &inside, "--listen", "127.0.0.1:0"], "cannot be made"),
        ("lms", &["--data", &nowhere, "--listen", &address], &address),
        ("lms-books", &["--listen", "127.0.0.1:0"], "--database-url"),
        ("lms-books", &["--database-url", "mongodb://127.0.0.1:1/x", "--listen", "127.0.0.1:0"], "mongodb"),
        ("lms-books", &["--database-url", &database, "--listen", &address], &address),
        ("lms-students", &["--database-url", "nonsense", "--listen", "127.0.0.1:0"], "nonsense"),
        ("octavo", &["serve", "--supergraph", &nowhere], &nowhere),
        ("octavo", &["serve", "--supergraph", &plain, "--listen", "127.0.0.1:0"], "plain.graphql"),
        ("octavo", &["serve", "--supergraph", supergraph, "--listen", &address], &address),
        ("octavo", &["serve", "--supergraph", supergraph, "--config", &nowhere], &nowhere),
        ("octavo", &["compose", "--config", &config], "compose.yaml"),
        ("octavo", &["plan", "--supergraph", supergraph, "--operation", &file], "file"),
    ];
    for (command, arguments, word) in cases {
        let output = finish(command, arguments)?;
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{command} {arguments:?}");
        assert!(output.status.code().is_some(), "{command} {arguments:?} ended by a signal: {told}");
        assert_eq!(told.matches(&format!("{command}: ")).count(), 1, "{command} {arguments:?}: {told}");
        assert!(told.contains(word) && !told.contains("panicked"), "{command} {arguments:?}: {told}");
    }
    Ok(())
}
