//! Which fields a caller is refused, by the requirements of the object types that they are asked for.

use octavo_language::{Limits, ValidDocument};
use octavo_operation::Operation;
use octavo_supergraph::{Requirement, Supergraph};

const SUPERGRAPH: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
{ query: Query }
enum join__Graph { ALL @join__graph(name: "all", url: "http://all") }
type Query @join__type(graph: ALL) {
  work: Work
  any: Any
  me: User @authenticated
}
type User @join__type(graph: ALL) { name: String friend: User mail(kind: String): String @requiresScopes(scopes: [["mail"]]) }
interface Work @join__type(graph: ALL) { id: ID @requiresScopes(scopes: [["book"]]) title: String }
interface Sold @join__type(graph: ALL) { id: ID }
union Any @join__type(graph: ALL)
  @join__unionMember(graph: ALL, member: "Book") @join__unionMember(graph: ALL, member: "Film") = Book | Film
type Book implements Work & Sold @join__type(graph: ALL)
  @join__implements(graph: ALL, interface: "Work") @join__implements(graph: ALL, interface: "Sold")
{ id: ID @requiresScopes(scopes: [["book"]]) title: String }
type Film implements Work @join__type(graph: ALL) @join__implements(graph: ALL, interface: "Work")
  @requiresScopes(scopes: [["film"]])
{ id: ID title: String }
type Map implements Work @join__type(graph: ALL) @join__implements(graph: ALL, interface: "Work") { id: ID title: String }
"#;

/// The paths that are refused to a caller with these scopes (`None`: nobody in particular), each with its conditions.
fn refused(query: &str, scopes: Option<&[&str]>) -> String {
    let supergraph = Supergraph::parse(SUPERGRAPH).expect("the supergraph is valid");
    let document =
        ValidDocument::parse(supergraph.api_schema(), query, Limits::OPERATION).expect("the query is valid");
    let operation = document.operation(None).expect("one operation");
    let bound = Operation::bind(&supergraph, &document, operation).expect("it can be bound");
    let has = |name: &_| scopes.is_some_and(|held| held.contains(&supergraph.name(*name)));
    let bound = bound.refusing(&supergraph, |id| match supergraph.requirement(id) {
        Requirement::Authenticated => scopes.is_some(),
        Requirement::Scopes(all) => all.iter().any(|set| set.iter().all(has)),
        Requirement::Policies(_) => false,
    });
    let paths = bound.refused().into_iter().map(|refused| {
        let keys: Vec<_> = refused.path.iter().map(|key| bound.text(*key)).collect();
        let literals = refused.when.iter().flat_map(|when| when.alternatives().concat());
        let when: Vec<_> = literals.map(|l| format!("?{}={}", bound.text(l.variable), l.value)).collect();
        format!("{}{}", keys.join("."), when.concat())
    });
    paths.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_field_is_refused_with_all_that_is_below_it() {
    let query = "{ me { name mail } again: me { friend { other: mail } } work { title } }";
    assert_eq!(refused(query, None), "me again work.title");
    assert_eq!(refused(query, Some(&[])), "me.mail again.friend.other work.title");
    assert_eq!(refused(query, Some(&["mail", "film"])), "");
}

#[test]
fn an_interface_asks_for_what_those_of_its_objects_ask_for_that_it_is_asked_of() {
    let films = Some(&["film"] as &[_]);
    assert_eq!(refused("{ work { id } }", films), "work.id");
    assert_eq!(refused("{ work { id } }", Some(&["book"])), "work.id", "films are among the works");
    assert_eq!(refused("{ work { id } }", Some(&["book", "film"])), "");
    assert_eq!(refused("{ work { ... on Film { id } ... on Map { id } } }", films), "");
    assert_eq!(refused("{ work { ... on Sold { id } } }", films), "work.id");
    assert_eq!(refused("{ work { ... on Book { title } } }", None), "");
}

#[test]
fn no_fragment_leads_around_a_rule() {
    let hidden = "{ any { ...F } } fragment F on Any { ... on Work { ... on Book { b: id ...G } } } fragment G on Work { w: id }";
    assert_eq!(refused(hidden, None), "any.b any.w");
    assert_eq!(
        refused("{ any { __typename ... on Film { title } ... on Book { title } } }", None),
        "any.title"
    );
}

#[test]
fn what_is_never_asked_for_is_not_refused_and_conditions_are_told() {
    assert_eq!(refused("{ me @skip(if: true) { name } }", None), "");
    let query = "query($a: Boolean!, $b: Boolean!) { me @include(if: $a) { name mail @skip(if: $b) } }";
    assert_eq!(refused(query, None), "me?a=true");
    assert_eq!(refused(query, Some(&[])), "me.mail?a=true?b=false");
}
