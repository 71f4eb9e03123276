//! How values are completed: coercion, nullability, conditions, names.

use octavo_index::Id;
use octavo_query_plan::{LeafKind, Output, OutputValue, TypeSet, ValueType};
use serde_json::{Value, json};

use crate::kit::{Plan, Subgraphs, int, json, leaf, list, non_null, object, request, run, run_with, string};

/// `{ value }` with one slot of that type, answered with that JSON.
fn completed(value: ValueType, answer: &str) -> Value {
    let mut plan = Plan::new();
    let root = plan.shape(&["Query"], &[("value", value)]);
    let root = plan.select(root, &[("value", None)]);
    plan.then_root("a", root);
    let answer = format!("{{\"data\":{{\"value\":{answer}}}}}");
    json(&run(&plan.prepare(), &Subgraphs::new(&[("a", &answer)])))
}

#[test]
fn leaves_are_coerced() {
    assert_eq!(completed(leaf(LeafKind::Id), "12"), json!({"data": {"value": "12"}}));
    assert_eq!(completed(int(), "7.0"), json!({"data": {"value": 7}}));
    assert_eq!(completed(leaf(LeafKind::Boolean), "true"), json!({"data": {"value": true}}));
}

#[test]
fn a_leaf_that_does_not_fit_is_null_with_an_error() {
    let response = completed(int(), "3000000000");
    assert_eq!(response["data"], json!({"value": null}));
    assert_eq!(response["errors"].as_array().unwrap().len(), 1);
    assert_eq!(response["errors"][0]["path"], json!(["value"]));
    let extensions = serde_json::json!({ "code": "RESPONSE_VALIDATION_FAILED", "service": "s" });
    assert_eq!(response["errors"][0]["extensions"], extensions);
}

#[test]
fn enum_values_that_clients_may_not_see_are_not_told() {
    let mut plan = Plan::new();
    let values = plan.0.enums.push(vec!["OPEN".into()]);
    let root =
        plan.shape(&["Query"], &[("a", leaf(LeafKind::Enum(values))), ("b", leaf(LeafKind::Enum(values)))]);
    let root = plan.select(root, &[("a", None), ("b", None)]);
    plan.then_root("a", root);
    let report = run(&plan.prepare(), &Subgraphs::new(&[("a", r#"{"data":{"a":"OPEN","b":"SECRET"}}"#)]));
    assert_eq!(json(&report)["data"], json!({"a": "OPEN", "b": null}));
    assert_eq!(report.errors, 1);
    assert!(!String::from_utf8_lossy(&report.body).contains("SECRET"));
}

#[test]
fn null_goes_up_to_the_nearest_position_that_may_be_null() {
    let item = non_null(string());
    assert_eq!(completed(list(item.clone()), r#"["a",null]"#)["data"], json!({"value": null}));
    assert_eq!(completed(non_null(list(item.clone())), r#"["a",null]"#)["data"], Value::Null);
    let nested = list(list(item));
    let response = completed(nested, r#"[["a"],["b",null,"c"],[]]"#);
    assert_eq!(response["data"], json!({"value": [["a"], null, []]}));
    assert_eq!(response["errors"][0]["path"], json!(["value", 1, 1]));
}

#[test]
fn null_takes_the_object_around_it_and_no_more() {
    let mut plan = Plan::new();
    let inner = plan.shape(&["Inner"], &[("x", non_null(int())), ("y", non_null(int()))]);
    let outer = plan.shape(&["Outer"], &[("inner", non_null(object(inner))), ("z", string())]);
    let root = plan.shape(&["Query"], &[("outer", object(outer)), ("other", string())]);
    let inner = plan.select(inner, &[("x", None), ("y", None)]);
    let outer = plan.select(outer, &[("inner", Some(inner)), ("z", None)]);
    let root = plan.select(root, &[("outer", Some(outer)), ("other", None)]);
    plan.then_root("a", root);
    let answer = r#"{"data":{"outer":{"inner":{"x":null,"y":null},"z":"z"},"other":"o"}}"#;
    let response = json(&run(&plan.prepare(), &Subgraphs::new(&[("a", answer)])));
    assert_eq!(response["data"], json!({"outer": null, "other": "o"}));
    let errors = response["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "one null is enough to lose the object");
    assert_eq!(errors[0]["path"], json!(["outer", "inner", "x"]));
}

#[test]
fn objects_of_types_that_clients_may_not_see_are_null() {
    let mut plan = Plan::new();
    let node = plan.shape(&["A", "Hidden"], &[("x", string())]);
    plan.0.shapes[node].types[Id::new(1)].accessible = false;
    let root = plan.shape(&["Query"], &[("node", object(node))]);
    let node = plan.select(node, &[("__typename", None), ("x", None)]);
    let root = plan.select(root, &[("node", Some(node))]);
    plan.then_root("a", root);
    let answer = r#"{"data":{"node":{"__typename":"Hidden","x":"secret"}}}"#;
    let report = run(&plan.prepare(), &Subgraphs::new(&[("a", answer)]));
    assert_eq!(json(&report)["data"], json!({"node": null}));
    assert_eq!(report.errors, 1);
    let text = String::from_utf8_lossy(&report.body);
    assert!(!text.contains("Hidden") && !text.contains("secret"));
}

#[test]
fn outputs_have_aliases_conditions_and_type_names() {
    let mut plan = Plan::new();
    let root = plan.shape(&["Query"], &[("x", string()), ("unseen", string())]);
    let (yes, no) = (plan.condition("v", true), plan.condition("v", false));
    let x = plan.slot(root, "x");
    let output = |key: &str, when, value| Output {
        key: key.into(),
        types: TypeSet::All,
        when,
        defer: None,
        stream: None,
        value,
        own: Vec::new(),
    };
    *plan.outputs(root) = vec![
        output("never", Some(no), OutputValue::Slot(x)),
        output("first", None, OutputValue::Slot(x)),
        output("type", None, OutputValue::Typename),
        output("second", Some(yes), OutputValue::Slot(x)),
    ];
    let root = plan.select(root, &[("x", None), ("unseen", None)]);
    plan.then_root("a", root);
    let prepared = plan.prepare();
    let subgraphs = Subgraphs::new(&[("a", r#"{"data":{"x":"1","unseen":"2"}}"#)]);
    let with = |value| {
        let report = run_with(&prepared, &subgraphs, None, request(&[("v", value)]));
        String::from_utf8(report.body.to_vec()).unwrap()
    };
    assert_eq!(with("true"), r#"{"data":{"first":"1","type":"Query","second":"1"}}"#);
    assert_eq!(with("false"), r#"{"data":{"never":"1","first":"1","type":"Query"}}"#);
}

#[test]
fn a_plan_without_requests_is_answered() {
    let mut plan = Plan::new();
    let root = plan.shape(&["Query"], &[]);
    let value = OutputValue::Typename;
    plan.outputs(root).push(Output {
        key: "__typename".into(),
        types: TypeSet::All,
        when: None,
        defer: None,
        stream: None,
        value,
        own: Vec::new(),
    });
    let response = json(&run(&plan.prepare(), &Subgraphs::default()));
    assert_eq!(response, json!({"data": {"__typename": "Query"}}));
}

#[test]
fn errors_end_at_their_limit() {
    let mut plan = Plan::new();
    let root = plan.shape(&["Query"], &[("xs", list(int()))]);
    let root = plan.select(root, &[("xs", None)]);
    plan.then_root("a", root);
    let options = octavo_executor::Options { max_errors: 3, ..octavo_executor::Options::default() };
    let answer = r#"{"data":{"xs":["a","b","c","d","e",1]}}"#;
    let report = run(&plan.prepare_with(options), &Subgraphs::new(&[("a", answer)]));
    assert_eq!(report.errors, 3);
    assert_eq!(json(&report)["data"], json!({"xs": [null, null, null, null, null, 1]}));
}

#[test]
fn objects_of_an_interface_may_keep_their_type_to_themselves() {
    let mut plan = Plan::new();
    let node = plan.shape(&["A", "B"], &[("x", int()), ("y", int())]);
    plan.0.shapes[node].interface_objects = true;
    plan.outputs(node)[1].value = OutputValue::Typename;
    plan.outputs(node)[1].types = crate::kit::only(&[0]);
    let root = plan.shape(&["Query"], &[("node", object(node)), ("named", object(node))]);
    let x = plan.select(node, &[("x", None)]);
    let root = plan.select(root, &[("node", Some(x))]);
    plan.then_root("a", root);
    let subgraphs = Subgraphs::new(&[("a", r#"{"data":{"node":{"x":1}}}"#)]);
    let known = |plan: &Plan| json(&run(&Plan(plan.0.clone()).prepare(), &subgraphs));
    let lost = json!({"node": null, "named": null});
    let of_some = known(&plan);
    assert_eq!(of_some["data"], lost, "what is written of some types needs the type");
    assert_eq!(of_some["errors"][0]["path"], json!(["node"]));
    plan.outputs(node)[1].types = TypeSet::All;
    let of_all = known(&plan);
    assert_eq!(of_all["data"], lost, "a type that must be told is an error");
    assert_eq!(of_all["errors"][0]["path"], json!(["node", "y"]));
    plan.outputs(node).pop();
    assert_eq!(known(&plan), json!({"data": {"node": {"x": 1}, "named": null}}));
}
