//! Answers that nobody should send: the response is JSON all the same, and nothing is where it does not belong.

use octavo_executor::Prepared;
use octavo_query_plan::LeafKind;
use proptest::prelude::{ProptestConfig, prop, proptest};
use serde_json::Value;

use crate::kit::{Plan, Subgraphs, int, json, leaf, list, non_null, object, run, string};

const ITEMS: &str = r#"{"data":{"items":[{"id":"1","n":7,"any":{"x":[1,"\u00e9"]},"kids":[{"name":"a\n"},{"name":"b"}]},{"id":"2","n":-1,"any":null,"kids":[]},{"id":"1","n":null,"any":1.5e3,"kids":null}]}}"#;
const NAMES: &str = r#"{"data":{"_entities":[{"label":"one","kids":[{"age":1},{"age":2}]},{"label":"two","kids":[]}]},"errors":[{"message":"m","path":["_entities",0,"label"],"extensions":{"code":"C"}}]}"#;

fn prepared() -> Prepared {
    let mut plan = Plan::new();
    let kid = plan.shape(&["Kid"], &[("name", non_null(string())), ("age", int())]);
    let item = plan.shape(
        &["Item"],
        &[
            ("id", leaf(LeafKind::Id)),
            ("n", int()),
            ("any", leaf(LeafKind::Any)),
            ("kids", list(object(kid))),
            ("label", string()),
        ],
    );
    let root = plan.shape(&["Query"], &[("items", list(object(item)))]);
    let name = plan.select(kid, &[("name", None)]);
    let age = plan.select(kid, &[("age", None)]);
    let first = plan.select(item, &[("id", None), ("n", None), ("any", None), ("kids", Some(name))]);
    let second = plan.select(item, &[("label", None), ("kids", Some(age))]);
    let root = plan.select(root, &[("items", Some(first))]);
    plan.then_root("a", root);
    let group = plan.group(&["items"], &["id"], second);
    plan.then_entities("b", vec![group]);
    plan.prepare()
}

/// Executes with these bytes as answers: no panic, and JSON with the client's keys alone.
fn survive(prepared: &Prepared, a: &[u8], b: &[u8]) {
    let mut subgraphs = Subgraphs::default();
    subgraphs.answer("a", a);
    subgraphs.answer("b", b);
    let report = run(prepared, &subgraphs);
    let response = json(&report);
    let data = response["data"].as_object().expect("the root has no field that must not be null");
    assert!(data.keys().eq(["items"]));
    for item in data["items"].as_array().into_iter().flatten().filter_map(Value::as_object) {
        assert!(item.keys().eq(["any", "id", "kids", "label", "n"]));
        assert!(item["id"].is_null() || item["id"].is_string());
        assert!(item["n"].is_null() || item["n"].is_i64());
        assert!(item["label"].is_null() || item["label"].is_string());
    }
    let errors = response.get("errors").and_then(Value::as_array).map_or(0, Vec::len);
    assert_eq!(errors, report.errors);
}

#[test]
fn answers_cut_short_anywhere_are_survived() {
    let prepared = prepared();
    for end in 0..ITEMS.len() {
        survive(&prepared, &ITEMS.as_bytes()[..end], NAMES.as_bytes());
    }
    for end in 0..NAMES.len() {
        survive(&prepared, ITEMS.as_bytes(), &NAMES.as_bytes()[..end]);
    }
}

#[test]
fn each_byte_may_be_any_other() {
    let prepared = prepared();
    for index in 0..NAMES.len() {
        for byte in [0, b'"', b'\\', b'{', b'}', b'[', b']', b',', b':', b'0', b'n', b' ', 0x80, 0xff] {
            let mut names = NAMES.as_bytes().to_vec();
            names[index] = byte;
            survive(&prepared, ITEMS.as_bytes(), &names);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn mutated_answers_are_survived(
        cuts in prop::collection::vec((prop::bool::ANY, 0_usize..400, 0_usize..12, 0_usize..400), 1..6),
        noise in prop::collection::vec((prop::bool::ANY, 0_usize..400, prop::num::u8::ANY), 0..3),
    ) {
        let mut answers = [ITEMS.as_bytes().to_vec(), NAMES.as_bytes().to_vec()];
        for (which, from, len, to) in cuts {
            let text = &mut answers[usize::from(which)];
            let from = from.min(text.len());
            let moved: Vec<u8> = text.iter().skip(from).take(len).copied().collect();
            let to = to.min(text.len());
            text.splice(to..to, moved);
        }
        for (which, at, byte) in noise {
            let text = &mut answers[usize::from(which)];
            let at = at.min(text.len() - 1);
            text[at] = byte;
        }
        survive(&prepared(), &answers[0], &answers[1]);
    }

    #[test]
    fn whatever_is_read_is_json(text in r#"[\[\]{}":,0-9a-z\\ \-.eEu\n]{0,60}"#) {
        let body = format!("{{\"data\":{{\"items\":[{{\"any\":{text}}}]}}}}");
        let valid = serde_json::from_str::<Value>(&body);
        let mut subgraphs = Subgraphs::new(&[("b", NAMES)]);
        subgraphs.answer("a", body.as_bytes());
        let response = json(&run(&prepared(), &subgraphs));
        if response.get("errors").is_none() {
            assert!(valid.is_ok(), "{body}");
        }
    }
}

#[test]
fn small_answers_that_stand_for_very_much_are_refused() {
    let mut plan = Plan::new();
    let names: Vec<String> = (0..400).map(|index| format!("f{index}")).collect();
    let slots: Vec<_> = names.iter().map(|name| (&**name, int())).collect();
    let wide = plan.shape(&["Wide"], &slots);
    let root = plan.shape(&["Query"], &[("items", list(object(wide)))]);
    let wide = plan.select(wide, &[("f0", None)]);
    let root = plan.select(root, &[("items", Some(wide))]);
    plan.then_root("a", root);
    let answer = format!("{{\"data\":{{\"items\":[{}{{}}]}}}}", "{},".repeat(1 << 15));
    let response = json(&run(&plan.prepare(), &Subgraphs::new(&[("a", &answer)])));
    assert_eq!(response["data"]["items"], Value::Null);
    assert_eq!(response["errors"][0]["extensions"]["code"], "SUBREQUEST_MALFORMED_RESPONSE");
}

#[test]
fn very_many_errors_take_no_longer_than_they_are_long() {
    let items: Vec<String> = (0..20_000).map(|id| format!("{{\"id\":\"{id}\"}}")).collect();
    let items = format!("{{\"data\":{{\"items\":[{}]}}}}", items.join(","));
    let errors = vec!["{\"message\":\"m\"}"; 100_000].join(",");
    let names = format!("{{\"data\":null,\"errors\":[{errors}]}}");
    let report = run(&prepared(), &Subgraphs::new(&[("a", &items), ("b", &names)]));
    assert_eq!(report.errors, 1_000);
}
