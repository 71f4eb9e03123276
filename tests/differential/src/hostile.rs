//! Hostile texts: operations that are none, and answers of subgraphs that were tampered with on their way.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::future::BoxFuture;
use octavo_executor::{SubgraphError, SubgraphPort, SubgraphRequest, SubgraphResponse};
use octavo_language::{Limits, ValidDocument};
use octavo_operation::Operation as Bound;
use octavo_query_plan::{LeafKind, OutputValue, QueryPlan, ValueType};
use octavo_query_planner::plan;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::chance::{Chance, with};
use crate::data::Data;
use crate::operation::Operation;
use crate::pair::Planned;
use crate::stage::Stage;
use crate::stand_in::StandIns;
use crate::world::World;

/// Parses, binds and plans texts as a client would send them: each is refused or planned.
///
/// # Panics
/// If one is neither, or makes the gateway panic.
pub fn hostile_operations(texts: &[String]) {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    let stage = STAGE.get_or_init(|| Stage::new(World::new(0)).expect("the first world composes"));
    let supergraph = stage.graph.supergraph();
    for text in texts {
        let Ok(document) = ValidDocument::parse(supergraph.api_schema(), text, Limits::OPERATION) else {
            continue;
        };
        let Ok(operation) = document.operation(None) else { continue };
        let _ = document.coerce_variables(supergraph.api_schema(), operation, Some(text));
        if let Ok(bound) = Bound::bind(supergraph, &document, operation) {
            let planned = plan(&stage.graph, &bound, &octavo_query_planner::Options::default());
            assert!(planned.is_ok(), "{text}");
        }
    }
}

/// What came of mutated answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Survived {
    /// How many responses were made from a mutated answer.
    pub mutated: u64,
    /// How many of them tell an error.
    pub with_errors: u64,
}

/// Executes operations of a world over subgraphs whose answers are mutated, as often as `responses`. Each response must be JSON with
/// keys of the operation alone.
///
/// # Panics
/// If one is not.
#[must_use]
pub fn hostile_answers(seed: u64, responses: u64) -> Survived {
    let mut survived = Survived::default();
    let mut world = seed;
    while survived.mutated < responses {
        world += 1;
        let Ok(stage) = Stage::new(World::new(world)) else { continue };
        for number in 0..20 {
            let seed = with(world, number);
            let operation = Operation::new(&stage.world, seed);
            let planned = Planned::new(&stage, &operation.text, None).expect("operations are valid");
            for attempt in 0..4 {
                let subgraphs = StandIns::new(&stage, Data::new(&stage.world, 4), &planned.documents);
                let seed = with(seed, attempt);
                let port = Mutating { subgraphs: &subgraphs, seed, asked: AtomicU64::new(0) };
                let variables = operation.values(&stage.world, seed);
                let body = planned.federated(&port, &variables).expect("the variables are valid");
                check(&body, planned.plan(), &mut survived);
            }
        }
    }
    survived
}

fn check(body: &[u8], plan: &QueryPlan, survived: &mut Survived) {
    let text = String::from_utf8_lossy(body);
    survived.mutated += 1;
    let raw: Result<&RawValue, _> = serde_json::from_slice(body);
    assert!(raw.is_ok(), "a response is JSON: {raw:?} in {text}");
    // A number of a custom scalar may be valid and yet larger than this library reads.
    let Ok(response) = serde_json::from_slice::<Value>(body) else { return };
    let mut parts = response.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    assert!(parts.all(|key| key == "data" || key == "errors"), "{text}");
    survived.with_errors += u64::from(response.get("errors").is_some());
    let root = ValueType::Object { non_null: false, shape: plan.root };
    assert!(
        fits(plan, response.get("data").unwrap_or(&Value::Null), &root),
        "not what was asked for: {text}"
    );
}

/// Whether each key is one that the plan writes there, and nothing is null that may not be. What is in a custom scalar is nobody's
/// business.
fn fits(plan: &QueryPlan, value: &Value, ty: &ValueType) -> bool {
    match (value, ty) {
        (Value::Null, _) => !ty.non_null(),
        (Value::Array(items), ValueType::List { item, .. }) => {
            items.iter().all(|value| fits(plan, value, item))
        }
        (Value::Object(fields), ValueType::Object { shape, .. }) => {
            let shape = &plan.shapes[*shape];
            // A key may stand for one field of some types, and for another of others.
            fields.iter().all(|(key, value)| {
                shape.outputs.iter().filter(|output| *output.key == **key).any(|output| match output.value {
                    OutputValue::Slot(slot) => fits(plan, value, &shape.slots[slot].value),
                    OutputValue::Typename => value.is_string(),
                    OutputValue::Refused { non_null } => value.is_null() && !non_null,
                })
            })
        }
        (Value::Array(_) | Value::Object(_), ValueType::Leaf { kind, .. }) => *kind == LeafKind::Any,
        (_, ty) => matches!(ty, ValueType::Leaf { .. }),
    }
}

/// Puts something else into answers on their way.
struct Mutating<'m, 's> {
    subgraphs: &'m StandIns<'s>,
    seed: u64,
    asked: AtomicU64,
}

impl SubgraphPort for Mutating<'_, '_> {
    fn call(&self, request: SubgraphRequest) -> BoxFuture<'_, Result<SubgraphResponse, SubgraphError>> {
        Box::pin(async move {
            let answer = self.subgraphs.call(request).await?;
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            let mut chance = Chance::new(with(self.seed, number));
            let body = Bytes::from(mutated(&answer.body, &mut chance));
            Ok(SubgraphResponse { body, ..answer })
        })
    }
}

/// What mutations put in: numbers of every size, text that is none, objects and lists where none is expected.
const STRANGE: [&[u8]; 20] = [
    b"null",
    b"true",
    b"{}",
    b"[]",
    b"[[[[]]]]",
    b"{\"strange\":{\"__typename\":1}}",
    b"1e999",
    b"-0",
    b"00",
    b"123456789012345678901234567890",
    b"0.00000000000000000000000000001",
    b"\"\\ud800\"",
    b"\"\\udc00\\ud800\"",
    b"\"\xff\xfe\"",
    b"\"\xc3\"",
    b"\"\\u00zz\"",
    b"\"Entity0\"",
    b"[null,null]",
    b"\"\n\"",
    b"tru",
];

fn mutated(answer: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut text = answer.to_vec();
    for _ in 0..chance.between(0, 3) {
        let at = chance.below(text.len() + 1);
        match chance.below(8) {
            0 => text.truncate(at),
            1 => text.insert(at, b"{}[],:\"\\ \0\x80n01-e"[chance.below(16)]),
            2 if at < text.len() => text[at] = b"{}[],:\"\\ \0\x80n01-e"[chance.below(16)],
            3 => replace_value(&mut text, at, STRANGE[chance.below(STRANGE.len())]),
            4 => repeat_field(&mut text, at),
            5 => {
                let depth = [10, 200, 5_000][chance.below(3)];
                let deep = [&b"[".repeat(depth)[..], &b"]".repeat(depth)[..]].concat();
                replace_value(&mut text, at, &deep);
            }
            6 => drop_item(&mut text, at),
            _ => text.extend_from_slice(STRANGE[chance.below(STRANGE.len())]),
        }
    }
    text
}

/// The simple value that begins after the next colon, comma or bracket from `at` on.
fn value_at(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let start = at + text.get(at..)?.iter().position(|byte| matches!(byte, b':' | b'[' | b','))? + 1;
    let length = text[start..].iter().position(|byte| matches!(byte, b',' | b'}' | b']' | b'{' | b'['))?;
    Some((start, start + length))
}

fn replace_value(text: &mut Vec<u8>, at: usize, value: &[u8]) {
    if let Some((start, end)) = value_at(text, at) {
        text.splice(start..end, value.iter().copied());
    }
}

/// Writes a field a second time, or an item.
fn repeat_field(text: &mut Vec<u8>, at: usize) {
    let Some((start, end)) = value_at(text, at) else { return };
    let begin =
        text[..start].iter().rposition(|byte| matches!(byte, b',' | b'{' | b'[')).map_or(start, |b| b + 1);
    let mut again = vec![b','];
    again.extend_from_slice(&text[begin..end]);
    text.splice(end..end, again);
}

fn drop_item(text: &mut Vec<u8>, at: usize) {
    if let Some((start, end)) = value_at(text, at)
        && start > 0
    {
        text.drain(start - 1..end);
    }
}
