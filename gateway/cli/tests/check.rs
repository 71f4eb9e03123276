//! `octavo check` as a pipeline runs it: in a folder with a repository, with every format and every way to end.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const BOOKS: &str = "type Query { book: Book }\ntype Book { title: String pages: Int }\n";
const CONFIG: &str =
    "subgraphs:\n  books:\n    routing_url: http://127.0.0.1:9/\n    schema: { file: books.graphql }\n";

/// A folder that is a repository with one commit: `schema/` with one subgraph and one operation.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        desk.file("schema/supergraph.yaml", CONFIG);
        desk.file("schema/books.graphql", BOOKS);
        desk.file("schema/operations/deep/title.graphql", "query Title { book { title } }\n");
        for arguments in [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "-m", "first"]] {
            let git = Command::new("git")
                .current_dir(desk.0.path())
                .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"])
                .args(arguments)
                .status();
            assert!(git.expect("git starts").success(), "{arguments:?}");
        }
        desk
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// Exit code, standard output, standard error.
    fn check(&self, arguments: &[&str]) -> (i32, String, String) {
        check_in(self.0.path(), arguments)
    }
}

fn check_in(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let run =
        Command::new(env!("CARGO_BIN_EXE_octavo")).current_dir(folder).arg("check").args(arguments).output();
    let Output { status, stdout, stderr } = run.expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("no signal"), text(stdout), text(stderr))
}

#[test]
fn nothing_changed_is_clean_from_wherever_it_is_asked() {
    let desk = Desk::new();
    let clean = "changes: 0 breaking, 0 dangerous, 0 safe; operation files: 1, 0 of them invalid\n";
    assert_eq!(desk.check(&["--against", "git:HEAD"]), (0, clean.to_owned(), String::new()));
    let inside = desk.0.path().join("schema");
    let asked = ["--config", "supergraph.yaml", "--against", "git:HEAD"];
    assert_eq!(check_in(&inside, &asked), (0, clean.to_owned(), String::new()));
}

#[test]
fn a_removed_field_and_the_operation_that_asks_for_it_are_shown_where_they_stand() {
    let desk = Desk::new();
    desk.file("schema/books.graphql", "type Query { book: Book }\ntype Book { pages: Int isbn: ID }\n");
    let (exit, out, told) = desk.check(&["--against", "git:HEAD"]);
    assert_eq!(exit, 1, "{out}{told}");
    for words in [
        "error[FIELD_REMOVED]: the field `Book.title` was removed",
        "--> schema/books.graphql:2:6",
        "error[GRAPHQL_VALIDATION_FAILED]",
        "--> schema/operations/deep/title.graphql:1:22",
        "safe[FIELD_ADDED]: the field `Book.isbn` was added (schema/books.graphql:2:24)\n",
        "dangerous[FIELD_REMOVED]: books: the field `Book.title` was removed (schema/books.graphql:2:6)\n",
        "changes: 1 breaking, 1 dangerous, 2 safe; operation files: 1, 1 of them invalid",
    ] {
        assert!(out.contains(words), "{words} in {out}");
    }
    assert!(told.contains("octavo: the change breaks clients: changes: 1 breaking"), "{told}");
}

#[test]
fn an_operation_that_was_never_valid_is_no_fault_of_the_change() {
    let desk = Desk::new();
    desk.file("schema/operations/wrong.graphql", "query Wrong { book { colour } }\n");
    let (exit, out, told) = desk.check(&["--against", "git:HEAD"]);
    assert_eq!(exit, 1, "{out}{told}");
    assert!(told.contains("octavo: operations of clients are not valid: changes: 0 breaking"), "{told}");
}

#[test]
fn what_is_dangerous_is_told_and_passes() {
    let desk = Desk::new();
    desk.file("schema/books.graphql", &BOOKS.replace("book:", "book(isbn: ID):"));
    let (exit, out, _) = desk.check(&["--against", "git:HEAD", "--format", "github"]);
    assert_eq!(exit, 0, "{out}");
    let place = "file=schema/books.graphql,line=1,col=19,endLine=1,endColumn=23";
    let line = format!("::warning {place},title=OPTIONAL_ARG_ADDED::the argument `Query.book(isbn%3A)`");
    assert!(out.contains(&line.replace("%3A", ":")), "{out}");
}

#[test]
fn programs_get_every_change_with_its_place() {
    let desk = Desk::new();
    desk.file("schema/books.graphql", &BOOKS.replace("pages: Int", "pages: String"));
    let (exit, out, _) = desk.check(&["--against", "git:HEAD", "--format", "json"]);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((exit, &report["breaking"], &report["dangerous"]), (1, &1.into(), &1.into()));
    let change = &report["changes"][0];
    let location = serde_json::json!({
        "file": "schema/books.graphql", "line": 2, "column": 27, "endLine": 2, "endColumn": 32,
    });
    assert_eq!(change["code"], "FIELD_CHANGED_KIND");
    assert_eq!(change["coordinate"], "Book.pages");
    assert_eq!((&change["subgraph"], &change["locations"][0]), (&Value::Null, &location));
    assert_eq!(report["operations"]["invalid"], 0);
}

#[test]
fn subgraphs_that_do_not_compose_are_findings() {
    let desk = Desk::new();
    desk.file("schema/books.graphql", "type Query { book: Boook }\n");
    let (exit, out, _) = desk.check(&["--against", "git:HEAD", "--format", "json"]);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((exit, &report["errors"][0]["locations"][0]["file"]), (1, &"schema/books.graphql".into()));
    let (exit, out, told) = desk.check(&["--against", "git:HEAD"]);
    assert!(
        exit == 1 && out.contains("schema/books.graphql:1:20") && told.contains("do not compose"),
        "{out}{told}"
    );
}

#[test]
fn another_folder_a_configuration_a_supergraph_and_a_client_schema_can_be_compared_with() {
    let desk = Desk::new();
    desk.file("old/supergraph.yaml", CONFIG);
    desk.file("old/books.graphql", &BOOKS.replace("pages", "length"));
    let compose = Command::new(env!("CARGO_BIN_EXE_octavo"))
        .current_dir(desk.0.path().join("old"))
        .args(["compose", "--config", "supergraph.yaml", "--output", "supergraph.graphql"])
        .status();
    assert!(compose.expect("it starts").success());
    desk.file("old/api.graphql", &BOOKS.replace("pages", "length"));
    for against in ["old", "old/supergraph.yaml", "old/supergraph.graphql", "old/api.graphql"] {
        let (exit, out, _) = desk.check(&["--against", against]);
        assert!(exit == 1 && out.contains("the field `Book.length` was removed"), "{against}: {out}");
    }
}

#[test]
fn what_cannot_be_compared_with_is_said_in_one_message() {
    let desk = Desk::new();
    desk.file("bad/supergraph.yaml", CONFIG);
    desk.file("bad/books.graphql", "type Query { book: Boook }\n");
    desk.file("bad/text.graphql", "type Query {\n  a Int }");
    let cases: [(&[&str], i32, &str); 7] = [
        (&["--against", "git:nowhere"], 2, "the revision `nowhere` is not known"),
        (&["--against", "git:--version"], 2, "the revision `--version`"),
        (&["--against", "nowhere.graphql"], 2, "nowhere.graphql cannot be read"),
        (&["--against", "bad"], 2, "the subgraphs of bad do not compose"),
        (&["--against", "bad/text.graphql"], 2, "bad/text.graphql:2:"),
        (&["--against", "git:HEAD", "--operations", "nowhere"], 2, "operations nowhere is not there"),
        (&[], 2, "--against"),
    ];
    for (arguments, code, words) in cases {
        let (exit, out, told) = desk.check(arguments);
        assert_eq!((exit, out.as_str()), (code, ""), "{arguments:?}: {told}");
        assert!(told.contains(words) && !told.contains("panicked"), "{words} in {told}");
    }
    desk.file("schema/more.graphql", "type Query { more: Int }");
    desk.file("schema/supergraph.yaml", &format!("{CONFIG}  more:\n    schema: {{ file: more.graphql }}\n"));
    let (exit, out, _) = desk.check(&["--against", "git:HEAD"]);
    assert!(exit == 0 && out.contains("safe[SUBGRAPH_ADDED]: more: the subgraph was added"), "{out}");
}
