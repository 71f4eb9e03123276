//! Hints about `@composeDirective`: what is composed anyway, what has another name elsewhere, and specifications whose versions differ.

use std::collections::BTreeMap;

use crate::code::Code;
use crate::merge::Context;
use crate::model::{GraphId, Link, Span, Subgraph};
use crate::report::hint_at_all;

/// Federation's directives that every supergraph carries.
const CARRIED: [&str; 6] =
    ["@tag", "@inaccessible", "@authenticated", "@requiresScopes", "@policy", "@context"];

/// Specifications whose directives a subgraph cannot ask to be carried.
const OWN: [&str; 10] = [
    "federation",
    "link",
    "core",
    "tag",
    "inaccessible",
    "authenticated",
    "requiresScopes",
    "policy",
    "context",
    "cost",
];

/// What becomes of a known directive that a subgraph asks to be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnDirective {
    /// It is carried without being asked for.
    Carried,
    /// It is for subgraphs alone.
    Kept,
}

/// Whether the directive `name` (`@` included) is one of a specification that composition knows.
pub(crate) fn own_directive(subgraph: &Subgraph<'_>, name: &str) -> Option<OwnDirective> {
    let mut links = subgraph.links.iter().filter(|link| is_own(link));
    let element = links.find_map(|link| element(link, name))?;
    Some(if CARRIED.contains(&element.as_str()) { OwnDirective::Carried } else { OwnDirective::Kept })
}

fn is_own(link: &Link<'_>) -> bool {
    let name = link.identity.strip_prefix("https://specs.apollo.dev/");
    name.is_some_and(|name| OWN.contains(&name))
}

/// What the link's specification calls the directive that this subgraph calls `name`, `@` included.
fn element(link: &Link<'_>, name: &str) -> Option<String> {
    if let Some(import) = link.imports.iter().find(|import| import.local == name) {
        return Some(import.element.to_owned());
    }
    let bare = name.strip_prefix('@')?;
    if bare == link.namespace {
        return Some(format!("@{}", link.name));
    }
    Some(format!("@{}", bare.strip_prefix(link.namespace)?.strip_prefix("__")?))
}

/// Hints at specifications that are linked at different major versions, and not composed from both.
pub(crate) fn compare_versions<'a>(
    context: &mut Context<'a, '_>,
    is_composed: impl Fn(GraphId, &str) -> bool,
) {
    let mut links: BTreeMap<&str, Vec<(GraphId, &Link<'a>)>> = BTreeMap::new();
    for (graph, subgraph) in context.subgraphs.iter_with_ids() {
        for link in &subgraph.links {
            links.entry(link.identity).or_default().push((graph, link));
        }
    }
    for (identity, links) in links {
        let Some((_, first)) = links.first() else { continue };
        let differ = links.iter().any(|(_, link)| link.major != first.major);
        if !differ || links.iter().all(|(graph, _)| is_composed(*graph, identity)) {
            continue;
        }
        let message =
            format!("`{identity}` is linked at different major versions, and not composed from all");
        let places = links.iter().map(|(graph, link)| {
            (context.place(*graph, link.span), format!("here v{}.{}", link.major, link.minor))
        });
        let hint = hint_at_all(Code::DirectiveCompositionInfo, message, places);
        context.report.push(hint);
    }
}

/// Hints at subgraphs that call a composed directive otherwise, without composing it themselves.
pub(crate) fn compare_names(
    context: &mut Context<'_, '_>,
    (identity, element, local): (&str, &str, &str),
    composed_in: &[GraphId],
) {
    let mut others: Vec<(GraphId, Span, &str)> = Vec::new();
    for (graph, subgraph) in
        context.subgraphs.iter_with_ids().filter(|(graph, _)| !composed_in.contains(graph))
    {
        for link in subgraph.links.iter().filter(|link| link.identity == identity) {
            let import = link.imports.iter().find(|import| import.element.strip_prefix('@') == Some(element));
            if let Some(import) = import.filter(|import| import.local != local) {
                others.push((graph, link.span, import.local));
            }
        }
    }
    if others.is_empty() {
        return;
    }
    let message = format!("the composed directive `{local}` has another name where it is not composed");
    let places = others
        .into_iter()
        .map(|(graph, span, name)| (context.place(graph, span), format!("here `{name}`")))
        .collect::<Vec<_>>();
    let hint = hint_at_all(Code::DirectiveCompositionWarn, message, places);
    context.report.push(hint);
}
