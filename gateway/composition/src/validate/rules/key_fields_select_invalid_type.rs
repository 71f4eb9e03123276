//! `KEY_FIELDS_SELECT_INVALID_TYPE`: a key cannot hold interfaces or unions.

use crate::code::Code;
use crate::model::Kind;
use crate::report::Report;
use crate::validate::FieldSetUse;
use crate::validate::field_set_use::Directive;

const CODES: [Code; 3] = [Code::KeyFieldsSelectInvalidType; 3];

pub(crate) fn check(set: &FieldSetUse<'_, '_>, report: &mut Report) {
    if set.directive != Directive::Key {
        return;
    }
    set.for_each_selected(&mut |_, field| {
        let kind = set.subgraph.schema.types.get(field.ty.name).map(|ty| ty.kind);
        let what = match kind {
            Some(Kind::Interface) => "an interface",
            Some(Kind::Union) => "a union",
            _ => return,
        };
        set.error(CODES, &format!("`{}` is {what}", field.name), report);
    });
}
