//! A field that cannot be had, as the operation that asks for it and the reasons why no subgraph answers.

use std::collections::BTreeSet;
use std::fmt::Write;

use octavo_diagnostics::Diagnostic;
use octavo_supergraph::{FieldId, Supergraph};

use super::moves::Moves;
use super::operation::operation;
use super::place::Place;
use super::reasons::Reasons;
use super::walk::State;
use crate::code::Code;
use crate::report::error_at_all;
use crate::validate::MergedSchema;

/// Where the walk ended.
pub(crate) struct Dead<'w, 'g> {
    pub(crate) states: &'w [State<'g>],
    pub(crate) at: usize,
    /// The field that cannot be had; `None` when not even the object's type can.
    pub(crate) field: Option<FieldId>,
    pub(crate) reached: &'w [Place<'g>],
    /// The override labels that hold.
    pub(crate) labels: &'w BTreeSet<String>,
}

/// The finding.
pub(crate) fn explain<'g>(
    moves: &mut Moves<'g>,
    schema: MergedSchema<'_, '_>,
    dead: &Dead<'_, 'g>,
) -> Diagnostic {
    let supergraph = moves.supergraph;
    let ty = dead.states[dead.at].ty;
    let parent = supergraph.type_name(ty);
    let name = dead.field.map_or("__typename", |field| supergraph.name(supergraph.field(field).name));
    let example = operation(moves, schema, dead);
    let labels = labels(supergraph, dead);
    let mut message = format!("`{parent}.{name}` cannot be had in this operation{labels}:\n{example}");
    let Reasons { lines, resolvers, help } = match dead.field {
        Some(field) => Reasons::of_field(moves, dead.reached, ty, field),
        None => Reasons::of_type(moves, dead.reached, ty),
    };
    for line in lines {
        let _ = write!(message, "\n- {line}");
    }
    let places: Vec<_> = resolvers
        .iter()
        .filter_map(|(subgraph, on)| {
            let subgraph = supergraph.subgraph_name(*subgraph);
            let place = schema.place_of_field_in(supergraph.type_name(*on), name, subgraph)?;
            Some((place, "out of reach here".to_owned()))
        })
        .collect();
    let fallback = || vec![(schema.place_of_field(parent, name), String::new())];
    let places = if places.is_empty() { fallback() } else { places };
    error_at_all(Code::SatisfiabilityError, message, places).help(&help)
}

/// Under which labels it cannot be had, where there are any.
fn labels(supergraph: &Supergraph, dead: &Dead<'_, '_>) -> String {
    let list = |labels: &mut dyn Iterator<Item = &str>| {
        labels.map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ")
    };
    if !dead.labels.is_empty() {
        return format!(
            " while the override label {} holds",
            list(&mut dead.labels.iter().map(String::as_str))
        );
    }
    let joins = dead.field.map(|field| &supergraph.field(field).joins).into_iter().flatten();
    let own: BTreeSet<&str> =
        joins.filter_map(|join| join.override_label).map(|label| supergraph.name(label)).collect();
    let own = list(&mut own.into_iter());
    if own.is_empty() { String::new() } else { format!(" while the override label {own} does not hold") }
}
