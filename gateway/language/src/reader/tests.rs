//! The reader beside the library's parser: what it takes, it takes alike.

use std::fs;
use std::path::Path;

use apollo_compiler::parser::Parser;

use super::Reader;
use crate::{Limits, parse_without_places};

/// All texts of GraphQL in a folder of this repository.
fn texts(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "graphql" || kind == "snap") {
            let text = fs::read_to_string(&path).expect("text");
            // What stands in front of a snapshot is not part of it.
            found.push(text.split_once("\n---\n").map_or(text.clone(), |(_, text)| text.to_owned()));
        }
    }
}

#[test]
fn the_repositorys_schemas_are_read_as_the_library_reads_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut all = Vec::new();
    for folder in ["schema", "tests/suites", "gateway/composition/tests"] {
        texts(&root.join(folder), &mut all);
    }
    let mut taken = 0;
    for text in &all {
        let Some(document) = Reader::new(text).document() else {
            let is_supergraph =
                text.starts_with("schema\n") && Parser::new().parse_ast(text.as_str(), "text").is_ok();
            assert!(!is_supergraph, "supergraphs are taken: {text}");
            continue;
        };
        let expected = Parser::new().parse_ast(text.as_str(), "text").expect(text);
        assert_eq!(document.definitions, expected.definitions, "{text}");
        taken += 1;
    }
    assert!(taken > 150, "{taken} of {}", all.len());
}

#[test]
fn all_that_a_schema_can_hold_is_read() {
    let text = r#"
        "One" schema @a(x: [1, -20, 0], y: {k: "v", l: [[E]] m: null}) { query: Q, mutation: M subscription: S }
        # A comment
        """
          Two
            lines, and \""" quotes

        """
        directive @a(x: [Int!]! = [1] @b, y: In = {k: "\"\\\/\b\f\n\r\t"}) repeatable on | SCHEMA | FIELD_DEFINITION
        directive @b on ARGUMENT_DEFINITION
        scalar Date @specifiedBy(url: "")
        "" type Q implements & I & J @a { "a field" f("an argument" n: Int = 5, on: Boolean = true): [[Q!]]! @a @b type: E input: Date }
        type M implements I { f: Int }
        type S
        interface I { f: Int } interface J implements I { f: Int }
        union U @a = | Q | M
        union V = Q union W
        enum E { """ First """ A @deprecated B } enum Empty
        input In @a { k: String = "" @b, l: [[E]] = [[A]] }
        """""" scalar Bare
    "#;
    let document = Reader::new(text).document().expect("it is taken");
    let expected = Parser::new().parse_ast(text, "text").expect("it is valid");
    assert_eq!(document.definitions, expected.definitions);
}

#[test]
fn block_strings_lose_what_they_are_indented_by() {
    for block in [
        "\"\"\"\"\"\"",
        "\"\"\"a\"\"\"",
        "\"\"\"  a\n    b\n   c \n\n\t\"\"\"",
        "\"\"\"\n\n  a\n\n    b\\\"\"\"\n  \"\"\"",
        "\"\"\"\n é\n  ü\n\"\"\"",
    ] {
        let text = format!("{block} scalar A");
        let document = Reader::new(&text).document().expect("it is taken");
        let expected = Parser::new().parse_ast(text.as_str(), "text").expect("it is valid");
        assert_eq!(document.definitions, expected.definitions, "{block:?}");
    }
}

#[test]
fn what_the_reader_does_not_take_is_for_the_library() {
    let valid = [
        "extend type A { b: Int } type A { c: Int }",
        "type A { b(c: Float = 1.5, d: Int = -0, e: Int = 99999999999): Int }",
        "\"\\u0041\" scalar A",
        "\u{feff}scalar A",
        "\"\"\"a\r\nb\"\"\" scalar A",
        "{ a }",
    ];
    for text in valid {
        assert!(Reader::new(text).document().is_none(), "{text}");
        let document = parse_without_places("text", text, Limits::SCHEMA).expect(text);
        let expected = Parser::new().parse_ast(text, "text").expect(text);
        assert_eq!(document.definitions, expected.definitions, "{text}");
    }
    let invalid = [
        "",
        "# nothing",
        "type A {}",
        "type A { b: Int",
        "type A { b(): Int }",
        "type A { b: Int!! }",
        "type A { b: [Int }",
        "type A { b Int }",
        "type 1A { b: Int }",
        "type A { b: Int @c(d: $e) }",
        "type A { b(c: Int = 01): Int }",
        "type A { b(c: Int = 1a): Int }",
        "enum A { true }",
        "schema { other: A }",
        "schema {}",
        "union A = | | B",
        "directive @a on NOWHERE",
        "directive @a",
        "\"open scalar A",
        "\"a\nb\" scalar A",
        "\"\\x\" scalar A",
        "\"\"\"open scalar A",
        "scalar A }",
        "scalar A &",
        "thing A",
    ];
    for text in invalid {
        let told = Parser::new().parse_ast(text, "text").is_err();
        assert_eq!(Reader::new(text).document().is_none(), told, "{text}");
        assert_eq!(parse_without_places("text", text, Limits::SCHEMA).is_err(), told, "{text}");
    }
}
