//! What `octavo compose` says, and where.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Exit code, standard output and standard error.
fn compose(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octavo"));
    let output = command.current_dir(folder).arg("compose").args(arguments).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("no signal"), text(output.stdout), text(output.stderr))
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

const LINK: &str =
    "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\"])\n";

#[test]
fn a_supergraph_given_as_a_subgraph_is_one_finding() {
    let folder =
        folder(&[("one.graphql", "type Query { a: Int }"), ("two.graphql", "type Query { b: Int }")]);
    let at = folder.path();
    let (exit, _, told) = compose(at, &["one=one.graphql", "two=two.graphql", "--output", "all.graphql"]);
    assert_eq!((exit, told.as_str()), (0, ""));
    let (exit, out, told) = compose(at, &["all=all.graphql"]);
    assert_eq!((exit, out.as_str()), (1, ""));
    assert_eq!(told.matches("error[").count(), 1, "{told}");
    assert!(
        told.contains("error[INVALID_GRAPHQL]: `all` is a supergraph") && told.contains("serve it as it is"),
        "{told}"
    );
    assert!(told.contains("all.graphql") || told.contains("--> all:"), "{told}");
    assert!(!told.contains("hint["), "{told}");
}

#[test]
fn who_gives_nothing_is_told_what_to_give() {
    let folder = folder(&[("empty.graphql", " \n"), ("one.graphql", "type Query { a: Int }")]);
    let (exit, _, told) = compose(folder.path(), &[]);
    assert_eq!(exit, 2, "{told}");
    assert!(told.contains("NAME=FILE[=URL]") && told.contains("--config"), "{told}");
    let (exit, _, told) = compose(folder.path(), &["nothing=empty.graphql", "one=one.graphql"]);
    assert_eq!((exit, told.matches("error[").count()), (1, 1), "{told}");
    assert!(told.contains("error[INVALID_GRAPHQL]: the schema of subgraph `nothing` is empty"), "{told}");
}

#[test]
fn errors_come_before_hints() {
    let one = format!(
        "{LINK}type Query {{ \"One\" t: T }} \"One\" type T @key(fields: \"id\") {{ id: ID! }} enum Unused {{ A }}"
    );
    let two = format!("{LINK}\"Two\" type T @key(fields: \"id\") {{ id: ID! same: Int }}");
    let three = format!("{LINK}\"Three\" type T @key(fields: \"id\") {{ id: ID! same: Int }}");
    let folder = folder(&[("one.graphql", &one), ("two.graphql", &two), ("three.graphql", &three)]);
    let subgraphs = ["one=one.graphql", "two=two.graphql", "three=three.graphql"];
    let (exit, _, told) = compose(folder.path(), &subgraphs);
    assert_eq!(exit, 1, "{told}");
    let (last_error, first_hint) =
        (told.rfind("error[").expect("an error"), told.find("hint[").expect("a hint"));
    assert!(last_error < first_hint, "{told}");
}

#[test]
fn findings_for_programs_stand_alone_on_standard_output() {
    let folder = folder(&[("one.graphql", "type Query { a: Int } enum Unused { A }")]);
    let at = folder.path();
    let (exit, out, told) = compose(at, &["one=one.graphql", "--format", "json"]);
    assert_eq!((exit, told.as_str()), (0, ""));
    let findings: Value = serde_json::from_str(&out).expect("JSON and nothing else");
    assert!(findings.to_string().contains("UNUSED_ENUM_TYPE"), "{findings}");
    let (_, again, _) = compose(at, &["one=one.graphql", "--format", "json", "--output", "all.graphql"]);
    assert_eq!(again, out, "a file for the supergraph changes nothing in what is printed");
    assert!(std::fs::read_to_string(at.join("all.graphql")).expect("a supergraph").contains("join__Graph"));
}

const BOOKS: &str = "type Query { book: Int }";

/// Composes by a configuration whose only subgraph says this of its schema.
fn configured(schema: &str) -> (i32, String, String) {
    let config = format!("subgraphs:\n  books:\n    schema: {schema}\n");
    let folder = folder(&[("books.graphql", BOOKS), ("supergraph.yaml", &config)]);
    compose(folder.path(), &["--config", "supergraph.yaml"])
}

#[test]
fn a_schema_is_a_file_or_stands_in_the_configuration() {
    for schema in
        ["{ file: books.graphql }", "\n      sdl: |\n        type Query {\n          book: Int\n        }"]
    {
        let (exit, supergraph, told) = configured(schema);
        assert!(exit == 0 && supergraph.contains("book: Int"), "{schema}: {told}");
    }
    let (exit, _, told) = configured("{ sdl: 'type Query { book: Boook }' }");
    assert!(exit == 1 && told.contains("--> books:1:20"), "{told}");
}

#[test]
fn a_schema_in_another_form_is_refused_with_the_right_one() {
    let cases = [
        ("books.graphql", "`schema: { file: books.graphql }`"),
        ("\"type Query {\\n book: Int }\"", "`schema: { sdl: … }`"),
        ("{ subgraph_url: 'http://localhost:4001' }", "never asked for over the network"),
        ("{ graphref: library@current, subgraph: books }", "`graphref`"),
        ("{ subgraph: books }", "never asked for over the network"),
        ("{ file: books.graphql, sdl: 'type Query { book: Int }' }", "either"),
        ("{}", "either"),
        ("7", "`schema: { file: PATH }`"),
    ];
    for (schema, words) in cases {
        let (exit, out, told) = configured(schema);
        assert_eq!((exit, out.as_str()), (2, ""), "{schema}: {told}");
        assert!(told.contains(words) && told.contains("supergraph.yaml:3"), "{schema}: {words} in {told}");
    }
}
