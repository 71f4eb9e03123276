//! Errors of subgraphs, told at the positions that they left null.

use octavo_executor::{Prepared, SubgraphError};
use octavo_query_plan::{Output, OutputValue, TypeSet};
use serde_json::{Value, json};

use crate::kit::{Plan, Subgraphs, int, json, list, non_null, object, run, string};

/// `{ all: products { code: upc cost: price maker { label: name } } }` with the aliases that the client chose; `p0` and
/// `n0` are those that the planner chose. `upc` comes from `a`, the rest from `b`.
fn aliased() -> Prepared {
    let mut plan = Plan::new();
    let maker = plan.shape(&["Maker"], &[("name", string())]);
    plan.outputs(maker)[0].key = "label".into();
    let product = plan.shape(&["Product"], &[("upc", string()), ("price", int()), ("maker", object(maker))]);
    plan.outputs(product)[0].key = "code".into();
    plan.outputs(product)[1].key = "cost".into();
    let root = plan.shape(&["Query"], &[("products", list(object(product)))]);
    plan.outputs(root)[0].key = "all".into();
    let maker = plan.select(maker, &[("n0=name", None)]);
    let upc = plan.select(product, &[("upc", None)]);
    let rest = plan.select(product, &[("p0=price", None), ("maker", Some(maker))]);
    let root = plan.select(root, &[("products", Some(upc))]);
    plan.then_root("a", root);
    let group = plan.group(&["products"], &["upc"], rest);
    plan.then_entities("b", vec![group]);
    plan.prepare()
}

const TWO: &str = r#"{"data":{"products":[{"upc":"1"},{"upc":"2"}]}}"#;
const TWICE: &str = r#"{"data":{"products":[{"upc":"1"},{"upc":"1"}]}}"#;

fn errors(a: &str, b: &str) -> Vec<Value> {
    let response = json(&run(&aliased(), &Subgraphs::new(&[("a", a), ("b", b)])));
    response["errors"].as_array().cloned().unwrap_or_default()
}

fn paths(errors: &[Value]) -> Vec<Value> {
    errors.iter().map(|error| error["path"].clone()).collect()
}

#[test]
fn paths_are_told_in_the_clients_keys() {
    let b = r#"{"errors":[{"message":"m","path":["_entities",1,"p0"],"locations":[{"line":1,"column":1}],"extensions":{"code":"OWN","more":1,"exception":{"stack":"x"}}}],"data":{"_entities":[{"p0":1,"maker":null},{"p0":null,"maker":null}]}}"#;
    let errors = errors(TWO, b);
    assert_eq!(
        errors,
        [json!({
            "message": "m",
            "path": ["all", 1, "cost"],
            "extensions": {"code": "OWN", "more": 1, "service": "b"},
        })]
    );
}

#[test]
fn an_error_beneath_a_null_keeps_its_whole_path() {
    let b = r#"{"data":{"_entities":[{"p0":1,"maker":null},null]},"errors":[{"message":"m","path":["_entities",0,"maker","n0"]}]}"#;
    let errors = errors(TWO, b);
    assert_eq!(paths(&errors), [json!(["all", 0, "maker", "label"])]);
    assert_eq!(errors[0]["extensions"], json!({"code": "DOWNSTREAM_SERVICE_ERROR", "service": "b"}));
}

#[test]
fn an_error_of_a_joined_entity_is_told_to_every_owner() {
    let b = r#"{"data":{"_entities":[{"p0":null,"maker":{"n0":null}}]},"errors":[{"message":"m","path":["_entities",0,"p0"]},{"message":"n","path":["_entities",0,"maker","n0"]}]}"#;
    assert_eq!(
        paths(&errors(TWICE, b)),
        [
            json!(["all", 0, "cost"]),
            json!(["all", 0, "maker", "label"]),
            json!(["all", 1, "cost"]),
            json!(["all", 1, "maker", "label"]),
        ]
    );
}

#[test]
fn an_error_of_a_whole_entity_is_told_at_its_fields() {
    let b = r#"{"data":{"_entities":[null,{"p0":2,"maker":null}]},"errors":[{"message":"m","path":["_entities",0]}]}"#;
    assert_eq!(paths(&errors(TWO, b)), [json!(["all", 0, "cost"]), json!(["all", 0, "maker"])]);
}

#[test]
fn errors_without_an_index_belong_to_all_that_is_empty() {
    for path in [
        "",
        r#","path":[]"#,
        r#","path":["_entities"]"#,
        r#","path":["elsewhere"]"#,
        r#","path":["_entities",7]"#,
    ] {
        let b = format!(
            r#"{{"errors":[{{"message":"m"{path}}}],"data":{{"_entities":[null,{{"p0":2,"maker":null}}]}}}}"#
        );
        assert_eq!(
            paths(&errors(TWO, &b)),
            [json!(["all", 0, "cost"]), json!(["all", 0, "maker"]), json!(["all", 1, "maker"])],
            "{path}"
        );
    }
}

#[test]
fn a_position_has_one_error() {
    let b = r#"{"data":null,"errors":[{"message":"m","path":["_entities",0,"p0"]},{"message":"n","path":["_entities",0,"p0"]}]}"#;
    let errors = errors(TWO, b);
    assert_eq!(paths(&errors)[0], json!(["all", 0, "cost"]));
    let at_cost = errors.iter().filter(|error| error["path"] == json!(["all", 0, "cost"])).count();
    assert_eq!(at_cost, 1);
}

#[test]
fn an_error_about_data_that_is_there_is_told_once() {
    let b = r#"{"data":{"_entities":[{"p0":1,"maker":{"n0":"x"}},{"p0":1,"maker":{"n0":"x"}}]},"errors":[{"message":"m","path":["_entities",0,"p0"]},{"message":"n"}]}"#;
    let errors = errors(TWO, b);
    assert_eq!(errors.len(), 2);
    assert!(errors.iter().all(|error| error.get("path").is_none()));
}

#[test]
fn calls_that_fail_are_told_by_their_codes_and_name_no_host() {
    for (error, code) in [
        (SubgraphError::Unreachable, "SUBREQUEST_HTTP_ERROR"),
        (SubgraphError::Status(503), "SUBREQUEST_HTTP_ERROR"),
        (SubgraphError::TooLarge, "SUBREQUEST_HTTP_ERROR"),
        (SubgraphError::Rejected, "SUBREQUEST_HTTP_ERROR"),
        (SubgraphError::Timeout, "SUBGRAPH_REQUEST_TIMEOUT"),
        (SubgraphError::Overloaded, "OVERLOADED"),
    ] {
        let mut subgraphs = Subgraphs::new(&[("a", TWO)]);
        subgraphs.respond("b", Err(error));
        let response = json(&run(&aliased(), &subgraphs));
        assert_eq!(response["data"]["all"][0], json!({"code": "1", "cost": null, "maker": null}));
        let errors = response["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 4, "two fields of two products");
        assert!(errors.iter().all(|e| e["extensions"] == json!({"code": code, "service": "b"})));
    }
}

#[test]
fn a_wrong_number_of_entities_is_malformed() {
    for entities in ["[]", "[null]", "[null,null,null]"] {
        let b = format!(r#"{{"data":{{"_entities":{entities}}}}}"#);
        let errors = errors(TWO, &b);
        assert_eq!(errors.len(), 4, "{entities}");
        assert_eq!(errors[0]["extensions"]["code"], "SUBREQUEST_MALFORMED_RESPONSE");
    }
}

#[test]
fn root_errors_follow_lists_and_aliases() {
    let mut plan = Plan::new();
    let item = plan.shape(&["Item"], &[("name", non_null(string()))]);
    let root = plan.shape(&["Query"], &[("items", list(list(object(item))))]);
    let items = plan.slot(root, "items");
    let twice = Output {
        key: "again".into(),
        types: TypeSet::All,
        when: None,
        defer: None,
        stream: None,
        value: OutputValue::Slot(items),
        own: Vec::new(),
    };
    plan.outputs(root).push(twice);
    let item = plan.select(item, &[("x1=name", None)]);
    let root = plan.select(root, &[("i=items", Some(item))]);
    plan.then_root("a", root);
    let a = r#"{"errors":[{"message":"m","path":["i",0,1,"x1"]}],"data":{"i":[[{"x1":"a"},null]]}}"#;
    let response = json(&run(&plan.prepare(), &Subgraphs::new(&[("a", a)])));
    assert_eq!(response["data"]["items"], json!([[{"name": "a"}, null]]));
    let paths = paths(response["errors"].as_array().unwrap());
    assert_eq!(paths, [json!(["items", 0, 1, "name"]), json!(["again", 0, 1, "name"])]);
}

#[test]
fn the_error_that_made_a_null_is_told_and_no_other() {
    let mut plan = Plan::new();
    let root = plan.shape(&["Query"], &[("x", non_null(string()))]);
    let root = plan.select(root, &[("x", None)]);
    plan.then_root("a", root);
    let a = r#"{"data":null,"errors":[{"message":"no \"x\" today","path":["x"]}]}"#;
    let response = json(&run(&plan.prepare(), &Subgraphs::new(&[("a", a)])));
    assert_eq!(response["data"], Value::Null);
    assert_eq!(response["errors"].as_array().unwrap().len(), 1);
    assert_eq!(response["errors"][0]["message"], "no \"x\" today");
    assert_eq!(response["errors"][0]["path"], json!(["x"]));
}

#[test]
fn an_error_of_a_key_that_the_client_did_not_ask_for_is_told() {
    let mut plan = Plan::new();
    let product = plan.shape(&["Product"], &[("upc", string()), ("price", int())]);
    plan.outputs(product).remove(0);
    let root = plan.shape(&["Query"], &[("product", object(product))]);
    let upc = plan.select(product, &[("upc", None)]);
    let price = plan.select(product, &[("price", None)]);
    let root = plan.select(root, &[("product", Some(upc))]);
    plan.then_root("a", root);
    let group = plan.group(&["product"], &["upc"], price);
    plan.then_entities("b", vec![group]);
    let a = r#"{"data":{"product":{"upc":null}},"errors":[{"message":"m","path":["product","upc"]}]}"#;
    let report = run(&plan.prepare(), &Subgraphs::new(&[("a", a)]));
    assert_eq!(json(&report)["data"], json!({"product": {"price": null}}));
    assert_eq!(json(&report)["errors"][0]["message"], "m");
    assert_eq!(report.fetches, 1);
}

#[test]
fn fields_that_were_asked_of_another_type_do_not_fail() {
    let mut plan = Plan::new();
    let node = plan.shape(&["A", "B"], &[("id", string()), ("x", string())]);
    let root = plan.shape(&["Query"], &[("nodes", list(object(node)))]);
    let id = plan.select(node, &[("__typename", None), ("id", None)]);
    let x = plan.select(node, &[("x", None)]);
    plan.0.selections[x].fields[0].types = crate::kit::only(&[0]);
    let root = plan.select(root, &[("nodes", Some(id))]);
    plan.then_root("a", root);
    let group = plan.group(&["nodes"], &["id"], x);
    plan.then_entities("b", vec![group]);
    let a = r#"{"data":{"nodes":[{"__typename":"A","id":"1"},{"__typename":"B","id":"2"}]}}"#;
    let b = r#"{"data":null,"errors":[{"message":"m"}]}"#;
    let response = json(&run(&plan.prepare(), &Subgraphs::new(&[("a", a), ("b", b)])));
    assert_eq!(paths(response["errors"].as_array().unwrap()), [json!(["nodes", 0, "x"])]);
}

/// `{ a b }`, both of one subgraph and never null, in an object that may be.
fn strict() -> Prepared {
    let mut plan = Plan::new();
    let pair = plan.shape(&["Pair"], &[("a", non_null(string())), ("b", non_null(string()))]);
    let root = plan.shape(&["Query"], &[("pair", object(pair))]);
    let a = plan.select(pair, &[("a", None)]);
    let b = plan.select(pair, &[("b", None)]);
    let (a, b) = (plan.select(root, &[("pair", Some(a))]), plan.select(root, &[("pair", Some(b))]));
    plan.then_root("a", a);
    plan.then_root("b", b);
    plan.prepare()
}

fn strict_errors(a: &str, b: &str) -> Vec<Value> {
    let response = json(&run(&strict(), &Subgraphs::new(&[("a", a), ("b", b)])));
    assert_eq!(response["data"], json!({"pair": null}));
    response["errors"].as_array().cloned().unwrap_or_default()
}

#[test]
fn what_an_error_left_missing_is_no_error_of_its_own() {
    let a = r#"{"data":{"pair":{}}}"#;
    let b = r#"{"data":{"pair":null},"errors":[{"message":"m","path":["pair","b"]}]}"#;
    let errors = strict_errors(a, b);
    assert_eq!(paths(&errors), [json!(["pair", "b"])]);
    let errors = strict_errors(a, r#"{"data":{"pair":{}}}"#);
    assert_eq!(paths(&errors), [json!(["pair", "a"])], "the null is explained, and once");
}

#[test]
fn an_error_goes_on_into_an_object_that_another_answer_brings() {
    let a = r#"{"data":{"pair":null},"errors":[{"message":"m","path":["pair","a"]}]}"#;
    let errors = strict_errors(a, r#"{"data":{"pair":{"b":"x"}}}"#);
    assert_eq!(errors.len(), 1);
    assert_eq!((&errors[0]["message"], &errors[0]["path"]), (&json!("m"), &json!(["pair", "a"])));
}

#[test]
fn several_errors_beneath_one_null_keep_their_paths() {
    let a = r#"{"data":{"pair":null},"errors":[{"message":"m","path":["pair","a"]},{"message":"n","path":["pair"]}]}"#;
    let b = r#"{"data":{"pair":null},"errors":[{"message":"o","path":["pair","b"]},{"message":"p","path":["pair"]}]}"#;
    let errors = strict_errors(a, b);
    let told = [json!(["pair", "a"]), json!(["pair"]), json!(["pair", "b"])];
    assert_eq!(paths(&errors), told, "two subgraphs with an error at one position tell it once");
}

#[test]
fn a_path_goes_through_the_key_that_is_written() {
    let mut plan = Plan::new();
    let item = plan.shape(&["Item"], &[("name", non_null(string()))]);
    let root = plan.shape(&["Query"], &[("item", object(item))]);
    let mut hidden = plan.outputs(item)[0].clone();
    hidden.key = "hidden".into();
    hidden.when = Some(plan.condition("show", true));
    plan.outputs(item).insert(0, hidden);
    let item = plan.select(item, &[("name", None)]);
    let root = plan.select(root, &[("item", Some(item))]);
    plan.then_root("a", root);
    let a = r#"{"data":{"item":null},"errors":[{"message":"m","path":["item","name"]}]}"#;
    let response = json(&run(&plan.prepare(), &Subgraphs::new(&[("a", a)])));
    assert_eq!(paths(response["errors"].as_array().unwrap()), [json!(["item", "name"])]);
}
