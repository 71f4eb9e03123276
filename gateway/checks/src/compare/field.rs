//! Fields of objects and interfaces.

use octavo_language::ast::{FieldDefinition, Type};

use super::{applied, input};
use crate::change::{Change, Code, Coordinate};
use crate::view::{TypeView, pairs};

pub(super) fn compare(old: &TypeView<'_>, new: &TypeView<'_>, changes: &mut Vec<Change>) {
    let ty = new.name.as_str();
    for (name, pair) in pairs(&old.fields, &new.fields) {
        let coordinate = Coordinate::Member(ty.to_owned(), name.to_owned());
        match pair {
            (Some(old), Some(new)) => compare_one((ty, name), (old, new), changes),
            (Some(_), None) => changes.push(Change::new(Code::FieldRemoved, coordinate, "the field")),
            (None, _) => changes.push(Change::new(Code::FieldAdded, coordinate, "the field")),
        }
    }
}

fn compare_one(
    (ty, name): (&str, &str),
    (old, new): (&FieldDefinition, &FieldDefinition),
    changes: &mut Vec<Change>,
) {
    let coordinate = Coordinate::Member(ty.to_owned(), name.to_owned());
    if old.ty != new.ty {
        let narrower = is_narrower(&old.ty, &new.ty);
        let code = if narrower { Code::FieldTypeNarrowed } else { Code::FieldChangedKind };
        let detail = format!("`{}` was, `{}` is", old.ty, new.ty);
        changes.push(Change::new(code, coordinate.clone(), "the field").because(&detail));
    }
    applied::compare_deprecation((&old.directives, &new.directives), (&coordinate, "the field"), changes);
    input::compare_arguments((ty, name), (&old.arguments, &new.arguments), changes);
}

/// Whether every value of the new type is one of the old.
fn is_narrower(old: &Type, new: &Type) -> bool {
    match (old, new) {
        (Type::Named(old), Type::Named(new) | Type::NonNullNamed(new))
        | (Type::NonNullNamed(old), Type::NonNullNamed(new)) => old == new,
        (Type::List(old), Type::List(new) | Type::NonNullList(new))
        | (Type::NonNullList(old), Type::NonNullList(new)) => is_narrower(old, new),
        _ => false,
    }
}
