//! Descriptions: the one that most subgraphs give, the first among equals.

use std::fmt::Display;

use super::Context;
use crate::code::Code;
use crate::model::{GraphId, Span};
use crate::report::hint_at_all;

/// The description of an element in one subgraph.
pub(crate) type DescriptionSource<'a> = (GraphId, Option<&'a str>, Span);

/// The most frequent description of `what`.
pub(crate) fn merge<'a>(
    context: &mut Context<'a, '_>,
    what: &dyn Display,
    sources: impl Iterator<Item = DescriptionSource<'a>>,
) -> Option<&'a str> {
    let given = sources.filter_map(|(graph, text, span)| Some((graph, text?, span)));
    let given: Vec<(GraphId, &'a str, Span)> = given.filter(|(_, text, _)| !text.is_empty()).collect();
    let (_, first, _) = *given.first()?;
    if given.iter().all(|(_, text, _)| *text == first) {
        return Some(first);
    }
    let count = |wanted: &str| given.iter().filter(|(_, text, _)| *text == wanted).count();
    let most = given.iter().map(|(_, text, _)| count(text)).max()?;
    let taken = given.iter().map(|(_, text, _)| *text).find(|text| count(text) == most)?;
    let message = format!("{what} is described in different words");
    let places = given.iter().map(|(graph, text, span)| {
        let label = if *text == taken { "taken from here" } else { "otherwise here" };
        (context.place(*graph, *span), label.to_owned())
    });
    let hint = hint_at_all(Code::InconsistentDescription, message, places);
    context.report.push(hint);
    Some(taken)
}
