//! Responses in parts: taken together they must be the response as a whole, wherever it is cut.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use apollo_compiler::ast::{
    Argument, Definition, Directive, Document, InlineFragment, OperationType, Selection, Value,
};
use apollo_compiler::name;
use apollo_compiler::{Name, Node, Schema};
use futures::channel::mpsc;
use futures::executor::block_on;
use futures::{StreamExt, future};
use octavo_executor::{
    ExecutionRequest, IncrementalFormat, IntrospectionPort, Ports, Prepared, execute_incrementally,
};
use octavo_query_plan::QueryPlan;

use crate::coordinates::fields;
use crate::corpus::Suite;
use crate::json::{self, JsonValue};
use crate::subgraph::Subgraphs;

const FORMATS: [(&str, IncrementalFormat); 2] = [
    ("incrementalSpec=v0.2", IncrementalFormat::V02),
    ("deferSpec=20220824", IncrementalFormat::Defer20220824),
];

/// The data and the errors that payloads come to.
pub(crate) type Whole = (JsonValue, Vec<String>);

/// The payloads of a plan in both formats, as text; what they come to in each; and what no subgraph should have been asked.
pub(crate) fn run(
    planned: &QueryPlan,
    request: &ExecutionRequest,
    suite: &Suite,
    introspection: &dyn IntrospectionPort,
) -> Result<(String, Vec<Whole>, Vec<String>)> {
    let prepared = Prepared::new(Arc::new(planned.clone()), octavo_executor::Options::default());
    let mut text = String::new();
    let mut wholes = Vec::new();
    let mut violations = Vec::new();
    for (name, format) in FORMATS {
        let subgraphs = Subgraphs::of(suite)?;
        let ports = Ports { subgraphs: &subgraphs, cache: None, introspection };
        let (sender, receiver) = mpsc::unbounded();
        let never = future::pending();
        let execution = execute_incrementally(&prepared, request.clone(), ports, (format, never), sender);
        let (reports, ()) = block_on(future::join(receiver.collect::<Vec<_>>(), execution));
        let _ = writeln!(text, "# {name}");
        let mut payloads = Vec::new();
        for report in reports {
            let body = std::str::from_utf8(&report.body)?;
            payloads.push(json::parse(body).with_context(|| format!("a payload is no JSON: {body}"))?);
            let _ = writeln!(text, "after {} requests: {body}", report.fetches);
        }
        violations.extend(subgraphs.violations());
        wholes.push(joined(&payloads).with_context(|| text.clone())?);
    }
    Ok((text, wholes, violations))
}

/// What a client makes of payloads: the data, and every error that it was told.
fn joined(payloads: &[JsonValue]) -> Result<Whole> {
    let (first, rest) = payloads.split_first().context("no payload")?;
    let mut data = first.get("data").context("a first payload without data")?.clone();
    let mut pending: BTreeMap<String, Vec<JsonValue>> = BTreeMap::new();
    announce(first, &mut pending)?;
    for (number, payload) in payloads.iter().enumerate() {
        let more = payload.get("hasNext").and_then(JsonValue::as_bool).context("no hasNext")?;
        ensure!(more == (number + 1 < payloads.len()), "hasNext is wrong in {payload}");
    }
    for payload in rest {
        for entry in list(payload, "incremental") {
            add(&mut data, entry, &pending).with_context(|| entry.to_string())?;
        }
        announce(payload, &mut pending)?;
        for entry in list(payload, "completed") {
            let id = text(entry, "id").context("no id")?;
            ensure!(pending.remove(id).is_some(), "{id} ends twice");
        }
    }
    ensure!(pending.is_empty(), "{:?} never end", pending.keys());
    Ok((data, told(payloads)))
}

/// The message and the path of each error, sorted.
fn told(payloads: &[JsonValue]) -> Vec<String> {
    let entries = |payload| ["incremental", "completed"].into_iter().flat_map(move |key| list(payload, key));
    let all = payloads.iter().flat_map(|payload| std::iter::once(payload).chain(entries(payload)));
    errors_of(all)
}

/// The message and the path of each error of some answers or entries, sorted.
pub(crate) fn errors_of<'v>(answers: impl Iterator<Item = &'v JsonValue>) -> Vec<String> {
    let text = |error: &JsonValue| format!("{:?} {:?}", error.get("message"), error.get("path"));
    let mut errors: Vec<String> = answers.flat_map(|answer| list(answer, "errors")).map(text).collect();
    errors.sort();
    errors
}

/// Adds an entry of a payload to what has come.
fn add(data: &mut JsonValue, entry: &JsonValue, pending: &BTreeMap<String, Vec<JsonValue>>) -> Result<()> {
    let mut path = match text(entry, "id") {
        Some(id) => pending.get(id).with_context(|| format!("{id} is not pending"))?.clone(),
        None => list(entry, "path").to_vec(),
    };
    path.extend(list(entry, "subPath").iter().cloned());
    let (name, new) = match (entry.get("data"), entry.get("items")) {
        (Some(new), None) => ("data", new),
        (None, Some(new)) => ("items", new),
        _ => bail!("neither data nor items"),
    };
    if new.is_null() {
        ensure!(!list(entry, "errors").is_empty(), "a part is null without an error");
        return Ok(());
    }
    // The older format says at which index items begin.
    let begins = path.pop_if(|_| name == "items" && text(entry, "id").is_none());
    let at = find(data, &path).context("it is for nothing")?;
    if name == "data" {
        return merge(at, new);
    }
    let (Some(at), Some(new)) = (at.as_array_mut(), new.as_array()) else { bail!("no list") };
    // Items that are none may stand anywhere: they bring an error.
    ensure!(begins.is_none_or(|index| new.is_empty() || index == at.len()), "items for another place");
    at.extend(new.iter().cloned());
    Ok(())
}

fn announce(payload: &JsonValue, pending: &mut BTreeMap<String, Vec<JsonValue>>) -> Result<()> {
    for entry in list(payload, "pending") {
        let id = text(entry, "id").context("no id")?;
        let known = pending.insert(id.to_owned(), list(entry, "path").to_vec());
        ensure!(known.is_none(), "{id} is announced twice");
    }
    Ok(())
}

fn list<'v>(value: &'v JsonValue, key: &str) -> &'v [JsonValue] {
    value.get(key).and_then(JsonValue::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v JsonValue, key: &str) -> Option<&'v str> {
    value.get(key).and_then(JsonValue::as_str)
}

fn find<'v>(data: &'v mut JsonValue, path: &[JsonValue]) -> Option<&'v mut JsonValue> {
    path.iter().try_fold(data, |at, step| match step {
        JsonValue::String(key) => at.as_object_mut()?.get_mut(key.as_str()),
        index => at.as_array_mut()?.get_mut(usize::try_from(index.as_u64()?).ok()?),
    })
}

/// Adds what an object has to another. No leaf comes twice.
fn merge(into: &mut JsonValue, from: &JsonValue) -> Result<()> {
    let (JsonValue::Object(into), JsonValue::Object(from)) = (into, from) else {
        bail!("{from} is no object")
    };
    for (key, value) in from {
        match into.get_mut(key.as_str()) {
            None => {
                into.insert(key.clone(), value.clone());
            }
            Some(known) => merge(known, value).with_context(|| key.as_str().to_owned())?,
        }
    }
    Ok(())
}

/// The document with some of its selections deferred and some of its lists streamed: which, the seed says.
pub(crate) fn cut(document: &str, schema: &Schema, seed: u64) -> Result<String> {
    let Ok(mut document) = Document::parse(document, "case.graphql") else {
        bail!("the case is not GraphQL")
    };
    let mut cutter = Cutter { state: seed * 2 + 1, labels: 0, lists: lists(schema) };
    for definition in &mut document.definitions {
        match definition {
            Definition::OperationDefinition(operation) => {
                let operation = operation.make_mut();
                let is_root = operation.operation_type != OperationType::Query;
                cutter.cut(&mut operation.selection_set, is_root);
            }
            Definition::FragmentDefinition(fragment) => {
                let is_root = fragment.make_mut().type_condition == name!("Mutation");
                cutter.cut(&mut fragment.make_mut().selection_set, is_root);
            }
            _ => {}
        }
    }
    Ok(document.to_string())
}

/// Names that are lists wherever they are fields.
fn lists(schema: &Schema) -> BTreeSet<Name> {
    let types = schema.types.iter().filter(|(name, _)| !name.starts_with("__"));
    let fields: Vec<_> = types.flat_map(|(name, _)| fields(schema, name)).collect();
    let others = |name: &Name| fields.iter().any(|field| field.name == *name && !field.ty.is_list());
    fields.iter().map(|field| field.name.clone()).filter(|name| !others(name)).collect()
}

struct Cutter {
    state: u64,
    labels: usize,
    lists: BTreeSet<Name>,
}

impl Cutter {
    /// A number below `end` (xorshift64).
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap_or_default() % end.max(1)
    }

    fn cut(&mut self, selections: &mut Vec<Selection>, is_root: bool) {
        for selection in selections.iter_mut() {
            match selection {
                Selection::Field(field) => {
                    let field = field.make_mut();
                    self.cut(&mut field.selection_set, false);
                    let may_stream = self.lists.contains(&field.name) && !field.directives.has("stream");
                    if may_stream && !is_root && self.below(3) == 0 {
                        let count = Value::Int(i32::try_from(self.below(3)).unwrap_or_default().into());
                        field
                            .directives
                            .push(self.directive(name!("stream"), (name!("initialCount"), count)));
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.cut(&mut fragment.make_mut().selection_set, is_root);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
        if selections.is_empty() || is_root || self.below(2) == 0 {
            return;
        }
        let later = selections.split_off(self.below(selections.len()));
        let defer = self.directive(name!("defer"), (name!("if"), Value::Boolean(true)));
        selections.push(Selection::InlineFragment(Node::new(InlineFragment {
            type_condition: None,
            directives: [defer].into_iter().collect(),
            selection_set: later,
        })));
    }

    /// A directive with a label of its own.
    fn directive(&mut self, name: Name, (argument, value): (Name, Value)) -> Node<Directive> {
        self.labels += 1;
        let label = Value::String(format!("part{}", self.labels));
        let arguments = [(name!("label"), label), (argument, value)];
        let arguments = arguments.map(|(name, value)| Node::new(Argument { name, value: Node::new(value) }));
        Node::new(Directive { name, arguments: arguments.into() })
    }
}
