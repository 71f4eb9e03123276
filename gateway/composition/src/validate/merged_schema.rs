//! Checks the merged schema.

use octavo_index::IndexVec;
use octavo_language::{GraphqlError, Limits, ValidSchema};

use super::rules;
use crate::code::Code;
use crate::merged::Merged;
use crate::model::{GraphId, Span, Subgraph};
use crate::report::{Place, Report};

/// What rules over the merged schema see.
#[derive(Clone, Copy)]
pub(crate) struct MergedSchema<'a, 's> {
    pub(crate) subgraphs: &'s IndexVec<GraphId, Subgraph<'a>>,
    pub(crate) merged: &'s Merged<'a>,
}

impl<'a> MergedSchema<'a, '_> {
    pub(crate) fn place(&self, graph: GraphId, span: Span) -> Place<'a> {
        Place { subgraph: self.subgraphs[graph].name, span }
    }

    /// Where a type is first written.
    pub(crate) fn place_of_type(&self, name: &str) -> Place<'a> {
        let first = self.merged.types.get(name).and_then(|ty| ty.sources.first());
        first.map_or(Place { subgraph: "", span: Span::default() }, |(graph, ty)| self.place(*graph, ty.span))
    }

    /// Where a directive is first defined.
    pub(crate) fn place_of_directive(&self, name: &str) -> Place<'a> {
        let mut found = self.subgraphs.iter().filter_map(|subgraph| {
            let definition = subgraph.schema.directives.get(name)?;
            Some(Place { subgraph: subgraph.name, span: definition.span })
        });
        found.next().unwrap_or(Place { subgraph: "", span: Span::default() })
    }

    /// Where a subgraph has a field.
    pub(crate) fn place_of_field_in(&self, parent: &str, field: &str, subgraph: &str) -> Option<Place<'a>> {
        let sources = &self.merged.types.get(parent)?.fields.get(field)?.sources;
        let (graph, field) = sources.iter().find(|(graph, _)| self.subgraphs[*graph].name == subgraph)?;
        Some(self.place(*graph, field.span))
    }

    /// Where a field is first written.
    pub(crate) fn place_of_field(&self, parent: &str, field: &str) -> Place<'a> {
        let first = self.merged.types.get(parent).and_then(|ty| ty.fields.get(field)?.sources.first());
        first.map_or_else(|| self.place_of_type(parent), |(graph, field)| self.place(*graph, field.span))
    }
}

/// Rules over what was merged.
const MERGE_RULES: &[fn(MergedSchema<'_, '_>, &mut Report)] = &[
    rules::interface_field_no_implem::check,
    rules::missing_transitive_auth_requirements::check,
    rules::invalid_default_value::check_merged,
];

/// Rules over what clients see.
const API_RULES: &[fn(MergedSchema<'_, '_>, &mut Report)] = &[
    rules::query_root_type_inaccessible::check,
    rules::only_inaccessible_children::check,
    rules::referenced_inaccessible::check,
    rules::required_inaccessible::check,
    rules::implemented_by_inaccessible::check,
    rules::default_value_uses_inaccessible::check,
];

/// Checks the merged schema.
pub(crate) fn validate_merged(schema: MergedSchema<'_, '_>, report: &mut Report) {
    rules::interface_key_missing_implementation_type::check(schema, report);
    // An implementation that a subgraph lacks lacks its fields too.
    if report.has_errors() {
        return;
    }
    for rule in MERGE_RULES {
        rule(schema, report);
    }
    if !report.has_errors() {
        validate_api(schema, report);
    }
}

/// Checks what clients see of the merged schema.
pub(crate) fn validate_api(schema: MergedSchema<'_, '_>, report: &mut Report) {
    for rule in API_RULES {
        rule(schema, report);
    }
}

/// Fields of input objects may be left out in arguments of directives, as the reference composition has it.
pub(crate) fn is_missing_input_field(error: &GraphqlError) -> bool {
    error.message.starts_with("the required field") && error.message.ends_with("is not provided")
}

/// Checks that the merged types, as they are printed in `sdl`, are a type system of the language.
pub(crate) fn validate_supergraph(schema: MergedSchema<'_, '_>, sdl: &str, report: &mut Report) {
    let Err(errors) = ValidSchema::parse("supergraph", sdl, Limits::SCHEMA) else { return };
    for error in errors.into_iter().filter(|error| !is_missing_input_field(error)) {
        report_invalid(schema, &error.message, report);
    }
}

/// Reports what is wrong with the merged schema, at the last element that the problem names.
pub(crate) fn report_invalid(schema: MergedSchema<'_, '_>, problem: &str, report: &mut Report) {
    let names = problem.split('`').skip(1).step_by(2);
    let place = names.filter_map(|name| place_of_name(schema, name)).last();
    let fallback = || {
        let first = schema.subgraphs.iter().next();
        Place { subgraph: first.map_or("", |subgraph| subgraph.name), span: Span::default() }
    };
    let message = format!("the merged schema is not valid: {problem}");
    report.error(Code::InvalidGraphql, message, place.unwrap_or_else(fallback));
}

/// The place of a type, or of a field by its type and name.
fn place_of_name<'a>(schema: MergedSchema<'a, '_>, name: &str) -> Option<Place<'a>> {
    let (parent, field) = name.split_once('.').map_or((name, None), |(ty, field)| (ty, Some(field)));
    let ty = schema.merged.types.get(parent)?;
    Some(match field {
        Some(field) => schema.place_of_field(ty.name, field),
        None => schema.place_of_type(ty.name),
    })
}
