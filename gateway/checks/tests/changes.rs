//! What two schemas differ in, a line each: effect, code, coordinate.

use octavo_checks::{Code, Side, check};
use octavo_language::{Limits, TypeSystemDocument};

fn parse(name: &str, text: &str) -> TypeSystemDocument {
    TypeSystemDocument::parse(name, text, Limits::SCHEMA).expect("valid SDL")
}

/// The changes of the client schema.
fn changes(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (parse("old", old), parse("new", new));
    let found = check(Side { api: &old, subgraphs: &[] }, Side { api: &new, subgraphs: &[] });
    found.iter().map(|c| format!("{} {} {}", c.effect.name(), c.code.name(), c.coordinate)).collect()
}

/// One of each: the schema before, after, and what is said of the way there and of the way back.
const CASES: &[(&str, &str, &str, &str)] = &[
    ("scalar A scalar Z", "scalar Z", "breaking TYPE_REMOVED A", "safe TYPE_ADDED A"),
    (
        "type A { a: Int }",
        "interface A { a: Int }",
        "breaking TYPE_CHANGED_KIND A",
        "breaking TYPE_CHANGED_KIND A",
    ),
    ("schema { query: Q mutation: M }", "schema { query: Q }", "breaking ROOT_TYPE_CHANGED schema", ""),
    ("type A { a: Int b: Int }", "type A { a: Int }", "breaking FIELD_REMOVED A.b", "safe FIELD_ADDED A.b"),
    (
        "type A { a: Int }",
        "type A { a: Int! }",
        "safe FIELD_TYPE_NARROWED A.a",
        "breaking FIELD_CHANGED_KIND A.a",
    ),
    (
        "type A { a: [Int]! }",
        "type A { a: [Int!]! }",
        "safe FIELD_TYPE_NARROWED A.a",
        "breaking FIELD_CHANGED_KIND A.a",
    ),
    (
        "type A { a: Int }",
        "type A { a: [Int] }",
        "breaking FIELD_CHANGED_KIND A.a",
        "breaking FIELD_CHANGED_KIND A.a",
    ),
    (
        "type A { a: Int }",
        "type A { a(x: Int!): Int }",
        "breaking REQUIRED_ARG_ADDED A.a(x:)",
        "breaking ARG_REMOVED A.a(x:)",
    ),
    (
        "type A { a: Int }",
        "type A { a(x: Int! = 1): Int }",
        "dangerous OPTIONAL_ARG_ADDED A.a(x:)",
        "breaking ARG_REMOVED A.a(x:)",
    ),
    (
        "type A { a(x: Int): Int }",
        "type A { a(x: Int!): Int }",
        "breaking ARG_CHANGED_KIND A.a(x:)",
        "safe ARG_TYPE_WIDENED A.a(x:)",
    ),
    (
        "type A { a(x: Int = 1): Int }",
        "type A { a(x: Int = 2): Int }",
        "dangerous ARG_DEFAULT_VALUE_CHANGE A.a(x:)",
        "dangerous ARG_DEFAULT_VALUE_CHANGE A.a(x:)",
    ),
    (
        "input A { a: Int }",
        "input A { a: Int b: Int! }",
        "breaking REQUIRED_INPUT_FIELD_ADDED A.b",
        "breaking INPUT_FIELD_REMOVED A.b",
    ),
    (
        "input A { a: Int }",
        "input A { a: Int b: Int }",
        "dangerous OPTIONAL_INPUT_FIELD_ADDED A.b",
        "breaking INPUT_FIELD_REMOVED A.b",
    ),
    (
        "input A { a: [Int!] }",
        "input A { a: [Int] }",
        "safe INPUT_FIELD_TYPE_WIDENED A.a",
        "breaking INPUT_FIELD_CHANGED_KIND A.a",
    ),
    (
        "input A { a: Int = 1 }",
        "input A { a: Int }",
        "dangerous INPUT_FIELD_DEFAULT_VALUE_CHANGE A.a",
        "dangerous INPUT_FIELD_DEFAULT_VALUE_CHANGE A.a",
    ),
    (
        "enum A { X Y }",
        "enum A { X }",
        "breaking VALUE_REMOVED_FROM_ENUM A.Y",
        "dangerous VALUE_ADDED_TO_ENUM A.Y",
    ),
    (
        "union A = X | Y",
        "union A = X",
        "breaking TYPE_REMOVED_FROM_UNION A",
        "dangerous TYPE_ADDED_TO_UNION A",
    ),
    (
        "type A implements I { a: Int }",
        "type A { a: Int }",
        "breaking IMPLEMENTED_INTERFACE_REMOVED A",
        "dangerous IMPLEMENTED_INTERFACE_ADDED A",
    ),
    (
        "directive @a on FIELD scalar Z",
        "scalar Z",
        "breaking DIRECTIVE_REMOVED @a",
        "safe DIRECTIVE_ADDED @a",
    ),
    (
        "directive @a on FIELD | QUERY",
        "directive @a on FIELD",
        "breaking DIRECTIVE_LOCATION_REMOVED @a",
        "safe DIRECTIVE_LOCATION_ADDED @a",
    ),
    (
        "directive @a repeatable on FIELD",
        "directive @a on FIELD",
        "breaking DIRECTIVE_REPEATABLE_REMOVED @a",
        "safe DIRECTIVE_REPEATABLE_ADDED @a",
    ),
    (
        "directive @a on FIELD",
        "directive @a(x: Int!) on FIELD",
        "breaking REQUIRED_DIRECTIVE_ARG_ADDED @a(x:)",
        "breaking DIRECTIVE_ARG_REMOVED @a(x:)",
    ),
    (
        "directive @a on FIELD",
        "directive @a(x: Int) on FIELD",
        "safe OPTIONAL_DIRECTIVE_ARG_ADDED @a(x:)",
        "breaking DIRECTIVE_ARG_REMOVED @a(x:)",
    ),
    (
        "directive @a(x: Int!) on FIELD",
        "directive @a(x: Int) on FIELD",
        "safe DIRECTIVE_ARG_TYPE_WIDENED @a(x:)",
        "breaking DIRECTIVE_ARG_CHANGED_KIND @a(x:)",
    ),
    (
        "type A { a: Int }",
        "type A { a: Int @deprecated }",
        "safe DEPRECATION_ADDED A.a",
        "safe DEPRECATION_REMOVED A.a",
    ),
    (
        "enum A { X @deprecated(reason: \"a\") }",
        "enum A { X @deprecated(reason: \"b\") }",
        "safe DEPRECATION_REASON_CHANGED A.X",
        "safe DEPRECATION_REASON_CHANGED A.X",
    ),
];

#[test]
fn every_change_is_told_both_ways() {
    for (old, new, there, back) in CASES {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(changes(old, new), lines(there), "{old} → {new}");
        assert_eq!(changes(new, old), lines(back), "{new} → {old}");
    }
}

#[test]
fn what_is_written_otherwise_and_means_the_same_is_no_change() {
    let old = "type A { a: Int b(x: Int, y: Int): Int } union U = A | B enum E { X Y }";
    let new = "\"\"\"Words.\"\"\" type A { b(y: Int, x: Int): Int } extend type A { a: Int }
               union U = B extend union U = A enum E { Y } extend enum E { X }";
    assert_eq!(changes(old, new), Vec::<String>::new());
}

#[test]
fn a_subgraph_breaks_nobody_by_itself_and_is_shown_where_it_stands() {
    let api = parse("api", "type Query { a: Int }");
    let old = [
        parse("books", "type A @key(fields: \"id\") { id: ID! @tag(name: \"t\") gone: Int }"),
        parse("old", "scalar X"),
    ];
    let new = [
        parse("books", "type A @key(fields: \"id\") @key(fields: \"x\") { id: ID! @shareable }"),
        parse("new", "scalar X"),
    ];
    let found = check(Side { api: &api, subgraphs: &old }, Side { api: &api, subgraphs: &new });
    let told: Vec<String> = found
        .iter()
        .map(|c| {
            let of = c.subgraph.as_deref().unwrap_or("-");
            let spans: Vec<_> = c.places.iter().map(|p| (p.subgraph.as_str(), p.span.clone())).collect();
            format!("{of} {} {} {} {spans:?}", c.effect.name(), c.code.name(), c.coordinate)
        })
        .collect();
    assert_eq!(
        told,
        [
            "books dangerous FIELD_REMOVED A.gone [(\"books\", Some(5..6))]",
            "books dangerous APPLIED_DIRECTIVE_ADDED A [(\"books\", Some(5..6))]",
            "books dangerous APPLIED_DIRECTIVE_REMOVED A.id [(\"books\", Some(46..48))]",
            "books dangerous APPLIED_DIRECTIVE_ADDED A.id [(\"books\", Some(46..48))]",
            "new safe SUBGRAPH_ADDED schema [(\"new\", None)]",
            "old dangerous SUBGRAPH_REMOVED schema []",
        ]
    );
}

#[test]
fn a_change_for_clients_is_shown_in_every_subgraph_that_has_it() {
    let (old, new) = (parse("old", "type A { a: Int }"), parse("new", "type A { a: String }"));
    let subgraphs = [
        parse("one", "type A { a: String }"),
        parse("two", "type B { b: Int }"),
        parse("three", "extend type A { a: String }"),
    ];
    let found = check(Side { api: &old, subgraphs: &[] }, Side { api: &new, subgraphs: &subgraphs });
    let places: Vec<_> =
        found.iter().flat_map(|c| &c.places).map(|p| (p.subgraph.as_str(), p.span.clone())).collect();
    assert_eq!(places, [("one", Some(9..10)), ("three", Some(16..17))]);
    assert_eq!(
        found.first().map(|c| c.message.as_str()),
        Some("the field `A.a` changed its type: `Int` was, `String` is")
    );
}

#[test]
fn each_code_is_told_by_a_test_and_has_a_name_of_its_own() {
    let tested = include_str!("changes.rs");
    let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    for name in &names {
        assert!(tested.contains(&format!(" {name} ")), "{name}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Code::ALL.len());
}
