//! What an abstract type or an enum consists of.

use super::applied;
use crate::change::{Change, Code, Coordinate};
use crate::view::{TypeView, pairs};

pub(super) fn compare_interfaces(old: &TypeView<'_>, new: &TypeView<'_>, changes: &mut Vec<Change>) {
    for (name, pair) in pairs(&old.interfaces, &new.interfaces) {
        let code = match pair {
            (Some(_), Some(_)) => continue,
            (Some(_), None) => Code::ImplementedInterfaceRemoved,
            (None, _) => Code::ImplementedInterfaceAdded,
        };
        changes.push(of_type(code, new, name));
    }
}

pub(super) fn compare_members(old: &TypeView<'_>, new: &TypeView<'_>, changes: &mut Vec<Change>) {
    for (name, pair) in pairs(&old.members, &new.members) {
        let code = match pair {
            (Some(_), Some(_)) => continue,
            (Some(_), None) => Code::TypeRemovedFromUnion,
            (None, _) => Code::TypeAddedToUnion,
        };
        changes.push(of_type(code, new, name));
    }
}

pub(super) fn compare_values(old: &TypeView<'_>, new: &TypeView<'_>, changes: &mut Vec<Change>) {
    for (name, pair) in pairs(&old.values, &new.values) {
        let coordinate = Coordinate::Member(new.name.to_string(), name.to_owned());
        let code = match pair {
            (Some(old), Some(new)) => {
                let (old, new) = (&old.directives, &new.directives);
                applied::compare_deprecation((old, new), (&coordinate, "the value"), changes);
                continue;
            }
            (Some(_), None) => Code::ValueRemovedFromEnum,
            (None, _) => Code::ValueAddedToEnum,
        };
        changes.push(Change::new(code, coordinate, "the value"));
    }
}

fn of_type(code: Code, ty: &TypeView<'_>, name: &str) -> Change {
    let coordinate = Coordinate::Type(ty.name.to_string());
    Change::new(code, coordinate, "the type").because(&format!("`{name}`"))
}
