//! `KEY_FIELDS_HAS_ARGS`, `PROVIDES_FIELDS_HAS_ARGS`: keys and provided fields take no arguments.

use crate::code::Code;
use crate::report::Report;
use crate::validate::FieldSetUse;
use crate::validate::field_set_use::Directive;

const CODES: [Code; 3] = [Code::KeyFieldsHasArgs, Code::RequiresInvalidFields, Code::ProvidesFieldsHasArgs];

pub(crate) fn check(set: &FieldSetUse<'_, '_>, report: &mut Report) {
    if set.directive == Directive::Requires {
        return;
    }
    set.for_each_selected(&mut |_, field| {
        if !field.arguments.is_empty() {
            set.error(CODES, &format!("`{}` takes arguments", field.name), report);
        }
    });
}
