//! A field that cannot be had, as the query that asks for it and the reasons why no subgraph answers.

use std::fmt::Write;

use octavo_diagnostics::Diagnostic;
use octavo_supergraph::{FieldId, RootKind, TypeKind};

use super::moves::Moves;
use super::place::Place;
use super::walk::State;
use crate::code::Code;
use crate::report::error;
use crate::validate::MergedSchema;

/// Where the walk ended.
pub(crate) struct Dead<'w, 'g> {
    pub(crate) states: &'w [State<'g>],
    pub(crate) at: usize,
    /// The field that cannot be had; `None` when not even the object's type can.
    pub(crate) field: Option<FieldId>,
    pub(crate) reached: &'w [Place<'g>],
}

/// The finding.
pub(crate) fn explain<'g>(
    moves: &mut Moves<'g>,
    schema: MergedSchema<'_, '_>,
    dead: &Dead<'_, 'g>,
) -> Diagnostic {
    let supergraph = moves.supergraph;
    let parent = supergraph.type_name(dead.states[dead.at].ty);
    let name = dead.field.map_or("__typename", |field| supergraph.name(supergraph.field(field).name));
    let mut message =
        format!("`{parent}.{name}` cannot be reached by this query:\n{}", query(moves, dead, name));
    for reason in reasons(moves, dead) {
        let _ = write!(message, "\n- {reason}");
    }
    error(Code::SatisfiabilityError, message, schema.place_of_field(parent, name))
        .help("resolve the field where the query comes from, or give the type a `@key` that leads to it")
}

/// The query that leads to the field.
fn query(moves: &Moves<'_>, dead: &Dead<'_, '_>, name: &str) -> String {
    let supergraph = moves.supergraph;
    let mut selections = vec![name.to_owned()];
    let mut at = dead.at;
    while let Some((from, field)) = dead.states[at].from {
        let definition = supergraph.field(field);
        let declared = definition.ty.named();
        if supergraph.ty(declared).kind != TypeKind::Object {
            selections.push(format!("... on {}", supergraph.type_name(dead.states[at].ty)));
        }
        selections.push(supergraph.name(definition.name).to_owned());
        at = from;
    }
    let root = match dead.states[at].root {
        RootKind::Query => "query",
        RootKind::Mutation => "mutation",
        RootKind::Subscription => "subscription",
    };
    selections.push(root.to_owned());
    let mut out = String::new();
    for (depth, selection) in selections.iter().rev().enumerate() {
        let end = if depth + 1 == selections.len() { "" } else { " {" };
        let _ = writeln!(out, "{}{selection}{end}", "  ".repeat(depth));
    }
    for depth in (0..selections.len() - 1).rev() {
        let _ = writeln!(out, "{}}}", "  ".repeat(depth));
    }
    out.trim_end().to_owned()
}

/// Why each subgraph that has the field cannot answer.
fn reasons<'g>(moves: &mut Moves<'g>, dead: &Dead<'_, 'g>) -> Vec<String> {
    let supergraph = moves.supergraph;
    let graph = moves.graph;
    let state = &dead.states[dead.at];
    let mut from: Vec<String> = Vec::new();
    for place in dead.reached {
        let name = format!("`{}`", supergraph.subgraph_name(place.subgraph));
        if !from.contains(&name) {
            from.push(name);
        }
    }
    let mut reasons = vec![format!("the object is known in {}", from.join(", "))];
    let Some(field) = dead.field else { return reasons };
    for subgraph in supergraph.subgraphs().ids() {
        if graph.access(subgraph, field).is_none() {
            continue;
        }
        let name = supergraph.subgraph_name(subgraph);
        let entries: Vec<_> = graph.entries(state.ty, subgraph).collect();
        if dead.reached.iter().any(|place| place.subgraph == subgraph) {
            reasons.push(format!("`{name}` resolves the field, but what it requires cannot be had"));
        } else if entries.is_empty() {
            let parent = supergraph.type_name(state.ty);
            reasons.push(format!(
                "`{name}` resolves the field, but has no `@key` on `{parent}` to look it up by"
            ));
        } else {
            reasons.push(format!("`{name}` resolves the field, but none of its keys can be told from there"));
        }
    }
    if reasons.len() == 1 {
        reasons.push("no subgraph resolves the field on this type".to_owned());
    }
    reasons
}
