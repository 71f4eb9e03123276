//! For how long the entities of a request may be kept.

use std::sync::Arc;

use octavo_language::{Limits, ValidDocument};
use octavo_operation::Operation;
use octavo_query_graph::{Labels, QueryGraph};
use octavo_query_plan::{FetchContent, Lifetime};
use octavo_query_planner::{Options, plan};
use octavo_supergraph::Supergraph;

const SUPERGRAPH: &str = r#"
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) {
  query: Query
}
enum join__Graph {
  LIST @join__graph(name: "list", url: "http://list")
  DETAILS @join__graph(name: "details", url: "http://details")
}
type Query @join__type(graph: LIST) @join__type(graph: DETAILS) {
  items: [Item] @join__field(graph: LIST)
}
type Item
  @join__type(graph: LIST, key: "id")
  @join__type(graph: DETAILS, key: "id")
  @join__directive(graphs: [DETAILS], name: "cacheControl", args: {maxAge: 60})
{
  id: ID!
  name: String @join__field(graph: DETAILS)
  stock: Int @join__field(graph: DETAILS) @join__directive(graphs: [DETAILS], name: "cacheControl", args: {maxAge: 5})
  mine: Boolean
    @join__field(graph: DETAILS)
    @join__directive(graphs: [DETAILS], name: "cacheControl", args: {scope: PRIVATE})
  size: Size @join__field(graph: DETAILS)
  maker: Maker @join__field(graph: DETAILS)
  now: Int @join__field(graph: DETAILS) @join__directive(graphs: [DETAILS], name: "cacheControl", args: {maxAge: 0})
}
type Size @join__type(graph: DETAILS) {
  width: Int
}
type Maker @join__type(graph: DETAILS, key: "id") {
  id: ID!
}
"#;

/// The lifetime of the only entity request of a query.
fn kept(query: &str) -> Lifetime {
    let supergraph = Arc::new(Supergraph::parse(SUPERGRAPH).expect("the supergraph is valid"));
    let document = ValidDocument::parse(supergraph.api_schema(), query, Limits::OPERATION).expect("valid");
    let operation = document.operation(None).expect("one operation");
    let bound = Operation::bind(&supergraph, &document, operation).expect("it fits the supergraph");
    let graph = QueryGraph::new(supergraph, Labels::default());
    let plan = plan(&graph, &bound, &Options::default()).expect("a plan");
    let groups = plan.fetches.iter().find_map(|fetch| match &fetch.content {
        FetchContent::Entities(groups) => groups.first(),
        FetchContent::Root(_) => None,
    });
    let group = groups.expect("an entity request");
    group.lifetime
}

const fn said(seconds: u32) -> Lifetime {
    Lifetime { shortest: Some(seconds), ..Lifetime::EMPTY }
}

#[test]
fn the_type_gives_leaves_their_lifetime() {
    assert_eq!(kept("{ items { name } }"), said(60));
}

#[test]
fn the_shortest_lifetime_counts() {
    assert_eq!(kept("{ items { name stock } }"), said(5));
}

#[test]
fn one_private_field_makes_all_private() {
    assert_eq!(kept("{ items { name mine } }"), Lifetime { is_private: true, ..said(60) });
}

#[test]
fn an_object_without_a_key_lives_as_long_as_the_one_around_it() {
    assert_eq!(kept("{ items { size { width } } }"), said(60));
}

#[test]
fn of_an_entity_without_a_lifetime_nothing_is_said() {
    assert_eq!(kept("{ items { name maker { id } } }"), said(60).and(Lifetime::UNSAID));
}

#[test]
fn what_must_never_be_kept_is_not_taken_for_what_nothing_is_said_about() {
    assert_eq!(kept("{ items { name now } }"), said(0));
    assert_eq!(kept("{ items { now maker { id } } }"), said(0).and(Lifetime::UNSAID));
}
