//! `KEY_INVALID_FIELDS_TYPE`, `REQUIRES_INVALID_FIELDS_TYPE`, `PROVIDES_INVALID_FIELDS_TYPE`: `fields` must be a string.

use crate::code::Code;
use crate::report::Report;
use crate::validate::FieldSetUse;

const CODES: [Code; 3] =
    [Code::KeyInvalidFieldsType, Code::RequiresInvalidFieldsType, Code::ProvidesInvalidFieldsType];

/// Whether the rule holds.
pub(crate) fn check(set: &FieldSetUse<'_, '_>, report: &mut Report) -> bool {
    let holds = set.set.is_string || !set.is_strict();
    if !holds {
        set.error(CODES, "`fields` must be a string", report);
    }
    holds
}
