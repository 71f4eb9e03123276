//! `octavo compose` with contracts: by flags and by the configuration, and planned by what comes out.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const BOOKS: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@tag"])
type Query { book: Book invoices: Int @tag(name: "internal") }
type Book @key(fields: "isbn") { isbn: ID! @tag(name: "internal") title: String @tag(name: "public") }
"#;
const STOCK: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
type Book @key(fields: "isbn") { isbn: ID! count: Int }
"#;
const CONFIG: &str = "
subgraphs:
  books: { schema: { file: books.graphql } }
  stock: { schema: { file: stock.graphql } }
contracts:
  outside:
    exclude_tags: [internal]
    output: outside.graphql
  everything:
    hide_unreachable_types: true
    output: everything.graphql
";

fn desk() -> TempDir {
    let desk = tempfile::tempdir().expect("a folder");
    for (name, text) in [("books.graphql", BOOKS), ("stock.graphql", STOCK), ("supergraph.yaml", CONFIG)] {
        std::fs::write(desk.path().join(name), text).expect("a file");
    }
    desk
}

fn octavo(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_octavo")).current_dir(folder).args(arguments).output();
    let Output { status, stdout, stderr } = run.expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("no signal"), text(stdout), text(stderr))
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("a file")
}

#[test]
fn a_configuration_gives_each_contract_a_file_beside_the_whole() {
    let desk = desk();
    let folder = desk.path();
    let run = octavo(folder, &["compose", "--config", "supergraph.yaml", "--output", "whole.graphql"]);
    assert_eq!(run.0, 0, "{run:?}");
    let hidden = "@inaccessible";
    assert!(!read(folder, "whole.graphql").contains(hidden));
    assert!(!read(folder, "everything.graphql").contains(&format!("isbn: ID! {hidden}")));
    let outside = read(folder, "outside.graphql");
    assert!(outside.contains(hidden) && outside.contains("invoices: Int"), "{outside}");
    let operations =
        [("{ book { title count } }", 0, "isbn"), ("{ book { isbn } }", 1, ""), ("{ invoices }", 1, "")];
    for (operation, exit, words) in operations {
        std::fs::write(folder.join("operation.graphql"), operation).expect("a file");
        let run =
            octavo(folder, &["plan", "--supergraph", "outside.graphql", "--operation", "operation.graphql"]);
        assert!(run.0 == exit && run.1.contains(words), "{operation}: {run:?}");
    }
}

#[test]
fn flags_make_the_output_a_contract() {
    let desk = desk();
    let asked = ["compose", "books=books.graphql", "stock=stock.graphql", "--exclude-tag", "internal"];
    let (exit, sdl, _) = octavo(desk.path(), &asked);
    assert!(exit == 0 && sdl.contains("@inaccessible"), "{sdl}");
    let (exit, sdl, told) = octavo(
        desk.path(),
        &["compose", "books=books.graphql", "stock=stock.graphql", "--include-tag", "publik"],
    );
    assert_eq!((exit, sdl.as_str()), (1, ""));
    for words in [
        "the tags are `internal`, `public`",
        "QUERY_ROOT_TYPE_INACCESSIBLE",
        "contracts that leave no valid schema",
    ] {
        assert!(told.contains(words), "{words} in {told}");
    }
}

#[test]
fn an_unknown_key_of_a_contract_is_refused_with_its_place() {
    let desk = desk();
    std::fs::write(desk.path().join("supergraph.yaml"), CONFIG.replace("exclude_tags", "exclude"))
        .expect("a file");
    let (exit, _, told) = octavo(desk.path(), &["compose", "--config", "supergraph.yaml"]);
    assert!(exit == 2 && told.contains("`exclude`") && told.contains("supergraph.yaml:7"), "{told}");
}

#[test]
fn no_output_is_written_over_another_or_over_a_source() {
    let desk = desk();
    let folder = desk.path();
    let compose =
        |output: &str| octavo(folder, &["compose", "--config", "supergraph.yaml", "--output", output]);
    for output in ["outside.graphql", "./books.graphql", "supergraph.yaml"] {
        let (exit, _, told) = compose(output);
        assert!(exit == 2 && told.contains("name another file"), "{output}: {exit} {told}");
    }
    assert_eq!(read(folder, "books.graphql"), BOOKS);
    std::fs::write(folder.join("supergraph.yaml"), CONFIG.replace("everything.graphql", "outside.graphql"))
        .expect("a file");
    assert_eq!(compose("whole.graphql").0, 2);
    assert!(!folder.join("outside.graphql").exists(), "nothing was written");
}

#[test]
fn a_composed_supergraph_differs_in_nothing_from_what_it_is_made_of() {
    let desk = desk();
    let folder = desk.path();
    let run = octavo(folder, &["compose", "--config", "supergraph.yaml", "--output", "whole.graphql"]);
    assert_eq!(run.0, 0, "{run:?}");
    let (exit, told, _) =
        octavo(folder, &["check", "--config", "supergraph.yaml", "--against", "whole.graphql"]);
    assert!(exit == 0 && told.contains("0 breaking, 0 dangerous, 0 safe"), "{told}");
}

#[test]
fn a_contract_without_a_valid_schema_does_not_stop_the_others() {
    let desk = desk();
    let folder = desk.path();
    let more = "  nothing:\n    include_tags: [nowhere]\n    output: nothing.graphql\n";
    std::fs::write(folder.join("supergraph.yaml"), format!("{CONFIG}{more}")).expect("a file");
    let run = octavo(folder, &["compose", "--config", "supergraph.yaml", "--output", "whole.graphql"]);
    assert!(run.0 == 1 && run.2.contains("no valid schema: `nothing`"), "{run:?}");
    for written in ["whole.graphql", "outside.graphql", "everything.graphql"] {
        assert!(read(folder, written).contains("join__Graph"), "{written}");
    }
    assert!(!folder.join("nothing.graphql").exists());
}
