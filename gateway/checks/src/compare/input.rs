//! What clients give: arguments of fields and directives, fields of input objects.

use octavo_language::Node;
use octavo_language::ast::{InputValueDefinition, Type};

use super::applied;
use crate::change::{Change, Code, Coordinate};
use crate::view::{Named, TypeView, arguments, pairs};

/// The codes of one kind of input, and what it is called.
pub(super) struct Codes {
    pub(super) what: &'static str,
    pub(super) required_added: Code,
    pub(super) optional_added: Code,
    pub(super) removed: Code,
    pub(super) changed: Code,
    pub(super) widened: Code,
    /// `None`: nobody relies on it.
    pub(super) default_changed: Option<Code>,
}

const ARGUMENT: Codes = Codes {
    what: "the argument",
    required_added: Code::RequiredArgAdded,
    optional_added: Code::OptionalArgAdded,
    removed: Code::ArgRemoved,
    changed: Code::ArgChangedKind,
    widened: Code::ArgTypeWidened,
    default_changed: Some(Code::ArgDefaultValueChange),
};

const INPUT_FIELD: Codes = Codes {
    what: "the input field",
    required_added: Code::RequiredInputFieldAdded,
    optional_added: Code::OptionalInputFieldAdded,
    removed: Code::InputFieldRemoved,
    changed: Code::InputFieldChangedKind,
    widened: Code::InputFieldTypeWidened,
    default_changed: Some(Code::InputFieldDefaultValueChange),
};

type Inputs<'v> = Named<'v, Node<InputValueDefinition>>;

pub(super) fn compare_arguments(
    (ty, field): (&str, &str),
    (old, new): (&[Node<InputValueDefinition>], &[Node<InputValueDefinition>]),
    changes: &mut Vec<Change>,
) {
    let coordinate = |name: &str| Coordinate::Argument(ty.to_owned(), field.to_owned(), name.to_owned());
    compare_inputs(&ARGUMENT, (&arguments(old), &arguments(new)), &coordinate, changes);
}

pub(super) fn compare_input_fields(old: &TypeView<'_>, new: &TypeView<'_>, changes: &mut Vec<Change>) {
    let coordinate = |name: &str| Coordinate::Member(new.name.to_string(), name.to_owned());
    compare_inputs(&INPUT_FIELD, (&old.inputs, &new.inputs), &coordinate, changes);
}

pub(super) fn compare_inputs(
    codes: &Codes,
    (old, new): (&Inputs<'_>, &Inputs<'_>),
    coordinate: &dyn Fn(&str) -> Coordinate,
    changes: &mut Vec<Change>,
) {
    for (name, pair) in pairs(old, new) {
        match pair {
            (Some(old), Some(new)) => compare_one(codes, (old, new), &coordinate(name), changes),
            (Some(_), None) => changes.push(Change::new(codes.removed, coordinate(name), codes.what)),
            (None, Some(new)) => {
                let required = new.ty.is_non_null() && new.default_value.is_none();
                let code = if required { codes.required_added } else { codes.optional_added };
                changes.push(Change::new(code, coordinate(name), codes.what));
            }
            (None, None) => {}
        }
    }
}

fn compare_one(
    codes: &Codes,
    (old, new): (&InputValueDefinition, &InputValueDefinition),
    coordinate: &Coordinate,
    changes: &mut Vec<Change>,
) {
    if old.ty != new.ty {
        // A default stands in where nothing is given, so that `null` alone is refused: that breaks too.
        let code = if is_wider(&old.ty, &new.ty) { codes.widened } else { codes.changed };
        let detail = format!("`{}` was, `{}` is", old.ty, new.ty);
        changes.push(Change::new(code, coordinate.clone(), codes.what).because(&detail));
    }
    if let Some(code) = codes.default_changed.filter(|_| old.default_value != new.default_value) {
        let detail = format!("{} was, {} is", default_text(old), default_text(new));
        changes.push(Change::new(code, coordinate.clone(), codes.what).because(&detail));
    }
    applied::compare_deprecation((&old.directives, &new.directives), (coordinate, codes.what), changes);
}

fn default_text(input: &InputValueDefinition) -> String {
    input.default_value.as_ref().map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`"))
}

/// Whether the new type takes every value that the old one took.
fn is_wider(old: &Type, new: &Type) -> bool {
    match (old, new) {
        (Type::Named(old) | Type::NonNullNamed(old), Type::Named(new))
        | (Type::NonNullNamed(old), Type::NonNullNamed(new)) => old == new,
        (Type::List(old) | Type::NonNullList(old), Type::List(new))
        | (Type::NonNullList(old), Type::NonNullList(new)) => is_wider(old, new),
        _ => false,
    }
}
