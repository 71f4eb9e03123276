//! Hints at directives that stand once on an element, and say something else in another subgraph.

use std::fmt::Display;

use super::Context;
use super::applied::argument_list;
use crate::code::Code;
use crate::model::{Applied, Builtin, GraphId};
use crate::report::hint_at_all;

/// Hints at applications of a known directive that differ: one is taken, or their arguments are merged.
pub(crate) fn report<'a>(
    context: &mut Context<'a, '_>,
    what: &dyn Display,
    builtin: Builtin,
    group: &[(GraphId, &'a Applied<'a>)],
) {
    let code = match builtin {
        Builtin::Cost | Builtin::ListSize | Builtin::RequiresScopes | Builtin::Policy => {
            Code::MergedNonRepeatableDirectiveArguments
        }
        Builtin::Deprecated | Builtin::SpecifiedBy => Code::InconsistentNonRepeatableDirectiveArguments,
        _ => return,
    };
    if differ(group) {
        let name = format!("@{}", context.features.name(builtin));
        push(context, code, (what, &name), group);
    }
}

/// Hints at a choice among applications of a composed directive that differ.
pub(crate) fn report_choice<'a>(
    context: &mut Context<'a, '_>,
    what: &dyn Display,
    name: &str,
    group: &[(GraphId, &'a Applied<'a>)],
) {
    if differ(group) {
        push(context, Code::InconsistentNonRepeatableDirectiveArguments, (what, name), group);
    }
}

fn differ(group: &[(GraphId, &Applied<'_>)]) -> bool {
    let mut lists = group.iter().map(|(_, applied)| argument_list(applied));
    let first = lists.next();
    lists.any(|list| Some(list) != first)
}

fn push<'a>(
    context: &mut Context<'a, '_>,
    code: Code,
    (what, name): (&dyn Display, &str),
    group: &[(GraphId, &'a Applied<'a>)],
) {
    let how = match code {
        Code::MergedNonRepeatableDirectiveArguments => "which are merged",
        _ => "of which the most frequent are taken",
    };
    let message = format!("{what} has `{name}` with different arguments, {how}");
    let places = group.iter().map(|(graph, applied)| {
        let list = argument_list(applied);
        let text = if list.is_empty() { "no arguments here".to_owned() } else { format!("here `{list}`") };
        (context.place(*graph, applied.span), text)
    });
    let hint = hint_at_all(code, message, places);
    context.report.push(hint);
}
