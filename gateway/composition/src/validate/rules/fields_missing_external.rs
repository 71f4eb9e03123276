//! `REQUIRES_FIELDS_MISSING_EXTERNAL`, `PROVIDES_FIELDS_MISSING_EXTERNAL`: both speak of fields that belong to others.

use crate::code::Code;
use crate::field_set::{self, Selected, Selection};
use crate::model::{Field, Kind, TypeDefinition};
use crate::report::Report;
use crate::validate::FieldSetUse;
use crate::validate::field_set_use::Directive;

const CODES: [Code; 3] =
    [Code::KeyInvalidFields, Code::RequiresFieldsMissingExternal, Code::ProvidesFieldsMissingExternal];

pub(crate) fn check(set: &FieldSetUse<'_, '_>, report: &mut Report) {
    if set.directive == Directive::Key {
        return;
    }
    if let Ok(selections) = &set.selections {
        check_selections(set, set.parent, selections, report);
    }
}

/// Reports leaves that are not external and not under an external field.
fn check_selections(
    set: &FieldSetUse<'_, '_>,
    parent: &TypeDefinition<'_>,
    selections: &[Selection<'_>],
    report: &mut Report,
) {
    let schema = &set.subgraph.schema;
    for selection in selections {
        match selection.what {
            Selected::Fragment { on } => {
                if let Some(narrowed) = field_set::fragment_type(schema, parent, on) {
                    check_selections(set, narrowed, &selection.children, report);
                }
            }
            Selected::Field { name, .. } => {
                let Some(field) = parent.fields.get(name) else {
                    set.error(CODES, &format!("`{name}` belongs to every subgraph"), report);
                    continue;
                };
                if field.external {
                    continue;
                }
                if selection.children.is_empty() {
                    let message = format!("`{}.{name}` is not `@external`", parent.name);
                    set.error(CODES, &message, report);
                } else if !is_external_below(set, parent, field)
                    && let Some(below) = schema.types.get(field.ty.name)
                {
                    check_selections(set, below, &selection.children, report);
                }
            }
        }
    }
}

/// Whether an implementation of an interface declares the field external.
fn is_external_below(set: &FieldSetUse<'_, '_>, parent: &TypeDefinition<'_>, field: &Field<'_>) -> bool {
    let schema = &set.subgraph.schema;
    parent.kind == Kind::Interface
        && schema.implementers.get(parent.name).into_iter().flatten().any(|implementation| {
            schema
                .types
                .get(implementation)
                .and_then(|ty| ty.fields.get(field.name))
                .is_some_and(|field| field.external)
        })
}
