//! Connectors: what a subgraph says of them stays its own, and asks for a gateway that knows them.

use super::Context;
use super::applied::per_graph;
use crate::ingest::CONNECT;
use crate::maps::IndexMap;
use crate::merged::{Merged, MergedDirective, Visible};
use crate::model::{Applied, Builtin, GraphId};

/// The specification as a supergraph links it: at one version, whichever the subgraphs link.
const FEATURE: &str = "url: \"https://specs.apollo.dev/connect/v0.3\", for: EXECUTION";

/// Directives of connectors of one element, under the names that each subgraph has for them.
pub(crate) fn merge<'a>(
    context: &Context<'a, '_>,
    group: &[(GraphId, &'a Applied<'a>)],
) -> Vec<MergedDirective> {
    let mut names: IndexMap<&str, Vec<(GraphId, &'a Applied<'a>)>> = IndexMap::default();
    for &(graph, applied) in group {
        names.entry(applied.node.name.as_str()).or_default().push((graph, applied));
    }
    let texts = names.into_iter().flat_map(|(name, group)| per_graph(context, name, &group));
    texts.map(|text| MergedDirective { kind: Visible::Gateway, text, tag: None }).collect()
}

/// Links the specification where a subgraph does, and says what each of them imports from it.
pub(crate) fn link<'a>(context: &Context<'a, '_>, merged: &mut Merged<'a>) {
    let mut links: Vec<(GraphId, &'a Applied<'a>)> = Vec::new();
    for (graph, subgraph) in context.subgraphs.iter_with_ids() {
        for link in subgraph.links.iter().filter(|link| link.identity == CONNECT) {
            let of_link = |one: &&Applied<'_>| one.is(Builtin::Link) && one.string("url") == Some(link.url);
            links.extend(subgraph.schema.applied.iter().filter(of_link).map(|applied| (graph, applied)));
        }
    }
    if !links.is_empty() {
        merged.features.push(FEATURE.to_owned());
        let texts = per_graph(context, "link", &links).into_iter();
        merged.applied.extend(texts.map(|text| MergedDirective { kind: Visible::Gateway, text, tag: None }));
    }
}
