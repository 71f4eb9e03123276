//! `CONTEXT_NAME_INVALID`, `CONTEXT_NOT_SET`, `NO_CONTEXT_IN_SELECTION`: contexts have names, and arguments use those that exist.

use std::collections::HashSet;

use crate::code::Code;
use crate::model::{Builtin, Subgraph};
use crate::report::{Place, Report};

pub(crate) fn check(subgraph: &Subgraph<'_>, report: &mut Report) {
    let names = check_names(subgraph, report);
    for ty in subgraph.schema.types.values() {
        for field in ty.fields.values() {
            for argument in field.arguments.values() {
                let Some(applied) = argument.applied.iter().find(|applied| applied.is(Builtin::FromContext))
                else {
                    continue;
                };
                let place = Place { subgraph: subgraph.name, span: applied.span };
                let what = format!("the argument `{}` of `{}.{}`", argument.name, ty.name, field.name);
                match applied.string("field").and_then(|field| split(field)) {
                    None => {
                        let message = format!("{what} must name its context, as in `$name {{ field }}`");
                        report.error(Code::NoContextInSelection, message, place);
                    }
                    Some((name, _)) if !names.contains(name) => {
                        let message = format!("{what} uses the context `{name}`, which nothing here sets");
                        report.error(Code::ContextNotSet, message, place);
                    }
                    Some((_, "")) => {
                        let message = format!("{what} selects nothing from its context");
                        report.error(Code::ContextInvalidSelection, message, place);
                    }
                    Some(_) if ty.keys.iter().all(|key| key.resolvable == Some(false)) => {
                        let message = format!("{what} needs `{}` to have a key that resolves", ty.name);
                        report.error(Code::ContextNoResolvableKey, message, place);
                    }
                    Some(_) => {}
                }
            }
        }
    }
}

fn check_names<'a>(subgraph: &Subgraph<'a>, report: &mut Report) -> HashSet<&'a str> {
    let mut names = HashSet::new();
    for ty in subgraph.schema.types.values() {
        for applied in ty.all(Builtin::Context) {
            let Some(name) = applied.string("name") else { continue };
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                let message =
                    format!("the context `{name}` of `{}` must be named by letters and digits", ty.name);
                let place = Place { subgraph: subgraph.name, span: applied.span };
                report.error(Code::ContextNameInvalid, message, place);
            }
            names.insert(name);
        }
    }
    names
}

/// The name and the selection of `$name selection`.
fn split(field: &str) -> Option<(&str, &str)> {
    let after = field.trim().strip_prefix('$')?.trim_start();
    let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
    let (name, selection) = after.split_at(end);
    (!name.is_empty()).then_some((name, selection.trim()))
}
