//! What holds of every plan: the same each time, conditions where they spare a request, effects in their order.

use std::sync::Arc;

use octavo_language::{Limits, ValidDocument};
use octavo_operation::Operation;
use octavo_query_graph::{Labels, QueryGraph};
use octavo_query_plan::{Condition, FetchId, PlanNode, QueryPlan, print};
use octavo_query_planner::{Options, plan};
use octavo_supergraph::Supergraph;

#[path = "kit/schema.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod schema;

const SUPERGRAPH: &str = r#"
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) {
  query: Query
  mutation: Mutation
}
enum join__Graph {
  BOOKS @join__graph(name: "books", url: "http://books")
  STOCK @join__graph(name: "stock", url: "http://stock")
  TAX @join__graph(name: "tax", url: "http://tax")
}
type Query @join__type(graph: BOOKS) @join__type(graph: STOCK) @join__type(graph: TAX) {
  books: [Book] @join__field(graph: BOOKS)
}
type Mutation @join__type(graph: BOOKS) @join__type(graph: STOCK) {
  lend: Int @join__field(graph: BOOKS)
  mark: Book @join__field(graph: BOOKS)
  count: Book @join__field(graph: STOCK)
}
type Book
  @join__type(graph: BOOKS, key: "isbn")
  @join__type(graph: STOCK, key: "isbn")
  @join__type(graph: STOCK, key: "number")
  @join__type(graph: TAX, key: "number")
{
  isbn: ID @join__field(graph: BOOKS) @join__field(graph: STOCK)
  number: Int @join__field(graph: STOCK) @join__field(graph: TAX)
  title: String @join__field(graph: BOOKS)
  price: Int @join__field(graph: BOOKS) @join__field(graph: STOCK, external: true)
  copies: Int @join__field(graph: STOCK)
  worth: Int @join__field(graph: STOCK, requires: "price")
  duty: Int @join__field(graph: TAX)
  shared: String @join__field(graph: STOCK) @join__field(graph: TAX)
}
"#;

fn planned(query: &str) -> QueryPlan {
    planned_in(SUPERGRAPH, query)
}

fn planned_in(supergraph: &str, query: &str) -> QueryPlan {
    let supergraph = Arc::new(Supergraph::parse(supergraph).expect("the supergraph is valid"));
    let document = ValidDocument::parse(supergraph.api_schema(), query, Limits::OPERATION).expect("valid");
    let operation = document.operation(None).expect("one operation");
    let bound = Operation::bind(&supergraph, &document, operation).expect("it fits the supergraph");
    let graph = QueryGraph::new(supergraph, Labels::default());
    plan(&graph, &bound, &Options::default()).expect("a plan")
}

/// The fetches in the order in which they must run, each with the conditions around it.
fn steps(plan: &QueryPlan) -> Vec<(String, Vec<String>)> {
    fn walk(
        plan: &QueryPlan,
        node: &PlanNode,
        around: &mut Vec<String>,
        steps: &mut Vec<(String, Vec<String>)>,
    ) {
        match node {
            PlanNode::Fetch(fetch) => steps.push((name(plan, *fetch), around.clone())),
            PlanNode::Sequence(nodes) | PlanNode::Parallel(nodes) => {
                for node in nodes {
                    walk(plan, node, around, steps);
                }
            }
            PlanNode::Condition { when, node } => {
                around.push(written(&plan.conditions[*when]));
                walk(plan, node, around, steps);
                around.pop();
            }
            PlanNode::Introspection(_) => {}
        }
    }
    let mut steps = Vec::new();
    if let Some(node) = &plan.node {
        walk(plan, node, &mut Vec::new(), &mut steps);
    }
    steps
}

fn name(plan: &QueryPlan, fetch: FetchId) -> String {
    plan.fetches[fetch].subgraph.to_string()
}

fn written(condition: &Condition) -> String {
    let literal =
        |l: &octavo_query_plan::Literal| format!("{}{}", if l.value { "" } else { "!" }, l.variable);
    let all = condition.alternatives.iter().map(|all| all.iter().map(literal).collect::<Vec<_>>().join("&"));
    all.collect::<Vec<_>>().join("|")
}

fn step(name: &str, conditions: &[&str]) -> (String, Vec<String>) {
    (name.to_owned(), conditions.iter().map(ToString::to_string).collect())
}

#[test]
fn equal_inputs_give_equal_plans() {
    let query = "query ($a: Boolean!) {
      books { duty worth shared title @include(if: $a) copies }
      again: books { ... on Book @skip(if: $a) { worth duty } }
    }";
    let first = planned(query);
    for _ in 0..16 {
        let other = planned(query);
        assert_eq!(print::to_json(&first), print::to_json(&other));
        assert_eq!(format!("{first:?}"), format!("{other:?}"), "what is not printed is equal too");
    }
}

/// What a subgraph has at one place leaves with what it has further down: for that the first waits.
#[test]
fn requests_to_one_subgraph_wait_for_each_other() {
    let supergraph = schema::supergraph(
        3,
        r#"type Query @join__type(graph: S0) { item: Item }
        type Item @join__type(graph: S0, key: "id") @join__type(graph: S1, key: "id") @join__type(graph: S2, key: "id") {
          id: ID name: Int @join__field(graph: S1) part: Part @join__field(graph: S2)
        }
        type Part @join__type(graph: S1, key: "id") @join__type(graph: S2, key: "id") {
          id: ID name: Int @join__field(graph: S1)
        }"#,
    );
    let graph = schema::graph(&supergraph);
    let operation = schema::operation(&graph, "{ item { name part { name } } }");
    let options = Options { steps: 0, ..Options::default() };
    let plan = plan(&graph, &operation, &options).expect("a plan");
    let asked: Vec<&str> = plan.fetches.iter().map(|fetch| &*fetch.subgraph).collect();
    assert_eq!(asked, ["s0", "s2", "s1"]);
}

#[test]
fn a_request_is_sent_under_the_conditions_of_its_fields() {
    let plan = planned("query ($a: Boolean!) { books { title copies @include(if: $a) } }");
    assert_eq!(steps(&plan), [step("books", &[]), step("stock", &["a"])]);
    let fetch = plan.fetches.iter().find(|fetch| &*fetch.subgraph == "stock").expect("a fetch");
    assert!(
        !fetch.document.contains("@include"),
        "what holds for the request is not said again: {}",
        fetch.document
    );
}

#[test]
fn conditions_that_differ_meet_around_the_request() {
    let plan = planned(
        "query ($a: Boolean!, $b: Boolean!) { books { copies @include(if: $a) shared @skip(if: $b) } }",
    );
    assert_eq!(steps(&plan), [step("books", &[]), step("stock", &["a|!b"])]);
    let plan = planned("query ($a: Boolean!) { books { copies @include(if: $a) shared @skip(if: $a) } }");
    assert_eq!(steps(&plan), [step("books", &[]), step("stock", &[])], "one of them always holds");
}

#[test]
fn requests_on_the_way_share_the_condition_of_their_end() {
    let plan = planned("query ($a: Boolean!) { books { title duty @include(if: $a) } }");
    assert_eq!(steps(&plan), [step("books", &[]), step("stock", &["a"]), step("tax", &["a"])]);
    let plan = planned(
        "query ($a: Boolean!, $b: Boolean!) { books { copies @include(if: $b) duty @include(if: $a) } }",
    );
    assert_eq!(steps(&plan), [step("books", &[]), step("stock", &["a|b"]), step("tax", &["a"])]);
}

#[test]
fn what_is_required_is_asked_once_and_first() {
    let plan = planned("{ books { worth copies price } }");
    assert_eq!(steps(&plan), [step("books", &[]), step("stock", &[])]);
}

#[test]
fn entities_of_a_mutation_are_asked_before_its_next_field() {
    let plan =
        planned("mutation { one: mark { title copies } two: count { copies title } three: mark { duty } }");
    let expected = ["books", "stock", "stock", "books", "books", "stock", "tax"].map(|name| step(name, &[]));
    assert_eq!(steps(&plan), expected);
    assert!(matches!(&plan.node, Some(PlanNode::Sequence(_))));
}

#[test]
fn neighbours_of_a_mutation_in_one_subgraph_leave_together() {
    let plan = planned("mutation { one: mark { title } two: mark { title } three: count { copies } }");
    assert_eq!(steps(&plan), [step("books", &[]), step("stock", &[])]);
}

#[test]
fn equal_fields_of_a_mutation_are_each_carried_out() {
    let plan = planned("mutation { one: lend two: lend }");
    let text = &plan.fetches.iter().next().expect("a fetch").document;
    assert_eq!(text.matches("lend").count(), 3, "twice, once with a key of its own: {text}");
    let root = &plan.shapes[plan.root];
    assert_ne!(root.outputs[0].value, root.outputs[1].value, "each shows its own result");
}

/// Two ways at every second level, each of which provides a field.
const PROVIDING: &str = r#"
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) {
  query: Query
}
enum join__Graph {
  A @join__graph(name: "a", url: "http://a")
  B @join__graph(name: "b", url: "http://b")
  C @join__graph(name: "c", url: "http://c")
  D @join__graph(name: "d", url: "http://d")
}
type Query @join__type(graph: A) { user: User }
type User
  @join__type(graph: A, key: "id")
  @join__type(graph: B, key: "id")
  @join__type(graph: C, key: "id")
  @join__type(graph: D, key: "id")
{
  id: ID
  name: String
    @join__field(graph: A)
    @join__field(graph: B, external: true)
    @join__field(graph: C, external: true)
    @join__field(graph: D, external: true)
  left: User @join__field(graph: A, provides: "name") @join__field(graph: B, provides: "name")
  right: User @join__field(graph: C, provides: "name") @join__field(graph: D, provides: "name")
}
"#;

#[test]
fn what_is_provided_does_not_double_the_work_at_every_level() {
    let levels = 10;
    let query = format!("{{ user {}{{ name }}{} }}", "{ right { left ".repeat(levels), "} }".repeat(levels));
    let plan = planned_in(PROVIDING, &query);
    assert_eq!(plan.fetches.len(), 2 * levels + 1);
}

#[test]
fn an_argument_comes_from_the_nearest_object_that_sets_its_context() {
    let types = "
        type Query @join__type(graph: S0) { room: Room shelf: Shelf }
        type Room @join__type(graph: S0, key: \"id\") @context(name: \"s0__unit\") {
          id: ID!
          unit: String
          shelf: Shelf
        }
        type Shelf @join__type(graph: S0, key: \"id\") {
          id: ID!
          size: Int
          label(upper: Boolean): String @join__field(graph: S0, contextArguments: [
            {context: \"s0__unit\", name: \"unit\", type: \"String\", selection: \" { unit }\"}
          ])
        }";
    let graph = schema::graph(&schema::supergraph(1, types));
    let planned = |query: &str| plan(&graph, &schema::operation(&graph, query), &Options::default());
    assert_eq!(planned("{ room { shelf { size } } }").expect("a plan").fetches.len(), 1);
    let found = planned(
        "query($contextualArgument: Boolean) { room { shelf { size label(upper: $contextualArgument) } } }",
    );
    let fetches = found.expect("a plan").fetches;
    let documents: Vec<_> = fetches.iter().map(|fetch| fetch.document.to_string()).collect();
    let expected = [
        "query {room {shelf {size id} unit}}",
        "query($representations: [_Any!]!, $_contextualArgument_0: String, $contextualArgument: Boolean) \
         {_entities(representations: $representations) \
         {... on Shelf {label(upper: $contextualArgument, unit: $_contextualArgument_0)}}}",
    ];
    assert_eq!(documents, expected);
    let refused = planned("{ shelf { label } }").expect_err("nothing sets the context here").to_string();
    let said =
        "no object around `shelf` sets the context from which the argument `unit` of `Shelf.label` takes";
    assert!(refused.starts_with(said), "{refused}");
}
