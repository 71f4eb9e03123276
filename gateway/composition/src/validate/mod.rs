//! Checks one subgraph by itself, then the merged schema. One rule a file, named after its code.

mod field_set_use;
mod input_value;
mod merged_schema;
mod rules;

use octavo_index::IndexVec;

use crate::ingest::upgrade;
use crate::model::{Field, GraphId, Subgraph, TypeDefinition};
use crate::report::Report;
use crate::shared_out::on_all;
use field_set_use::FieldSetUse;
pub(crate) use merged_schema::{
    MergedSchema, is_missing_input_field, report_invalid, validate_api, validate_merged, validate_supergraph,
};

/// Rules over a whole subgraph.
const SUBGRAPH_RULES: &[fn(&Subgraph<'_>, &mut Report)] = &[
    rules::key_unsupported_on_interface::check,
    rules::interface_key_not_on_implementation::check,
    rules::interface_object_usage_error::check,
    rules::external_unused::check,
    rules::context::check,
    rules::auth_requirements_applied_on_interface::check,
    rules::invalid_shareable_usage::check_types,
];

/// Rules over a field and its type.
const FIELD_RULES: &[fn(FieldAt<'_, '_>, &mut Report)] = &[
    rules::unsupported_on_interface::check,
    rules::external_on_interface::check,
    rules::invalid_shareable_usage::check,
    rules::cost_applied_to_interface_field::check,
    rules::list_size::check,
];

/// Rules of the language over a field and its type.
const LANGUAGE_RULES: &[fn(FieldAt<'_, '_>, &mut Report)] =
    &[rules::invalid_default_value::check, rules::deprecated_required::check];

/// Rules over a field set that selects what exists.
const FIELD_SET_RULES: &[fn(&FieldSetUse<'_, '_>, &mut Report)] = &[
    rules::fields_has_args::check,
    rules::directive_in_fields_arg::check,
    rules::fields_missing_external::check,
];

/// A field where it stands.
#[derive(Clone, Copy)]
pub(crate) struct FieldAt<'a, 's> {
    pub(crate) subgraph: &'s Subgraph<'a>,
    pub(crate) parent: &'s TypeDefinition<'a>,
    pub(crate) field: &'s Field<'a>,
}

/// Checks what the language asks of a subgraph beside its syntax: what breaks that is not looked at further.
pub(crate) fn validate_language(subgraph: &Subgraph<'_>, report: &mut Report) {
    rules::invalid_default_value::check_directives(subgraph, report);
    check_fields(subgraph, LANGUAGE_RULES, report);
}

/// Reports directives that merging cannot take over; found together with what merging finds.
pub(crate) fn validate_before_merging(subgraphs: &IndexVec<GraphId, Subgraph<'_>>, report: &mut Report) {
    for subgraph in subgraphs {
        for parent in subgraph.schema.types.values() {
            for field in parent.fields.values() {
                rules::merged_directive_application_on_external::check(
                    FieldAt { subgraph, parent, field },
                    report,
                );
            }
        }
    }
}

/// Checks every subgraph, those of Federation 1 once they are upgraded; `None` when there are errors.
pub(crate) fn validate_subgraphs<'a>(
    subgraphs: Vec<Subgraph<'a>>,
    threads: usize,
    report: &mut Report,
) -> Option<IndexVec<GraphId, Subgraph<'a>>> {
    validate_each(subgraphs.iter().filter(|subgraph| !subgraph.is_federation_one()), threads, report);
    // What is written for Federation 1 can be judged only together with all other subgraphs.
    if report.has_errors() {
        return None;
    }
    let subgraphs = upgrade(subgraphs, report);
    validate_each(subgraphs.iter().filter(|subgraph| subgraph.is_federation_one()), threads, report);
    if report.has_errors() { None } else { Some(subgraphs) }
}

fn validate_each<'s, 'a: 's>(
    subgraphs: impl IntoIterator<Item = &'s Subgraph<'a>, IntoIter: Send>,
    threads: usize,
    report: &mut Report,
) {
    let reports = on_all(threads, subgraphs, |subgraph| {
        let mut own = Report::default();
        validate_subgraph(subgraph, &mut own);
        own
    });
    for own in reports {
        report.take(own);
    }
}

fn validate_subgraph(subgraph: &Subgraph<'_>, report: &mut Report) {
    if rules::provides_on_non_object_field::check(subgraph, report) {
        return;
    }
    for rule in SUBGRAPH_RULES {
        rule(subgraph, report);
    }
    check_fields(subgraph, FIELD_RULES, report);
    field_set_use::for_each(subgraph, &mut |set| {
        let text_is_fine = rules::invalid_fields_type::check(set, report);
        if text_is_fine && rules::invalid_fields::check(set, report) {
            for rule in FIELD_SET_RULES {
                rule(set, report);
            }
        }
    });
}

fn check_fields(subgraph: &Subgraph<'_>, rules: &[fn(FieldAt<'_, '_>, &mut Report)], report: &mut Report) {
    for parent in subgraph.schema.types.values() {
        for field in parent.fields.values() {
            for rule in rules {
                rule(FieldAt { subgraph, parent, field }, report);
            }
        }
    }
}
