//! Several answers about the same slots.

use octavo_query_plan::{SelectionId, ShapeId};
use serde_json::{Value, json};

use crate::kit::{Plan, Subgraphs, int, json, list, object, run, string};

/// `{ box { a b } boxes { a b } tags }`, all of it from two subgraphs.
fn merged(first: &str, second: &str) -> Value {
    let mut plan = Plan::new();
    let inner: ShapeId = plan.shape(&["Box"], &[("a", int()), ("b", int())]);
    let root = plan.shape(
        &["Query"],
        &[("box", object(inner)), ("boxes", list(list(object(inner)))), ("tags", list(string()))],
    );
    let inner: SelectionId = plan.select(inner, &[("a", None), ("b", None)]);
    let root = plan.select(root, &[("box", Some(inner)), ("boxes", Some(inner)), ("tags", None)]);
    plan.then_root("a", root);
    plan.then_root("b", root);
    let wrap = |data: &str| format!("{{\"data\":{data}}}");
    json(&run(&plan.prepare(), &Subgraphs::new(&[("a", &wrap(first)), ("b", &wrap(second))])))
}

#[test]
fn objects_are_united() {
    let response = merged(r#"{"box":{"a":1}}"#, r#"{"box":{"b":2}}"#);
    assert_eq!(response["data"]["box"], json!({"a": 1, "b": 2}));
    assert_eq!(response.get("errors"), None);
}

#[test]
fn lists_of_equal_length_are_united_item_by_item() {
    let response =
        merged(r#"{"boxes":[[{"a":1},null],[{"a":3}]]}"#, r#"{"boxes":[[{"b":1},{"b":2}],[null]]}"#);
    assert_eq!(
        response["data"]["boxes"],
        json!([[{"a": 1, "b": 1}, {"a": null, "b": 2}], [{"a": 3, "b": null}]])
    );
    assert_eq!(response.get("errors"), None);
}

#[test]
fn lists_of_unequal_length_are_an_error() {
    for (first, second) in [
        (r#"{"tags":["x"]}"#, r#"{"tags":["x","y"]}"#),
        (r#"{"tags":["x","y"]}"#, r#"{"tags":["x"]}"#),
        (r#"{"tags":["x","y"]}"#, r#"{"tags":[]}"#),
    ] {
        let response = merged(first, second);
        assert_eq!(response["data"]["tags"], Value::Null);
        assert_eq!(response["errors"][0]["path"], json!(["tags"]));
        assert_eq!(response["errors"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_value_stands_against_null_on_either_side() {
    for (first, second) in [
        (r#"{"box":{"a":1,"b":null}}"#, r#"{"box":{"a":null,"b":2}}"#),
        (r#"{"box":null}"#, r#"{"box":{"a":1,"b":2}}"#),
    ] {
        assert_eq!(merged(first, second)["data"]["box"], json!({"a": 1, "b": 2}));
        assert_eq!(merged(second, first)["data"]["box"], json!({"a": 1, "b": 2}));
    }
}

#[test]
fn the_first_value_of_a_leaf_stays() {
    assert_eq!(merged(r#"{"box":{"a":1}}"#, r#"{"box":{"a":2}}"#)["data"]["box"]["a"], 1);
}

#[test]
fn an_answer_that_turns_out_malformed_leaves_nothing_behind() {
    let response =
        merged(r#"{"box":{"a":1},"tags":null}"#, r#"{"box":{"b":2},"tags":["x"],"boxes":[[{"a":1}]]"#);
    assert_eq!(response["data"], json!({"box": {"a": 1, "b": null}, "tags": null, "boxes": null}));
    let paths: Vec<&Value> =
        response["errors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
    assert_eq!(paths, [&json!(["boxes"]), &json!(["tags"])]);
}

#[test]
fn a_value_heals_what_an_earlier_answer_failed() {
    let response = merged(r#"{"box":7}"#, r#"{"box":{"a":1,"b":2}}"#);
    assert_eq!(response["data"]["box"], json!({"a": 1, "b": 2}));
}

#[test]
fn copies_for_several_owners_do_not_share_what_later_answers_change() {
    let mut plan = Plan::new();
    let seller = plan.shape(&["Seller"], &[("id", string()), ("name", string())]);
    let item = plan.shape(&["Item"], &[("key", string()), ("n", int()), ("sellers", list(object(seller)))]);
    let root = plan.shape(&["Query"], &[("items", list(object(item)))]);
    let name = plan.select(seller, &[("name", None)]);
    let seller = plan.select(seller, &[("id", None)]);
    let keys = plan.select(item, &[("key", None), ("n", None)]);
    let named = plan.select(item, &[("sellers", Some(name))]);
    let sellers = plan.select(item, &[("sellers", Some(seller))]);
    let root = plan.select(root, &[("items", Some(keys))]);
    plan.then_root("a", root);
    let by_key = plan.group(&["items"], &["key"], sellers);
    let by_number = plan.group(&["items"], &["n"], named);
    plan.then_entities("b", vec![by_key]);
    plan.then_entities("c", vec![by_number]);
    let subgraphs = Subgraphs::new(&[
        ("a", r#"{"data":{"items":[{"key":"k","n":1},{"key":"k","n":2}]}}"#),
        ("b", r#"{"data":{"_entities":[{"sellers":[{"id":"s"}]}]}}"#),
        ("c", r#"{"data":{"_entities":[{"sellers":[{"name":"one"}]},{"sellers":[{"name":"two"}]}]}}"#),
    ]);
    let response = json(&run(&plan.prepare(), &subgraphs));
    assert_eq!(
        response["data"]["items"],
        json!([
            {"key": "k", "n": 1, "sellers": [{"id": "s", "name": "one"}]},
            {"key": "k", "n": 2, "sellers": [{"id": "s", "name": "two"}]},
        ])
    );
}

#[test]
fn the_type_that_is_known_first_stays() {
    let mut plan = Plan::new();
    let node = plan.shape(&["A", "B"], &[("x", int())]);
    let root = plan.shape(&["Query"], &[("node", object(node))]);
    let typename = octavo_query_plan::OutputValue::Typename;
    plan.outputs(node)[0].value = typename;
    let node = plan.select(node, &[("__typename", None)]);
    let root = plan.select(root, &[("node", Some(node))]);
    plan.then_root("a", root);
    plan.then_root("b", root);
    let named = |name| format!("{{\"data\":{{\"node\":{{\"__typename\":\"{name}\"}}}}}}");
    let subgraphs = Subgraphs::new(&[("a", &named("A")), ("b", &named("B"))]);
    assert_eq!(json(&run(&plan.prepare(), &subgraphs))["data"], json!({"node": {"x": "A"}}));
}
