//! The order of requests, conditions on them, and introspection.

use futures::executor::block_on;
use octavo_executor::{ExecutionRequest, Ports, execute};
use octavo_query_plan::{FetchContent, IntrospectionField, LeafKind, PlanNode, RootFields};
use serde_json::json;

use crate::kit::{Introspection, Plan, Subgraphs, json, leaf, request, run, run_with, string};

/// Two root fields, one from each subgraph.
fn two(arrange: impl FnOnce(&mut Plan, PlanNode, PlanNode)) -> (octavo_executor::Prepared, Subgraphs) {
    let mut plan = Plan::new();
    let root = plan.shape(&["Query"], &[("x", string()), ("y", string())]);
    let x = plan.select(root, &[("x", None)]);
    let y = plan.select(root, &[("y", None)]);
    let a = plan.fetch("a", FetchContent::Root(RootFields::at_top(x)));
    let b = plan.fetch("b", FetchContent::Root(RootFields::at_top(y)));
    arrange(&mut plan, PlanNode::Fetch(a), PlanNode::Fetch(b));
    let answers = [("a", r#"{"data":{"x":"1"}}"#), ("b", r#"{"data":{"y":"2"}}"#)];
    (plan.prepare(), Subgraphs::new(&answers))
}

#[test]
fn a_sequence_waits_for_each() {
    let (prepared, subgraphs) = two(|plan, a, b| plan.then(PlanNode::Sequence(vec![b, a])));
    assert_eq!(json(&run(&prepared, &subgraphs)), json!({"data": {"x": "1", "y": "2"}}));
    assert_eq!(*subgraphs.events.lock().unwrap(), ["b begins", "b ends", "a begins", "a ends"]);
}

#[test]
fn a_sequence_goes_on_after_an_error() {
    let (prepared, _) = two(|plan, a, b| plan.then(PlanNode::Sequence(vec![a, b])));
    let subgraphs = Subgraphs::new(&[("a", "no"), ("b", r#"{"data":{"y":"2"}}"#)]);
    let report = run(&prepared, &subgraphs);
    assert_eq!(json(&report)["data"], json!({"x": null, "y": "2"}));
    assert_eq!(report.errors, 1);
}

#[test]
fn what_is_parallel_begins_together() {
    let (prepared, subgraphs) = two(|plan, a, b| plan.then(PlanNode::Parallel(vec![a, b])));
    assert_eq!(json(&run(&prepared, &subgraphs)), json!({"data": {"x": "1", "y": "2"}}));
    assert_eq!(*subgraphs.events.lock().unwrap(), ["a begins", "b begins", "a ends", "b ends"]);
}

#[test]
fn a_request_whose_condition_does_not_hold_is_not_sent() {
    let (prepared, subgraphs) = two(|plan, a, b| {
        let (shown, hidden) = (plan.condition("v", true), plan.condition("v", false));
        plan.then(PlanNode::Condition { when: shown, node: Box::new(a) });
        plan.then(PlanNode::Condition { when: hidden, node: Box::new(b) });
    });
    let with = |value| json(&run_with(&prepared, &subgraphs, None, request(&[("v", value)])));
    assert_eq!(with("true"), json!({"data": {"x": "1", "y": null}}));
    assert_eq!(with("false"), json!({"data": {"x": null, "y": "2"}}));
}

fn introspected(answer: Result<&str, &str>) -> serde_json::Value {
    let mut plan = Plan::new();
    let root = plan.shape(&["Query"], &[("__schema", leaf(LeafKind::Any)), ("__type", leaf(LeafKind::Any))]);
    plan.outputs(root)[0].key = "s".into();
    let fields = [("s", "__schema"), ("__type", "__type")];
    let fields =
        fields.map(|(key, slot)| IntrospectionField { key: key.into(), slot: plan.slot(root, slot) });
    plan.then(PlanNode::Introspection(fields.to_vec()));
    let prepared = plan.prepare();
    let introspection = Introspection(answer.map(str::to_owned).map_err(str::to_owned));
    let subgraphs = Subgraphs::default();
    let ports = Ports { subgraphs: &subgraphs, cache: None, introspection: &introspection };
    json(&block_on(execute(&prepared, ExecutionRequest::default(), ports)))
}

#[test]
fn introspection_is_answered_by_its_port() {
    assert_eq!(
        introspected(Ok(r#"{"s":{"types":[{"name":"A"}]},"__type":null}"#)),
        json!({"data": {"s": {"types": [{"name": "A"}]}, "__type": null}})
    );
}

#[test]
fn introspection_that_is_refused_is_null_with_an_error() {
    for answer in [Err("introspection is off"), Ok("{\"s\":")] {
        let response = introspected(answer);
        assert_eq!(response["data"], json!({"s": null, "__type": null}));
        assert_eq!(response["errors"][0]["path"], json!(["s"]));
        assert_eq!(response["errors"][0]["extensions"]["code"], "INTROSPECTION_FAILED");
    }
}
