//! How answers are read: keys in any order, nothing under the wrong key, nothing that was not asked for.

use octavo_executor::Prepared;
use octavo_query_plan::LeafKind;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_oneof, proptest};
use serde_json::{Value, json};

use crate::kit::{Plan, Subgraphs, int, json, leaf, list, non_null, object, only, run, string, text};

/// `{ book { title pages tags author { name } } }`
fn books() -> Prepared {
    let mut plan = Plan::new();
    let author = plan.shape(&["Author"], &[("name", string())]);
    let book = plan.shape(
        &["Book"],
        &[("title", string()), ("pages", int()), ("tags", list(string())), ("author", object(author))],
    );
    let root = plan.shape(&["Query"], &[("book", object(book))]);
    let author = plan.select(author, &[("name", None)]);
    let book =
        plan.select(book, &[("title", None), ("pages", None), ("tags", None), ("author", Some(author))]);
    let root = plan.select(root, &[("book", Some(book))]);
    plan.then_root("books", root);
    plan.prepare()
}

fn data(answer: &str) -> String {
    text(&run(&books(), &Subgraphs::new(&[("books", answer)]))).to_owned()
}

const WHOLE: &str =
    r#"{"data":{"book":{"title":"Emma","pages":474,"tags":["a","b"],"author":{"name":"Jane"}}}}"#;

#[test]
fn an_answer_in_the_asked_order_is_written_as_it_came() {
    assert_eq!(data(WHOLE), WHOLE);
}

#[test]
fn keys_in_another_order_find_their_slots() {
    let answer =
        r#"{"data":{"book":{"author":{"name":"Jane"},"tags":["a","b"],"title":"Emma","pages":474}}}"#;
    assert_eq!(data(answer), WHOLE);
}

#[test]
fn white_space_is_passed_everywhere() {
    let spaced: String = WHOLE
        .chars()
        .flat_map(|c| if "{}[],:".contains(c) { vec![' ', '\n', c, '\t', '\r'] } else { vec![c] })
        .collect();
    assert_eq!(data(&spaced), WHOLE);
}

#[test]
fn keys_that_were_not_asked_for_are_passed_over() {
    let answer = r#"{"extensions":{"a":[{}]},"data":{"more":{"title":"x"},"book":{"x":[1,{"title":2}],"title":"Emma","y":null,"pages":474,"tags":["a","b"],"author":{"name":"Jane","title":"Mrs"},"z":{}}},"more":-1.5e3}"#;
    assert_eq!(data(answer), WHOLE);
}

#[test]
fn escaped_keys_are_the_keys_that_they_spell() {
    let answer = WHOLE.replace("\"title\"", "\"t\\u0069tle\"");
    assert_eq!(data(&answer), WHOLE);
}

#[test]
fn a_key_that_is_missing_leaves_null() {
    assert_eq!(
        data(r#"{"data":{"book":{"pages":1}}}"#),
        r#"{"data":{"book":{"title":null,"pages":1,"tags":null,"author":null}}}"#
    );
}

#[test]
fn values_of_another_kind_become_null_with_an_error_each() {
    let answer = r#"{"data":{"book":{"title":"Emma","pages":{"a":1},"tags":"a","author":["Jane"]}}}"#;
    let response: Value = serde_json::from_str(&data(answer)).unwrap();
    assert_eq!(
        response["data"],
        json!({"book": {"title": "Emma", "pages": null, "tags": null, "author": null}})
    );
    let paths: Vec<&Value> =
        response["errors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
    assert_eq!(paths, [&json!(["book", "pages"]), &json!(["book", "tags"]), &json!(["book", "author"])]);
}

#[test]
fn malformed_answers_fail_as_a_whole() {
    let deep =
        format!(r#"{{"data":{{"book":{{"title":{}1{}}}}}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    let cases: &[&str] = &[
        "",
        "null",
        "[]",
        "{}",
        r#"{"data":null}"#,
        r#"{"data":[]}"#,
        r#"{"data":{"book":{"title":"Emma"}}"#,
        r#"{"data":{"book":{"title":"Emma"}}}x"#,
        r#"{"data":{"book":{"title":"Emma",}}}"#,
        r#"{"data":{"book":{"title":"Emma" "pages":1}}}"#,
        r#"{"data":{"book":{"title":"Em
ma"}}}"#,
        r#"{"data":{"book":{"title":"\x"}}}"#,
        r#"{"data":{"book":{"title":"\u12"}}}"#,
        r#"{"data":{"book":{"title":"\u12"},"x":"}}"#,
        r#"{"data":{"book":{"title":"\ud800"}}}"#,
        r#"{"data":{"book":{"title":"\ud800\u0041"}}}"#,
        r#"{"data":{"book":{"title":tru}}}"#,
        r#"{"data":{"book":{"pages":01}}}"#,
        r#"{"data":{"book":{"pages":1.}}}"#,
        r#"{"data":{"book":{"pages":+1}}}"#,
        r#"{"data":{"book":{"pages":-}}}"#,
        r#"{"data":{"book":{"title":"a","title":"b"}}}"#,
        r#"{"data":{"book":{"pages":1,"title":"a","pages":2}}}"#,
        r#"{"data":{"book":null},"data":{"book":null}}"#,
        r#"{"data":{"book":{"x":"\uZZZZ"}}}"#,
        r#"{"data":{"book":{"title":"Emma"}},"errors":{}}"#,
        r#"{"data":{"book":{"title":"Emma"}},"errors":["no"]}"#,
        &deep,
    ];
    for case in cases {
        let response: Value = serde_json::from_str(&data(case)).unwrap();
        assert_eq!(response["data"], json!({"book": null}), "{case}");
        let errors = response["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{case}");
        assert_eq!(errors[0]["extensions"]["code"], "SUBREQUEST_MALFORMED_RESPONSE", "{case}");
        assert_eq!(errors[0]["extensions"]["service"], "books");
        assert_eq!(errors[0]["path"], json!(["book"]));
    }
}

#[test]
fn text_that_is_not_utf8_is_malformed() {
    let mut subgraphs = Subgraphs::default();
    subgraphs.answer("books", b"{\"data\":{\"book\":{\"title\":\"\xff\"}}}");
    assert_eq!(
        json(&run(&books(), &subgraphs))["errors"][0]["extensions"]["code"],
        "SUBREQUEST_MALFORMED_RESPONSE"
    );
}

#[test]
fn strings_come_through_untouched() {
    let answer = r#"{"data":{"book":{"title":"é\u00e9\ud83d\ude00 😀 \"\\\/ ß","pages":null,"tags":null,"author":null}}}"#;
    assert_eq!(data(answer), answer);
}

#[test]
fn the_typename_tells_which_outputs_are_written() {
    let mut plan = Plan::new();
    let node = plan.shape(&["Book", "Film"], &[("title", string()), ("pages", int()), ("minutes", int())]);
    plan.outputs(node)[1].types = only(&[0]);
    plan.outputs(node)[2].types = only(&[1]);
    let root = plan.shape(&["Query"], &[("items", list(object(node)))]);
    let fields = [("title", None), ("__typename", None), ("pages", None), ("minutes", None)];
    let node = plan.select(node, &fields);
    let root = plan.select(root, &[("items", Some(node))]);
    plan.then_root("a", root);
    let prepared = plan.prepare();
    let subgraphs = Subgraphs::new(&[(
        "a",
        r#"{"data":{"items":[{"title":"E","__typename":"Book","pages":1,"minutes":9},{"__typename":"Film","title":"F","minutes":2},{"__typename":"Song","title":"S"},{"title":"S"}]}}"#,
    )]);
    let response = json(&run(&prepared, &subgraphs));
    assert_eq!(
        response["data"],
        json!({"items": [{"title": "E", "pages": 1}, {"title": "F", "minutes": 2}, null, null]})
    );
    assert_eq!(response["errors"][0]["path"], json!(["items", 2]));
    assert_eq!(response["errors"][1]["path"], json!(["items", 3]));
}

#[test]
fn wide_objects_keep_their_keys_apart() {
    let names: Vec<String> = (0..300).map(|index| format!("f{index}")).collect();
    let mut plan = Plan::new();
    let slots: Vec<(&str, octavo_query_plan::ValueType)> =
        names.iter().map(|name| (&**name, int())).collect();
    let root = plan.shape(&["Query"], &slots);
    let fields: Vec<(&str, Option<_>)> = names.iter().map(|name| (&**name, None)).collect();
    let root = plan.select(root, &fields);
    plan.then_root("a", root);
    let prepared = plan.prepare();
    let pair = |index: usize| format!("\"f{index}\":{index}");
    let forward: Vec<String> = (0..300).map(pair).collect();
    let backward: Vec<String> = (0..300).rev().map(pair).collect();
    let response = format!("{{\"data\":{{{}}}}}", forward.join(","));
    for order in [forward, backward] {
        let answer = format!("{{\"data\":{{{}}}}}", order.join(","));
        assert_eq!(text(&run(&prepared, &Subgraphs::new(&[("a", &answer)]))), response);
    }
}

/// Any JSON value, not too deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        prop::bool::ANY.prop_map(Value::from),
        prop::num::i64::ANY.prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,12}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn random_objects_survive_reading_and_writing(
        rows in prop::collection::vec(
            prop::option::of((any_json(), prop::option::of(".{0,40}"), prop::option::of(prop::num::i32::ANY))),
            0..8,
        ),
        pretty in prop::bool::ANY,
    ) {
        let mut plan = Plan::new();
        let any = LeafKind::Any;
        let item = plan.shape(&["Item"], &[("any", leaf(any)), ("text", string()), ("number", int())]);
        let root = plan.shape(&["Query"], &[("items", non_null(list(object(item))))]);
        let item = plan.select(item, &[("any", None), ("text", None), ("number", None)]);
        let root = plan.select(root, &[("items", Some(item))]);
        plan.then_root("a", root);
        let object = |(any, text, number)| json!({"any": any, "text": text, "number": number});
        let items: Vec<Value> = rows.into_iter().map(|row| row.map_or(Value::Null, object)).collect();
        let answer = json!({"data": {"items": items}});
        let body = if pretty { format!("{answer:#}") } else { answer.to_string() };
        let report = run(&plan.prepare(), &Subgraphs::new(&[("a", &body)]));
        // Parsed again, since not every float survives its own text.
        let expected: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(json(&report), expected);
    }
}

#[test]
fn keys_in_any_order_are_found_and_found_once() {
    let names: Vec<String> = (0..6).map(|index| format!("f{index}")).collect();
    let mut plan = Plan::new();
    let slots: Vec<(&str, octavo_query_plan::ValueType)> =
        names.iter().map(|name| (&**name, int())).collect();
    let root = plan.shape(&["Query"], &slots);
    let fields: Vec<(&str, Option<_>)> = names.iter().map(|name| (&**name, None)).collect();
    let root = plan.select(root, &fields);
    plan.then_root("a", root);
    let prepared = plan.prepare();
    proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) }, |(
        order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        len in 1_usize..=6,
        again in prop::option::of(0_usize..6),
    )| {
        let order = &order[..len];
        let mut keys = order.to_vec();
        keys.extend(again);
        let twice = again.is_some_and(|again| order.contains(&again));
        let pairs: Vec<String> = keys.iter().map(|key| format!("\"f{key}\":{key}")).collect();
        let answer = format!("{{\"data\":{{{}}}}}", pairs.join(","));
        let response = json(&run(&prepared, &Subgraphs::new(&[("a", &answer)])));
        for key in 0..6 {
            let expected = if !twice && keys.contains(&key) { json!(key) } else { Value::Null };
            assert_eq!(response["data"][format!("f{key}")], expected);
        }
        assert_eq!(response.get("errors").is_some(), twice);
    });
}
