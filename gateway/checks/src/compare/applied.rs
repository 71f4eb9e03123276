//! Directives that stand on something: `@deprecated` for clients, all others between subgraphs.

use std::collections::BTreeMap;

use octavo_language::Node;
use octavo_language::ast::Directive;

use crate::change::{Change, Code, Coordinate};
use crate::view::{TypeView, View, pairs};

const DEPRECATED: &str = "deprecated";

/// Whether something became deprecated, or is so no more.
pub(super) fn compare_deprecation(
    (old, new): (&[Node<Directive>], &[Node<Directive>]),
    (coordinate, what): (&Coordinate, &str),
    changes: &mut Vec<Change>,
) {
    let find = |directives: &[Node<Directive>]| {
        directives.iter().find(|directive| directive.name == DEPRECATED).map(ToString::to_string)
    };
    let code = match (find(old), find(new)) {
        (None, Some(_)) => Code::DeprecationAdded,
        (Some(_), None) => Code::DeprecationRemoved,
        (Some(old), Some(new)) if old != new => Code::DeprecationReasonChanged,
        _ => return,
    };
    changes.push(Change::new(code, coordinate.clone(), what));
}

/// How the federation directives, and those of the subgraph's own, moved on types and fields that both sides have.
pub(crate) fn compare_applied(old: &View<'_>, new: &View<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, pair) in pairs(&old.types, &new.types) {
        let (Some(old), Some(new)) = pair else { continue };
        let coordinate = Coordinate::Type(name.to_owned());
        compare_lists((&old.directives, &new.directives), (&coordinate, "the type"), &mut changes);
        compare_fields(name, (old, new), &mut changes);
    }
    changes
}

fn compare_fields(ty: &str, (old, new): (&TypeView<'_>, &TypeView<'_>), changes: &mut Vec<Change>) {
    for (name, pair) in pairs(&old.fields, &new.fields) {
        let (Some(old), Some(new)) = pair else { continue };
        let coordinate = Coordinate::Member(ty.to_owned(), name.to_owned());
        let lists: (Vec<_>, Vec<_>) = (old.directives.iter().collect(), new.directives.iter().collect());
        compare_lists((&lists.0, &lists.1), (&coordinate, "the field"), changes);
    }
}

fn compare_lists(
    (old, new): (&[&Node<Directive>], &[&Node<Directive>]),
    (coordinate, what): (&Coordinate, &str),
    changes: &mut Vec<Change>,
) {
    let (old, new) = (counted(old), counted(new));
    for text in old.keys().chain(new.keys().filter(|text| !old.contains_key(*text))) {
        let (was, is) = (old.get(text).copied().unwrap_or(0), new.get(text).copied().unwrap_or(0));
        let code = match was.cmp(&is) {
            std::cmp::Ordering::Equal => continue,
            std::cmp::Ordering::Greater => Code::AppliedDirectiveRemoved,
            std::cmp::Ordering::Less => Code::AppliedDirectiveAdded,
        };
        changes.push(Change::new(code, coordinate.clone(), what).because(&format!("`{text}`")));
    }
}

/// How often each directive stands there; `@deprecated` is compared for clients.
fn counted(directives: &[&Node<Directive>]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for directive in directives.iter().filter(|directive| directive.name != DEPRECATED) {
        *counts.entry(directive.to_string()).or_insert(0) += 1;
    }
    counts
}
