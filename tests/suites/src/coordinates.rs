//! Queries that reach every field of a client schema, so that what composes is shown to be planned.
//!
//! 1. The shortest way from a root to each type is found, through fragments where a position is abstract.
//! 2. For each object type and interface, one query a field, and one for all of its fields together, is written at the end
//!    of that way.
//! 3. Operations that wander through the schema by chance join them.
//! 4. Each is planned, and each request of the plan is validated by its subgraph's own schema.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use apollo_compiler::Schema;
use apollo_compiler::ast::{OperationType, Type};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition, InputValueDefinition, Name};
use octavo_language::{Limits, ValidDocument};
use octavo_operation::Operation;
use octavo_query_graph::{Labels, QueryGraph};
use octavo_query_planner::{Options, plan};
use octavo_supergraph::Supergraph;

use crate::corpus::Suite;
use crate::subgraph::SubgraphSchema;
use crate::suite::Composed;
use crate::wander::operations;

/// How many operations are made by chance for each suite.
const WANDERINGS: u64 = 64;

/// Plans a query for every field that clients can reach, and validates each request by the subgraph that would get it.
pub fn check_coordinates(suite: &Suite) -> Result<()> {
    let supergraph = Supergraph::parse(&Composed::of(suite)?.supergraph_sdl);
    let Ok(supergraph) = supergraph else { bail!("the supergraph cannot be read") };
    let graph = QueryGraph::new(Arc::new(supergraph), Labels::default());
    let mut subgraphs = BTreeMap::new();
    for name in &suite.subgraphs {
        subgraphs.insert(name.clone(), SubgraphSchema::parse(&suite.sdl(name)?)?);
    }
    let queries = queries(graph.supergraph().api_schema().schema());
    let failed = queries
        .iter()
        .filter_map(|query| check(&graph, &subgraphs, query).err().map(|e| format!("{query}\n{e:#}")));
    let mut failed: Vec<String> = failed.collect();
    for operation in operations(graph.supergraph().api_schema().schema(), WANDERINGS) {
        let api = graph.supergraph().api_schema();
        if ValidDocument::parse(api, &operation, Limits::OPERATION).is_ok() {
            failed.extend(check(&graph, &subgraphs, &operation).err().map(|e| format!("{operation}\n{e:#}")));
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!(failed.join("\n\n")) }
}

/// Plans a query, and validates each request by the subgraph that would get it.
pub(crate) fn check(
    graph: &QueryGraph,
    subgraphs: &BTreeMap<String, SubgraphSchema>,
    query: &str,
) -> Result<()> {
    let supergraph = graph.supergraph();
    let document = ValidDocument::parse(supergraph.api_schema(), query, Limits::OPERATION);
    let Ok(document) = document else { bail!("the query is not valid") };
    let bound = Operation::bind(supergraph, &document, document.operation(None)?)?;
    let planned = plan(graph, &bound, &Options::default())?;
    for fetch in &planned.fetches {
        let subgraph = subgraphs.get(&*fetch.subgraph).context("a subgraph that is not there")?;
        if let Err(message) = subgraph.validate(&fetch.document) {
            bail!("{}: {message}\n{}", fetch.subgraph, fetch.document);
        }
    }
    Ok(())
}

/// What opens on the way to a type: `query { books { ... on Novel {`.
#[derive(Clone)]
struct Way {
    text: String,
    depth: usize,
}

impl Way {
    fn through(&self, step: &str) -> Self {
        Self { text: format!("{} {{ {step}", self.text), depth: self.depth + 1 }
    }

    fn query(&self, selection: &str) -> String {
        format!("{} {{ {selection} }}{}", self.text, " }".repeat(self.depth))
    }
}

fn queries(schema: &Schema) -> Vec<String> {
    let mut queries = Vec::new();
    for (ty, way) in ways(schema) {
        let selections: Vec<String> =
            fields(schema, &ty).into_iter().map(|field| selection(schema, field)).collect();
        queries.extend(selections.iter().map(|selection| way.query(selection)));
        queries.push(way.query(&format!("__typename {}", selections.join(" "))));
    }
    queries
}

fn ways(schema: &Schema) -> IndexMap<Name, Way> {
    let mut ways = IndexMap::default();
    let mut open = VecDeque::new();
    for (kind, text) in [(OperationType::Query, "query"), (OperationType::Mutation, "mutation")] {
        if let Some(root) = schema.root_operation(kind) {
            open.push_back((root.clone(), Way { text: text.to_owned(), depth: 0 }));
        }
    }
    while let Some((ty, way)) = open.pop_front() {
        if ways.contains_key(&ty) {
            continue;
        }
        for field in fields(schema, &ty).into_iter().filter(|field| is_composite(schema, &field.ty)) {
            open.push_back((field.ty.inner_named_type().clone(), way.through(&call(schema, field))));
        }
        let objects = schema.types.keys().filter(|name| schema.is_subtype(&ty, name));
        open.extend(objects.map(|object| (object.clone(), way.through(&format!("... on {object}")))));
        ways.insert(ty, way);
    }
    ways
}

pub(crate) fn fields<'s>(schema: &'s Schema, ty: &Name) -> Vec<&'s Component<FieldDefinition>> {
    match schema.types.get(ty) {
        Some(ExtendedType::Object(object)) => object.fields.values().collect(),
        Some(ExtendedType::Interface(interface)) => interface.fields.values().collect(),
        _ => Vec::new(),
    }
}

pub(crate) fn is_composite(schema: &Schema, ty: &Type) -> bool {
    schema.types.get(ty.inner_named_type()).is_some_and(|ty| !ty.is_leaf())
}

fn selection(schema: &Schema, field: &FieldDefinition) -> String {
    let call = call(schema, field);
    if is_composite(schema, &field.ty) { format!("{call} {{ __typename }}") } else { call }
}

/// A field with the arguments that it needs.
pub(crate) fn call(schema: &Schema, field: &FieldDefinition) -> String {
    let needed = field.arguments.iter().filter(|argument| argument.is_required());
    let arguments: Vec<String> = needed.map(|argument| assignment(schema, argument)).collect();
    if arguments.is_empty() {
        field.name.to_string()
    } else {
        format!("{}({})", field.name, arguments.join(", "))
    }
}

fn assignment(schema: &Schema, input: &InputValueDefinition) -> String {
    format!("{}: {}", input.name, literal(schema, &input.ty))
}

fn literal(schema: &Schema, ty: &Type) -> String {
    if matches!(ty, Type::List(_) | Type::NonNullList(_)) {
        return "[]".to_owned();
    }
    let name = ty.inner_named_type();
    match (name.as_str(), schema.types.get(name)) {
        ("Int", _) => "1".to_owned(),
        ("Float", _) => "1.5".to_owned(),
        ("Boolean", _) => "true".to_owned(),
        (_, Some(ExtendedType::Enum(values))) => {
            values.values.keys().next().map(ToString::to_string).unwrap_or_default()
        }
        (_, Some(ExtendedType::InputObject(input))) => {
            let needed = input.fields.values().filter(|field| field.is_required());
            let fields: Vec<String> = needed.map(|field| assignment(schema, field)).collect();
            format!("{{{}}}", fields.join(", "))
        }
        _ => "\"x\"".to_owned(),
    }
}
