//! `KEY_DIRECTIVE_IN_FIELDS_ARG`, `REQUIRES_DIRECTIVE_IN_FIELDS_ARG`, `PROVIDES_DIRECTIVE_IN_FIELDS_ARG`: field sets take no
//! directives.

use crate::code::Code;
use crate::field_set::Selection;
use crate::report::Report;
use crate::validate::FieldSetUse;

const CODES: [Code; 3] =
    [Code::KeyDirectiveInFieldsArg, Code::RequiresDirectiveInFieldsArg, Code::ProvidesDirectiveInFieldsArg];

pub(crate) fn check(set: &FieldSetUse<'_, '_>, report: &mut Report) {
    if let Ok(selections) = &set.selections
        && any(selections)
    {
        set.error(CODES, "directives mean nothing here", report);
    }
}

fn any(selections: &[Selection<'_>]) -> bool {
    selections.iter().any(|selection| !selection.directives.is_empty() || any(&selection.children))
}
