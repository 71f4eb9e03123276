//! Two schemas compared, a noun a file.

mod applied;
mod directive;
mod field;
mod input;
mod member;

pub(crate) use applied::compare_applied;

use octavo_language::ast::OperationType;

use crate::change::{Change, Code, Coordinate};
use crate::view::{TypeView, View, pairs};

/// What changed from one schema to the other, as clients see it.
pub(crate) fn compare(old: &View<'_>, new: &View<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    compare_roots(old, new, &mut changes);
    for (name, pair) in pairs(&old.types, &new.types) {
        let coordinate = || Coordinate::Type(name.to_owned());
        match pair {
            (Some(old), Some(new)) => compare_types(old, new, &mut changes),
            (Some(_), None) => changes.push(Change::new(Code::TypeRemoved, coordinate(), "the type")),
            (None, _) => changes.push(Change::new(Code::TypeAdded, coordinate(), "the type")),
        }
    }
    directive::compare(old, new, &mut changes);
    changes
}

fn compare_roots(old: &View<'_>, new: &View<'_>, changes: &mut Vec<Change>) {
    for kind in [OperationType::Query, OperationType::Mutation, OperationType::Subscription] {
        let (was, is) = (old.root(kind), new.root(kind));
        if let Some(was) = was.filter(|_| was != is) {
            let detail = is.map_or_else(|| format!("`{was}`"), |is| format!("`{was}` was, `{is}` is"));
            let what = format!("the root of each {kind}");
            changes.push(Change::new(Code::RootTypeChanged, Coordinate::Schema, &what).because(&detail));
        }
    }
}

fn compare_types(old: &TypeView<'_>, new: &TypeView<'_>, changes: &mut Vec<Change>) {
    if old.kind != new.kind {
        let detail = format!("it was {}, and is {}", old.kind.name(), new.kind.name());
        let coordinate = Coordinate::Type(new.name.to_string());
        changes.push(Change::new(Code::TypeChangedKind, coordinate, "the type").because(&detail));
        return;
    }
    member::compare_interfaces(old, new, changes);
    field::compare(old, new, changes);
    input::compare_input_fields(old, new, changes);
    member::compare_values(old, new, changes);
    member::compare_members(old, new, changes);
}
