//! What fields ask of callers, by the place of the rule.

use crate::{Requirement, Supergraph, SupergraphError};

const HEAD: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", as: "scoped", for: SECURITY)
  @link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)
{ query: Query }
enum join__Graph { ALL @join__graph(name: "all", url: "http://all") }
"#;

fn load(types: &str) -> Supergraph {
    Supergraph::parse(&format!("{HEAD}{types}")).expect("a supergraph")
}

/// What a field asks for, written out.
fn asked(supergraph: &Supergraph, ty: &str, field: &str) -> Vec<String> {
    let ty = supergraph.type_named(ty).expect("a type");
    let field = supergraph.field_named(ty, field).expect("a field");
    let sets = |word: &str, sets: &[Box<[_]>]| {
        let names = |set: &[_]| set.iter().map(|name| supergraph.name(*name)).collect::<Vec<_>>().join("+");
        format!("{word} {}", sets.iter().map(|set| names(set)).collect::<Vec<_>>().join("|"))
    };
    let write = |id: &_| match supergraph.requirement(*id) {
        Requirement::Authenticated => "authenticated".to_owned(),
        Requirement::Scopes(all) => sets("scopes", all),
        Requirement::Policies(all) => sets("policies", all),
    };
    supergraph.field(field).access.iter().map(write).collect()
}

#[test]
fn a_field_asks_for_its_own_rules_and_those_of_the_types_around_it() {
    let supergraph = load(
        r#"
        type Query @join__type(graph: ALL) { free: Int own: Int @authenticated book: Book sort: Sort when: Date }
        type Book @join__type(graph: ALL) @scoped(scopes: [["a", "b"], ["c"]]) {
          isbn: ID
          price: Int @policy(policies: "paid")
        }
        enum Sort @join__type(graph: ALL) @authenticated { UP }
        scalar Date @join__type(graph: ALL) @policy(policies: ["dated"])
        "#,
    );
    let (book, none): (_, [&str; 0]) = ("scopes a+b|c", []);
    assert_eq!(asked(&supergraph, "Query", "free"), none);
    assert_eq!(asked(&supergraph, "Query", "own"), ["authenticated"]);
    assert_eq!(asked(&supergraph, "Query", "book"), [book]);
    assert_eq!(asked(&supergraph, "Query", "sort"), ["authenticated"]);
    assert_eq!(asked(&supergraph, "Query", "when"), ["policies dated"]);
    assert_eq!(asked(&supergraph, "Book", "isbn"), [book]);
    assert_eq!(asked(&supergraph, "Book", "price"), [book, "policies paid"]);
}

#[test]
fn a_rule_that_only_an_interface_has_holds_for_its_implementations() {
    let supergraph = load(
        r#"
        type Query @join__type(graph: ALL) { work: Work }
        interface Work @join__type(graph: ALL) @authenticated {
          id: ID @scoped(scopes: [["a", "b"]])
          rank: Int @scoped(scopes: [["r"]])
        }
        type Book implements Work @join__type(graph: ALL) @join__implements(graph: ALL, interface: "Work") {
          id: ID @scoped(scopes: [["a"]])
          rank: Int
        }
        type Film implements Work @join__type(graph: ALL) @join__implements(graph: ALL, interface: "Work") {
          id: ID @scoped(scopes: [["b"]])
          rank: Int
        }
        "#,
    );
    assert_eq!(asked(&supergraph, "Book", "id"), ["authenticated", "scopes a"], "the other's is its own");
    assert_eq!(asked(&supergraph, "Film", "id"), ["authenticated", "scopes b"]);
    assert_eq!(asked(&supergraph, "Film", "rank"), ["authenticated", "scopes r"]);
    assert_eq!(asked(&supergraph, "Query", "work"), ["authenticated"]);
}

#[test]
fn a_rule_that_cannot_be_read_is_an_error_and_not_no_rule() {
    for argument in ["scopes: [[1]]", "scopes: [[\"a\"], B]", "scope: [[\"a\"]]"] {
        let types = format!("type Query @join__type(graph: ALL) {{ a: Int @scoped({argument}) }}");
        let errors = Supergraph::parse(&format!("{HEAD}{types}")).expect_err(argument);
        let (place, directive) = ("Query.a".to_owned(), "scoped".to_owned());
        assert_eq!(errors, [SupergraphError::AccessRule { place, directive }], "{argument}");
    }
}
