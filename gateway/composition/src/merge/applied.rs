//! Directives that go from subgraphs into the supergraph.
//!
//! Repeatable ones by union; others once, as most subgraphs have it, except costs and list sizes, whose arguments merge
//! one by one. Access rules are merged apart from these.

use std::fmt::Display;

use octavo_language::ast::Value;

use crate::emit::quote;
use crate::maps::{IndexMap, IndexSet};
use crate::merge::{Context, connect, differing};
use crate::merged::{MergedArgument, MergedDirective, Visible};
use crate::model::{Applied, Builtin, GraphId, Meaning};

/// Directives of one element in one subgraph.
pub(crate) type AppliedSource<'a> = (GraphId, &'a [Applied<'a>]);

/// Merges the directives of one element that has no arguments.
pub(crate) fn merge<'a>(
    context: &mut Context<'a, '_>,
    what: &dyn Display,
    sources: &[AppliedSource<'a>],
) -> Vec<MergedDirective> {
    merge_of_field(context, what, sources, &IndexMap::default())
}

/// Merges the directives of one field, which has these arguments in the supergraph.
pub(crate) fn merge_of_field<'a>(
    context: &mut Context<'a, '_>,
    what: &dyn Display,
    sources: &[AppliedSource<'a>],
    arguments: &IndexMap<&'a str, MergedArgument<'a>>,
) -> Vec<MergedDirective> {
    if sources.iter().all(|(_, list)| list.is_empty()) {
        return Vec::new();
    }
    let mut groups: IndexMap<Builtin, Vec<(GraphId, &'a Applied<'a>)>> = IndexMap::default();
    let mut custom: IndexMap<usize, Vec<(GraphId, &'a Applied<'a>)>> = IndexMap::default();
    let mut lifetimes = Vec::new();
    let carried = context.join.has_directive();
    for &(graph, list) in sources {
        for applied in list {
            match applied.meaning {
                Meaning::Builtin(builtin) if is_merged(builtin) => {
                    groups.entry(builtin).or_default().push((graph, applied));
                }
                Meaning::Custom(name) => {
                    if let Some(composed) = context.features.composed(graph, name) {
                        custom.entry(composed).or_default().push((graph, applied));
                    } else if name == CACHE_CONTROL && carried {
                        lifetimes.push((graph, applied));
                    }
                }
                Meaning::Builtin(_) => {}
            }
        }
    }
    let mut merged = Vec::new();
    for (builtin, group) in groups {
        differing::report(context, what, builtin, &group);
        match builtin {
            Builtin::ListSize => merged.push(list_size(context, &group, arguments)),
            Builtin::Tag => merged.extend(tags(context, &group)),
            Builtin::Connect | Builtin::Source => merged.extend(connect::merge(context, &group)),
            _ => merge_builtin(context, builtin, &group, &mut merged),
        }
    }
    for (composed, group) in custom {
        let name = context.features.composed_name(composed).to_owned();
        let texts = group.iter().map(|(_, applied)| format!("{name}{}", argument_list(applied))).collect();
        let repeatable = context.features.is_repeatable(composed);
        if !repeatable {
            differing::report_choice(context, what, &name, &group);
        }
        merged.extend(choose(texts, repeatable).into_iter().map(gateway));
    }
    merged.extend(per_graph(context, CACHE_CONTROL, &lifetimes).into_iter().map(gateway));
    merged
}

/// The directive by which a subgraph says for how long a value may be kept. No specification has it, so a subgraph defines it
/// itself; the gateway reads it for the subgraph that says it.
const CACHE_CONTROL: &str = "cacheControl";

fn is_merged(builtin: Builtin) -> bool {
    use Builtin as B;
    matches!(
        builtin,
        B::Inaccessible
            | B::Tag
            | B::Deprecated
            | B::SpecifiedBy
            | B::Cost
            | B::ListSize
            | B::Context
            | B::CacheTag
            | B::Connect
            | B::Source
    )
}

fn gateway(text: String) -> MergedDirective {
    MergedDirective { kind: Visible::Gateway, text, tag: None }
}

fn merge_builtin<'a>(
    context: &mut Context<'a, '_>,
    builtin: Builtin,
    group: &[(GraphId, &'a Applied<'a>)],
    merged: &mut Vec<MergedDirective>,
) {
    context.features.note(builtin);
    let name = context.features.name(builtin).to_owned();
    let all = || group.iter().map(|(_, applied)| *applied);
    let plain = || all().map(|applied| format!("@{name}{}", argument_list(applied))).collect::<Vec<_>>();
    let texts: Vec<String> = match builtin {
        Builtin::Cost => vec![format!("@{name}(weight: {})", largest(all(), "weight").unwrap_or_default())],
        Builtin::Context => contexts(context, &name, group),
        Builtin::CacheTag => per_graph(context, "federation__cacheTag", group),
        _ => choose(plain(), false),
    };
    let kind = match builtin {
        Builtin::Inaccessible => Visible::Inaccessible,
        Builtin::Deprecated | Builtin::SpecifiedBy => Visible::Language,
        _ => Visible::Gateway,
    };
    merged.extend(texts.into_iter().map(|text| MergedDirective { kind, text, tag: None }));
}

/// All distinct texts, or the one that occurs most.
fn choose(texts: Vec<String>, repeatable: bool) -> Vec<String> {
    let mut counts: IndexMap<String, usize> = IndexMap::default();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    if repeatable {
        return counts.into_keys().collect();
    }
    let most = counts.values().copied().max().unwrap_or_default();
    counts.into_iter().find(|(_, count)| *count == most).map(|(text, _)| text).into_iter().collect()
}

/// The argument list of a directive, parentheses included, in the order of names; empty without arguments.
pub(super) fn argument_list(applied: &Applied<'_>) -> String {
    let mut list: Vec<String> = applied
        .node
        .arguments
        .iter()
        .map(|argument| format!("{}: {}", argument.name, crate::emit::value(&argument.value)))
        .collect();
    list.sort();
    if list.is_empty() { String::new() } else { format!("({})", list.join(", ")) }
}

fn largest<'a>(applications: impl Iterator<Item = &'a Applied<'a>>, argument: &str) -> Option<i64> {
    applications.filter_map(|applied| integer(applied.argument(argument)?)).max()
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => number.as_str().parse().ok(),
        _ => None,
    }
}

/// Sizes of lists merge argument by argument, unless all subgraphs say the same. An argument of the field that not all of them
/// have is not in the supergraph, so that no list can be sliced by it.
fn list_size<'a>(
    context: &mut Context<'a, '_>,
    group: &[(GraphId, &'a Applied<'a>)],
    arguments: &IndexMap<&'a str, MergedArgument<'a>>,
) -> MergedDirective {
    context.features.note(Builtin::ListSize);
    let name = context.features.name(Builtin::ListSize);
    let names = |list| -> Vec<&str> {
        let given = group.iter().filter_map(|(_, applied)| applied.argument(list)?.as_list());
        let mut names: Vec<&str> = Vec::new();
        for name in given.flatten().filter_map(|item| item.as_str()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    };
    let slicing = names("slicingArguments");
    let mut distinct: Vec<String> = group.iter().map(|(_, applied)| argument_list(applied)).collect();
    distinct.dedup();
    if let ([text], true) = (&*distinct, slicing.iter().all(|name| arguments.contains_key(name))) {
        return gateway(format!("@{name}{text}"));
    }
    let all = || group.iter().map(|(_, applied)| *applied);
    let mut parts: Vec<String> =
        largest(all(), "assumedSize").map(|size| format!("assumedSize: {size}")).into_iter().collect();
    let kept = slicing.into_iter().filter(|name| arguments.contains_key(name)).collect();
    for (list, names) in [("slicingArguments", kept), ("sizedFields", names("sizedFields"))] {
        if !names.is_empty() {
            let names: Vec<String> = names.into_iter().map(quote).collect();
            parts.push(format!("{list}: [{}]", names.join(", ")));
        }
    }
    let required = all().all(|applied| applied.boolean("requireOneSlicingArgument").unwrap_or(true));
    parts.push(format!("requireOneSlicingArgument: {required}"));
    gateway(format!("@{name}({})", parts.join(", ")))
}

/// Every tag once.
fn tags<'a>(context: &mut Context<'a, '_>, group: &[(GraphId, &'a Applied<'a>)]) -> Vec<MergedDirective> {
    context.features.note(Builtin::Tag);
    let name = context.features.name(Builtin::Tag);
    let names: IndexSet<&str> = group.iter().filter_map(|(_, applied)| applied.string("name")).collect();
    let tag = |tag: &str| {
        let text = format!("@{name}(name: {})", quote(tag));
        MergedDirective { kind: Visible::Gateway, text, tag: Some(tag.to_owned()) }
    };
    names.into_iter().map(tag).collect()
}

/// A context is known by its subgraph too.
fn contexts<'a>(context: &Context<'a, '_>, name: &str, group: &[(GraphId, &'a Applied<'a>)]) -> Vec<String> {
    let named = group.iter().filter_map(|(graph, applied)| {
        let own = applied.string("name")?;
        Some(format!("@{name}(name: {})", quote(&format!("{}__{own}", context.name(*graph)))))
    });
    choose(named.collect(), true)
}

/// Directives that stay with their subgraphs.
pub(super) fn per_graph<'a>(
    context: &Context<'a, '_>,
    name: &str,
    group: &[(GraphId, &'a Applied<'a>)],
) -> Vec<String> {
    let mut graphs: IndexMap<String, Vec<&str>> = IndexMap::default();
    for (graph, applied) in group {
        let list = argument_list(applied);
        let object = format!("{{{}}}", list.trim_start_matches('(').trim_end_matches(')'));
        graphs.entry(object).or_default().push(&context.graph_names[graph_index(*graph)]);
    }
    graphs
        .into_iter()
        .map(|(object, graphs)| {
            let graphs = graphs.join(", ");
            format!("@join__directive(graphs: [{graphs}], name: \"{name}\", args: {object})")
        })
        .collect()
}

fn graph_index(graph: GraphId) -> usize {
    octavo_index::Id::index(graph)
}
