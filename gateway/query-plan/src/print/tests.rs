//! Printed plans, beside the forms that the field's tools expect.

use octavo_index::IndexVec;

use super::{document, to_json, to_text};
use crate::{
    ConcreteType, Condition, EntityGroup, Fetch, FetchContent, LeafKind, Lifetime, Literal, OperationKind,
    Output, OutputValue, PathStep, PlanNode, QueryPlan, Representation, RepresentationField,
    RepresentationValue, RootFields, Selection, Shape, Slot, TypeSet, ValueType,
};

const ROOT: &str = "query($n:Int){ top: products(first:$n){__typename upc} }";
const ENTITIES: &str = "query($representations:[_Any!]!){_entities(representations:$representations){...on Product{reviews{body}}}}";

fn object(name: &str, slots: Vec<Slot>, outputs: Vec<Output>) -> Shape {
    let mut shape =
        Shape { types: IndexVec::new(), interface_objects: false, slots: IndexVec::new(), outputs };
    shape.types.push(ConcreteType { name: name.into(), accessible: true });
    for slot in slots {
        shape.slots.push(slot);
    }
    shape
}

fn fetch(subgraph: &str, document: &str, content: FetchContent) -> Fetch {
    Fetch {
        subgraph: subgraph.into(),
        kind: OperationKind::Query,
        document: document.into(),
        operation_name: None,
        variables: Vec::new(),
        content,
        after: Vec::new(),
    }
}

/// Products of one subgraph, their reviews from another at `top.@`, in as many groups as asked.
fn plan(groups: usize) -> QueryPlan {
    let (mut shapes, mut selections, mut fetches) = (IndexVec::new(), IndexVec::new(), IndexVec::new());
    let id = ValueType::Leaf { non_null: true, kind: LeafKind::Id };
    let product =
        shapes.push(object("Product", vec![Slot { field: "upc".into(), value: id, subgraph: None }], vec![]));
    let item = Box::new(ValueType::Object { non_null: true, shape: product });
    let list =
        Slot { field: "products".into(), value: ValueType::List { non_null: true, item }, subgraph: None };
    let root = shapes.push(object("Query", vec![list], vec![]));
    let slot = shapes[root].slots.ids().next().expect("one slot");
    let upc = shapes[product].slots.ids().next().expect("one slot");
    shapes[root].outputs.push(Output {
        key: "top".into(),
        types: TypeSet::All,
        when: None,
        defer: None,
        stream: None,
        value: OutputValue::Slot(slot),
        own: Vec::new(),
    });
    let selection = selections.push(Selection { shape: root, fields: vec![] });
    let group = |index: usize| EntityGroup {
        key: if groups == 1 { "_entities".into() } else { format!("e{index}").into() },
        variable: "representations".into(),
        path: vec![PathStep { types: TypeSet::All, slot }],
        representations: vec![Representation {
            types: TypeSet::All,
            typename: None,
            fields: vec![RepresentationField {
                key: "upc".into(),
                types: TypeSet::All,
                required: true,
                value: RepresentationValue::Slot { slot: upc, fields: vec![] },
            }],
        }],
        contexts: Vec::new(),
        again: None,
        selection,
        lifetime: Lifetime::UNSAID,
    };
    let first = fetches.push(fetch("products", ROOT, FetchContent::Root(RootFields::at_top(selection))));
    let groups = (0..groups).map(group).collect();
    let second = fetches.push(fetch("reviews", ENTITIES, FetchContent::Entities(groups)));
    let node = PlanNode::Sequence(vec![PlanNode::Fetch(first), PlanNode::Fetch(second)]);
    QueryPlan {
        kind: OperationKind::Query,
        root,
        shapes,
        selections,
        fetches,
        conditions: IndexVec::new(),
        enums: IndexVec::new(),
        node: Some(node),
        deferred: IndexVec::new(),
    }
}

#[test]
fn text_nests_fetches_as_tools_expect() {
    let expected = r#"QueryPlan {
  Sequence {
    Fetch(service: "products") {
      query($n: Int) {
        top: products(first: $n) {
          __typename
          upc
        }
      }
    },
    Flatten(path: "top.@") {
      Fetch(service: "reviews") {
        {
          ... on Product {
            __typename
            upc
          }
        } =>
        {
          ... on Product {
            reviews {
              body
            }
          }
        }
      },
    },
  },
}
"#;
    assert_eq!(to_text(&plan(1)), expected);
}

#[test]
fn json_names_kinds_paths_and_operations() {
    let json: serde_json::Value = serde_json::from_str(&to_json(&plan(1))).expect("JSON");
    assert_eq!(json["kind"], "QueryPlan");
    assert_eq!(json["node"]["kind"], "Sequence");
    let [root, flatten] = json["node"]["nodes"].as_array().expect("nodes").as_slice() else {
        panic!("two nodes")
    };
    assert_eq!((&root["kind"], &root["serviceName"]), (&"Fetch".into(), &"products".into()));
    assert_eq!((&root["operation"], &root["operationKind"]), (&ROOT.into(), &"query".into()));
    assert_eq!(flatten["path"], serde_json::json!(["top", "@"]));
    let requires = serde_json::json!([{ "kind": "InlineFragment", "typeCondition": "Product", "selections": [
        { "kind": "Field", "name": "__typename" }, { "kind": "Field", "name": "upc" }] }]);
    assert_eq!(flatten["node"]["requires"], requires);
}

#[test]
fn several_groups_are_one_batch_fetch() {
    let json: serde_json::Value = serde_json::from_str(&to_json(&plan(2))).expect("JSON");
    let batch = &json["node"]["nodes"][1];
    assert_eq!(batch["kind"], "BatchFetch");
    let aliases = batch["entityBatch"]["aliases"].as_array().expect("aliases");
    assert_eq!((&aliases[0]["alias"], &aliases[1]["alias"]), (&"e0".into(), &"e1".into()));
    assert_eq!(aliases[1]["paths"], serde_json::json!([["top", "@"]]));
    assert!(to_text(&plan(2)).contains("BatchFetch(service: \"reviews\") {\n      {\n        e0 {"));
}

#[test]
fn conditions_are_include_skip_or_an_expression() {
    let literal = |name: &str, value| Literal { variable: name.into(), value };
    let mut plan = plan(1);
    let cases = [
        (vec![vec![literal("a", false)]], "Skip(if: $a) {"),
        (vec![vec![literal("a", true), literal("b", true)]], "Include(if: $a) {\n    Include(if: $b) {"),
        (vec![vec![literal("a", true)], vec![literal("b", false)]], "Include(if: $a || !$b) {"),
    ];
    let node = plan.node.take().expect("a node");
    for (alternatives, head) in cases {
        let when = plan.conditions.push(Condition { alternatives });
        plan.node = Some(PlanNode::Condition { when, node: Box::new(node.clone()) });
        let text = to_text(&plan);
        assert!(text.contains(head), "{head} in {text}");
    }
}

#[test]
fn documents_break_between_selections_alone() {
    let text = "query Q($a:Int=1,$b:[ID!]!){x:f(a:$a,o:{k:[1 2] s:\"} {\"})@include(if:$b){...on T{id}...F @skip(if:$c) y}}fragment F on T{z}";
    let lines: Vec<_> =
        document::lines(text).iter().map(|l| format!("{}{}", " ".repeat(l.depth), l.text)).collect();
    let expected = [
        "query Q($a: Int = 1, $b: [ID!]!) {",
        " x: f(a: $a, o: {k: [1, 2], s: \"} {\"}) @include(if: $b) {",
        "  ... on T {",
        "   id",
        "  }",
        "  ...F @skip(if: $c)",
        "  y",
        " }",
        "}",
        "fragment F on T {",
        " z",
        "}",
    ];
    assert_eq!(lines, expected);
}
