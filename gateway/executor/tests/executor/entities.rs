//! Entities: representations written, joined and left out; answers given to every owner.

use octavo_executor::Prepared;
use octavo_query_plan::{
    EntityGroup, PlanNode, RepresentationField, RepresentationValue, SelectionId, ShapeId, TypeSet,
};
use serde_json::json;

use crate::kit::{
    Plan, Subgraphs, int, json, leaf, list, object, only, request, run, run_with, string, text,
};

const PRODUCTS: &str = r#"{"data":{"products":[{"upc":"1"},{"upc":"2"},{"upc":"1"},null,{"upc":null},{}]}}"#;

/// `{ products { upc price parts { id } } }`, upc from one subgraph, the rest from another.
fn products() -> (Plan, ShapeId, SelectionId) {
    let mut plan = Plan::new();
    let part = plan.shape(&["Part"], &[("id", string())]);
    let product =
        plan.shape(&["Product"], &[("upc", string()), ("price", int()), ("parts", list(object(part)))]);
    let root = plan.shape(&["Query"], &[("products", list(object(product)))]);
    let part = plan.select(part, &[("id", None)]);
    let upc = plan.select(product, &[("upc", None)]);
    let rest = plan.select(product, &[("price", None), ("parts", Some(part))]);
    let root = plan.select(root, &[("products", Some(upc))]);
    plan.then_root("a", root);
    (plan, product, rest)
}

fn products_from(change: impl FnOnce(&Plan, ShapeId, &mut EntityGroup)) -> Prepared {
    let (mut plan, product, rest) = products();
    let mut group = plan.group(&["products"], &["upc"], rest);
    change(&plan, product, &mut group);
    plan.then_entities("b", vec![group]);
    plan.prepare()
}

#[test]
fn equal_representations_are_sent_once_and_answered_to_each_owner() {
    let answer = r#"{"data":{"_entities":[{"price":10,"parts":[{"id":"x"}]},{"price":20,"parts":null}]}}"#;
    let subgraphs = Subgraphs::new(&[("a", PRODUCTS), ("b", answer)]);
    let report = run(&products_from(|_, _, _| ()), &subgraphs);
    assert_eq!(
        subgraphs.sent(1),
        json!({
            "query": "query Q { \"a\" }",
            "variables": {"representations": [
                {"__typename": "Product", "upc": "1"},
                {"__typename": "Product", "upc": "2"},
            ]},
        })
    );
    assert_eq!(
        text(&report),
        r#"{"data":{"products":[{"upc":"1","price":10,"parts":[{"id":"x"}]},{"upc":"2","price":20,"parts":null},{"upc":"1","price":10,"parts":[{"id":"x"}]},null,{"upc":null,"price":null,"parts":null},{"upc":null,"price":null,"parts":null}]}}"#
    );
    assert_eq!(report.fetches, 2);
}

#[test]
fn a_fetch_without_representations_is_not_sent() {
    let subgraphs = Subgraphs::new(&[("a", r#"{"data":{"products":[{"upc":null},null]}}"#)]);
    let report = run(&products_from(|_, _, _| ()), &subgraphs);
    assert_eq!(report.fetches, 1);
    assert_eq!(report.errors, 0);
    assert_eq!(json(&report)["data"]["products"][0], json!({"upc": null, "price": null, "parts": null}));
}

#[test]
fn null_is_sent_for_what_is_not_part_of_the_key() {
    let prepared = products_from(|plan, product, group| {
        let weight = plan.key_field(product, "price");
        group.representations[0].fields.push(RepresentationField { required: false, ..weight });
    });
    let subgraphs = Subgraphs::new(&[
        ("a", r#"{"data":{"products":[{"upc":"1"}]}}"#),
        ("b", r#"{"data":{"_entities":[null]}}"#),
    ]);
    let report = run(&prepared, &subgraphs);
    let representations = &subgraphs.sent(1)["variables"]["representations"];
    assert_eq!(representations, &json!([{"__typename": "Product", "upc": "1", "price": null}]));
    assert_eq!(report.errors, 0, "an entity that is not there is no error by itself");
}

#[test]
fn a_representation_may_have_another_name_and_nested_fields() {
    let mut plan = Plan::new();
    let owner = plan.shape(&["User", "Bot"], &[("id", leaf(octavo_query_plan::LeafKind::Id))]);
    let product = plan.shape(&["Product"], &[("owners", list(list(object(owner)))), ("x", string())]);
    let root = plan.shape(&["Query"], &[("product", object(product))]);
    let id = plan.key_field(owner, "id");
    let name = RepresentationField {
        key: "__typename".into(),
        types: only(&[1]),
        required: true,
        value: RepresentationValue::Typename,
    };
    let owner = plan.select(owner, &[("__typename", None), ("id", None)]);
    let x = plan.select(product, &[("x", None)]);
    let owners = plan.slot(product, "owners");
    let product = plan.select(product, &[("owners", Some(owner))]);
    let root = plan.select(root, &[("product", Some(product))]);
    plan.then_root("a", root);
    let mut group = plan.group(&["product"], &[], x);
    group.representations[0].typename = Some("Thing".into());
    group.representations[0].fields = vec![RepresentationField {
        key: "owners".into(),
        types: TypeSet::All,
        required: true,
        value: RepresentationValue::Slot { slot: owners, fields: vec![id, name] },
    }];
    plan.then_entities("b", vec![group]);
    let subgraphs = Subgraphs::new(&[
        (
            "a",
            r#"{"data":{"product":{"owners":[[{"__typename":"User","id":1},null],[{"__typename":"Bot","id":"b"}]]}}}"#,
        ),
        ("b", r#"{"data":{"_entities":[{"x":"!"}]}}"#),
    ]);
    let report = run(&plan.prepare(), &subgraphs);
    assert_eq!(
        subgraphs.sent(1)["variables"]["representations"],
        json!([{"__typename": "Thing", "owners": [[{"id": 1}, null], [{"id": "b", "__typename": "Bot"}]]}])
    );
    assert_eq!(json(&report)["data"]["product"]["x"], "!");
}

#[test]
fn rows_of_types_without_a_representation_are_left_out() {
    let mut plan = Plan::new();
    let node = plan.shape(&["A", "B"], &[("id", string()), ("x", string())]);
    let root = plan.shape(&["Query"], &[("nodes", list(object(node)))]);
    let read = plan.select(node, &[("__typename", None), ("id", None)]);
    let x = plan.select(node, &[("x", None)]);
    let root = plan.select(root, &[("nodes", Some(read))]);
    plan.then_root("a", root);
    let mut group = plan.group(&["nodes"], &["id"], x);
    group.representations[0].types = only(&[1]);
    plan.then_entities("b", vec![group]);
    let subgraphs = Subgraphs::new(&[
        ("a", r#"{"data":{"nodes":[{"__typename":"A","id":"1"},{"__typename":"B","id":"1"},{"id":"1"}]}}"#),
        ("b", r#"{"data":{"_entities":[{"x":"b"}]}}"#),
    ]);
    let report = run(&plan.prepare(), &subgraphs);
    assert_eq!(subgraphs.sent(1)["variables"]["representations"], json!([{"__typename": "B", "id": "1"}]));
    assert_eq!(
        json(&report)["data"],
        json!({"nodes": [{"id": "1", "x": null}, {"id": "1", "x": "b"}, null]})
    );
}

#[test]
fn a_later_answer_may_narrow_the_type() {
    let mut plan = Plan::new();
    let node = plan.shape(&["A", "B"], &[("id", string()), ("x", string())]);
    plan.outputs(node)[1].types = only(&[1]);
    let root = plan.shape(&["Query"], &[("node", object(node))]);
    let id = plan.select(node, &[("__typename", None), ("id", None)]);
    let narrow = plan.select(node, &[("__typename", None), ("x", None)]);
    let root = plan.select(root, &[("node", Some(id))]);
    plan.then_root("a", root);
    let mut group = plan.group(&["node"], &["id"], narrow);
    group.representations[0].typename = Some("Node".into());
    plan.then_entities("b", vec![group]);
    let subgraphs = Subgraphs::new(&[
        ("a", r#"{"data":{"node":{"__typename":"Node","id":"1"}}}"#),
        ("b", r#"{"data":{"_entities":[{"__typename":"B","x":"b"}]}}"#),
    ]);
    let response = json(&run(&plan.prepare(), &subgraphs));
    assert_eq!(response, json!({"data": {"node": {"id": "1", "x": "b"}}}));
}

#[test]
fn groups_of_one_request_are_answered_apart() {
    let mut plan = Plan::new();
    let user = plan.shape(&["User"], &[("id", string()), ("name", string())]);
    let root = plan.shape(&["Query"], &[("me", object(user)), ("you", object(user)), ("none", object(user))]);
    let id = plan.select(user, &[("id", None)]);
    let name = plan.select(user, &[("name", None)]);
    let root = plan.select(root, &[("me", Some(id)), ("you", Some(id)), ("none", Some(id))]);
    plan.then_root("a", root);
    let groups = ["me", "you", "none"].map(|slot| EntityGroup {
        key: format!("e_{slot}").into(),
        variable: format!("r_{slot}").into(),
        ..plan.group(&[slot], &["id"], name)
    });
    plan.then_entities("b", groups.to_vec());
    let subgraphs = Subgraphs::new(&[
        ("a", r#"{"data":{"me":{"id":"1"},"you":{"id":"2"},"none":null}}"#),
        ("b", r#"{"data":{"e_none":[],"e_you":[{"name":"You"}],"e_me":[{"name":"Me"}]}}"#),
    ]);
    let report = run(&plan.prepare(), &subgraphs);
    assert_eq!(
        subgraphs.sent(1)["variables"],
        json!({
            "r_me": [{"__typename": "User", "id": "1"}],
            "r_you": [{"__typename": "User", "id": "2"}],
            "r_none": [],
        })
    );
    assert_eq!(
        json(&report),
        json!({"data": {"me": {"id": "1", "name": "Me"}, "you": {"id": "2", "name": "You"}, "none": null}})
    );
}

#[test]
fn only_variables_that_a_request_uses_and_that_have_a_value_are_sent() {
    let mut plan = Plan::new();
    let root = plan.shape(&["Query"], &[("x", string())]);
    let root = plan.select(root, &[("x", None)]);
    let fetch = plan.then_root("a", root);
    plan.0.fetches[fetch].variables = vec!["used".into(), "unset".into()];
    plan.0.fetches[fetch].operation_name = Some("Named".into());
    let second = plan.then_root("b", root);
    assert_eq!(plan.0.fetches[second].variables.len(), 0);
    let subgraphs = Subgraphs::new(&[("a", r#"{"data":{"x":"1"}}"#), ("b", r#"{"data":{"x":"1"}}"#)]);
    let prepared = plan.prepare();
    run_with(&prepared, &subgraphs, None, request(&[("used", "{\"a\":[1]}"), ("other", "2")]));
    let query = "query Q { \"a\" }";
    assert_eq!(
        subgraphs.sent(0),
        json!({"query": query, "operationName": "Named", "variables": {"used": {"a": [1]}}})
    );
    assert_eq!(subgraphs.sent(1), json!({"query": query}));
}

#[test]
fn chains_of_entities_use_what_came_before() {
    let (mut plan, product, rest) = products();
    let first = plan.group(&["products"], &["upc"], rest);
    let mut second = plan.group(&["products"], &["price"], rest);
    second.representations[0].fields.insert(0, plan.key_field(product, "upc"));
    let first = plan.fetch("b", octavo_query_plan::FetchContent::Entities(vec![first]));
    let second = plan.fetch("c", octavo_query_plan::FetchContent::Entities(vec![second]));
    plan.then(PlanNode::Sequence(vec![PlanNode::Fetch(first), PlanNode::Fetch(second)]));
    let subgraphs = Subgraphs::new(&[
        ("a", r#"{"data":{"products":[{"upc":"1"},{"upc":"2"}]}}"#),
        ("b", r#"{"data":{"_entities":[{"price":5},{"price":null}]}}"#),
        ("c", r#"{"data":{"_entities":[{"parts":[{"id":"p"}]}]}}"#),
    ]);
    let report = run(&plan.prepare(), &subgraphs);
    assert_eq!(
        subgraphs.sent(2)["variables"]["representations"],
        json!([{"__typename": "Product", "upc": "1", "price": 5}])
    );
    assert_eq!(json(&report)["data"]["products"][0]["parts"], json!([{"id": "p"}]));
}
