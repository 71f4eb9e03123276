//! Definitions of directives.

use octavo_language::ast::{DirectiveDefinition, DirectiveLocation};

use super::input::{Codes, compare_inputs};
use crate::change::{Change, Code, Coordinate};
use crate::view::{View, arguments, pairs};

const ARGUMENT: Codes = Codes {
    what: "the argument",
    required_added: Code::RequiredDirectiveArgAdded,
    optional_added: Code::DirectiveArgAdded,
    removed: Code::DirectiveArgRemoved,
    changed: Code::DirectiveArgChangedKind,
    widened: Code::DirectiveArgTypeWidened,
    default_changed: None,
};

pub(super) fn compare(old: &View<'_>, new: &View<'_>, changes: &mut Vec<Change>) {
    for (name, pair) in pairs(&old.directives, &new.directives) {
        let coordinate = Coordinate::Directive(name.to_owned());
        match pair {
            (Some(old), Some(new)) => compare_one(name, (old, new), changes),
            (Some(_), None) => changes.push(Change::new(Code::DirectiveRemoved, coordinate, "the directive")),
            (None, _) => changes.push(Change::new(Code::DirectiveAdded, coordinate, "the directive")),
        }
    }
}

fn compare_one(
    name: &str,
    (old, new): (&DirectiveDefinition, &DirectiveDefinition),
    changes: &mut Vec<Change>,
) {
    let coordinate = || Coordinate::Directive(name.to_owned());
    if old.repeatable != new.repeatable {
        let code =
            if old.repeatable { Code::DirectiveRepeatableRemoved } else { Code::DirectiveRepeatableAdded };
        changes.push(Change::new(code, coordinate(), "the directive"));
    }
    let mut locations = |code, from: &[DirectiveLocation], to: &[DirectiveLocation]| {
        for location in from.iter().filter(|location| !to.contains(location)) {
            let change = Change::new(code, coordinate(), "the directive");
            changes.push(change.because(&format!("`{location}`")));
        }
    };
    locations(Code::DirectiveLocationRemoved, &old.locations, &new.locations);
    locations(Code::DirectiveLocationAdded, &new.locations, &old.locations);
    let argument = |argument: &str| Coordinate::DirectiveArgument(name.to_owned(), argument.to_owned());
    compare_inputs(&ARGUMENT, (&arguments(&old.arguments), &arguments(&new.arguments)), &argument, changes);
}
