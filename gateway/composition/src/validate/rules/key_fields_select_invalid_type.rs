//! `KEY_FIELDS_SELECT_INVALID_TYPE`: a key cannot hold interfaces or unions.

use crate::code::Code;
use crate::model::{Field, Kind};
use crate::validate::FieldSetUse;
use crate::validate::field_set_use::Directive;

const CODES: [Code; 3] = [Code::KeyFieldsSelectInvalidType; 3];

/// Looks at one field of a field set; whatever is selected of a field that no key can hold does not matter.
pub(crate) fn check(set: &FieldSetUse<'_, '_>, field: &Field<'_>) -> Result<(), ([Code; 3], String)> {
    if set.directive != Directive::Key {
        return Ok(());
    }
    let what = match set.subgraph.schema.types.get(field.ty.name).map(|ty| ty.kind) {
        Some(Kind::Interface) => "an interface",
        Some(Kind::Union) => "a union",
        _ => return Ok(()),
    };
    Err((CODES, format!("`{}` is {what}", field.name)))
}
