//! What a change of schemas does to clients.
//!
//! [`check`] compares the client schema of two compositions, and each subgraph's own schema, and says of each difference
//! whether it breaks operations that worked, may surprise their authors, or is safe. The names of the changes are those of
//! graphql-js's `findBreakingChanges` where it has one. It reads parsed documents alone: no file, no git, no composition.
//!
//! Pipeline: read each document into a [`view`], extensions folded in → [`compare`] the client schemas, then subgraph by
//! subgraph → find where each change [stands](places) in the new subgraphs.

mod change;
mod compare;
mod places;
mod view;

pub use change::{Change, Code, Coordinate, Effect, Place};

use octavo_language::TypeSystemDocument;

use compare::{compare, compare_applied};
use places::place_change;
use view::{View, pairs};

/// One side of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Side<'s> {
    /// The schema that clients see.
    pub api: &'s TypeSystemDocument,
    /// The subgraphs' schemas; a document's name is the subgraph's. Empty when they are not known.
    pub subgraphs: &'s [TypeSystemDocument],
}

/// Everything that changed: first for clients, then in each subgraph, each in the order of the coordinates. When one side has no
/// subgraphs, none are compared.
#[must_use]
pub fn check(old: Side<'_>, new: Side<'_>) -> Vec<Change> {
    let views: Vec<(&str, View<'_>)> = named_views(new.subgraphs);
    let mut changes = compare(&View::new(old.api), &View::new(new.api));
    if !old.subgraphs.is_empty() && !new.subgraphs.is_empty() {
        changes.extend(compare_subgraphs(&named_views(old.subgraphs), &views));
    }
    for change in &mut changes {
        change.places = place_change(change, &views);
    }
    changes
}

fn named_views(documents: &[TypeSystemDocument]) -> Vec<(&str, View<'_>)> {
    documents.iter().map(|document| (document.name(), View::new(document))).collect()
}

fn compare_subgraphs(old: &[(&str, View<'_>)], new: &[(&str, View<'_>)]) -> Vec<Change> {
    let by_name = |views| -> std::collections::BTreeMap<_, _> {
        let views: &[(&str, View<'_>)] = views;
        views.iter().map(|(name, view)| (*name, view)).collect()
    };
    let mut changes = Vec::new();
    for (name, pair) in pairs(&by_name(old), &by_name(new)) {
        let found = match pair {
            (Some(old), Some(new)) => [compare(old, new), compare_applied(old, new)].concat(),
            (Some(_), None) => vec![Change::new(Code::SubgraphRemoved, Coordinate::Schema, "the subgraph")],
            (None, _) => vec![Change::new(Code::SubgraphAdded, Coordinate::Schema, "the subgraph")],
        };
        changes.extend(found.into_iter().map(|change| change.within(name)));
    }
    changes
}
