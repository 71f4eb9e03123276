//! Which directives beyond the join specification the supergraph carries, and under which names.
//!
//! The names of known directives are those that the subgraphs use them under, which must agree. Other directives are carried
//! when a subgraph asks for it by `@composeDirective`.

use std::collections::{BTreeMap, BTreeSet};

use octavo_index::IndexVec;

use crate::code::Code;
use crate::emit::{directive_definition, quote};
use crate::maps::{HashMap, IndexMap};
use crate::merge::Context;
use crate::merge::composed::{OwnDirective, compare_names, compare_versions, own_directive};
use crate::merge::known_feature::{KNOWN, Known, PLACES, element, known};
use crate::merged::{Hiding, Merged};
use crate::model::{Applied, Builtin, DirectiveDefinition, GraphId, Link, Meaning, Span, Subgraph};
use crate::report::error_at_all;

/// Directives that the supergraph carries.
#[derive(Debug, Default)]
pub(crate) struct Features<'a> {
    names: HashMap<Builtin, &'a str>,
    used: BTreeSet<Builtin>,
    specifications: Vec<Composed<'a>>,
    composed: HashMap<(GraphId, &'a str), usize>,
}

/// A directive that a subgraph asked to be carried.
#[derive(Debug)]
struct Composed<'a> {
    identity: &'a str,
    /// As the specification calls it, without the `@`.
    element: &'a str,
    /// As the subgraphs call it.
    local: &'a str,
    /// Where it is defined at its highest version.
    graph: GraphId,
    link: &'a Link<'a>,
    repeatable: bool,
    /// Where it is asked for.
    asked_in: Vec<GraphId>,
}

impl<'a> Composed<'a> {
    /// What the subgraphs call it, without the `@`.
    fn bare(&self) -> &'a str {
        self.local.trim_start_matches('@')
    }
}

impl<'a> Features<'a> {
    /// Reads names and requests from all subgraphs.
    pub(crate) fn collect(context: &mut Context<'a, '_>) -> Self {
        let mut features = Self::default();
        features.collect_names(context);
        let subgraphs = context.subgraphs;
        for (graph, subgraph) in subgraphs.iter_with_ids() {
            for applied in
                subgraph.schema.applied.iter().filter(|applied| applied.is(Builtin::ComposeDirective))
            {
                features.compose(context, graph, applied);
            }
        }
        features.settle_versions(context);
        features.spread(context);
        features.compare(context);
        features
    }

    /// The name of a known directive in the supergraph.
    pub(crate) fn name(&self, builtin: Builtin) -> &'a str {
        if let Some(name) = self.names.get(&builtin) {
            return name;
        }
        match builtin {
            Builtin::Deprecated => "deprecated",
            Builtin::SpecifiedBy => "specifiedBy",
            _ => KNOWN.iter().find(|known| known.builtin == builtin).map_or("", |known| known.element),
        }
    }

    /// Notes that a known directive is used.
    pub(crate) fn note(&mut self, builtin: Builtin) {
        self.used.insert(builtin);
    }

    /// Which carried directive a subgraph's directive is.
    pub(crate) fn composed(&self, graph: GraphId, name: &'a str) -> Option<usize> {
        self.composed.get(&(graph, name)).copied()
    }

    /// The name of a carried directive, `@` included.
    pub(crate) fn composed_name(&self, composed: usize) -> &'a str {
        self.specifications[composed].local
    }

    /// Whether a carried directive is repeatable.
    pub(crate) fn is_repeatable(&self, composed: usize) -> bool {
        self.specifications[composed].repeatable
    }

    /// The definitions of carried directives, where they are newest.
    pub(crate) fn composed_definitions<'s>(
        &'s self,
        subgraphs: &'a IndexVec<GraphId, Subgraph<'a>>,
    ) -> impl Iterator<Item = &'a DirectiveDefinition<'a>> + use<'s, 'a> {
        self.specifications
            .iter()
            .filter_map(|composed| subgraphs[composed.graph].schema.directives.get(composed.bare()))
    }

    /// A known directive is called in the supergraph as the subgraphs call it that use it, or else as one imports it.
    fn collect_names(&mut self, context: &mut Context<'a, '_>) {
        let mut used: BTreeMap<Builtin, IndexMap<&'a str, (GraphId, Span)>> = BTreeMap::new();
        for (graph, subgraph) in context.subgraphs.iter_with_ids() {
            for applied in subgraph.schema.all_applied() {
                let Meaning::Builtin(builtin) = applied.meaning else { continue };
                // What is carried by `join__directive` has one name there.
                let is_carried = builtin == Builtin::CacheTag;
                if !is_carried && KNOWN.iter().any(|known| known.builtin == builtin) {
                    let names = used.entry(builtin).or_default();
                    names.entry(applied.node.name.as_str()).or_insert((graph, applied.span));
                }
            }
        }
        for (builtin, names) in used {
            if names.len() > 1 {
                let names_of = list(names.keys());
                let message = format!("`@{}` is called {names_of}; it needs one name", element(builtin));
                let places = names
                    .iter()
                    .map(|(name, (graph, span))| (context.place(*graph, *span), format!("here `@{name}`")));
                let error = error_at_all(Code::LinkImportNameMismatch, message, places);
                context.report.push(error);
            }
            if let Some((&name, _)) = names.first() {
                self.names.insert(builtin, name);
            }
        }
        let links = context.subgraphs.iter().flat_map(|subgraph| &subgraph.links);
        for link in links.filter(|link| link.identity.starts_with("https://specs.apollo.dev/")) {
            for import in &link.imports {
                let Some(known) = import.element.strip_prefix('@').and_then(known) else { continue };
                self.names.entry(known.builtin).or_insert(import.local.trim_start_matches('@'));
            }
        }
    }

    fn compose(&mut self, context: &mut Context<'a, '_>, graph: GraphId, applied: &Applied<'a>) {
        let subgraph = &context.subgraphs[graph];
        let name = applied.string("name").unwrap_or_default();
        let own = own_directive(subgraph, name);
        if own == Some(OwnDirective::Carried) {
            let message = format!("`{name}` is carried into every supergraph, and need not be composed");
            let place = context.place(graph, applied.span);
            return context.report.hint(Code::DirectiveCompositionInfo, message, place);
        }
        let mut wrong = |message: String| {
            let place = context.place(graph, applied.span);
            context.report.error(Code::DirectiveCompositionError, message, place);
        };
        let Some(bare) = name.strip_prefix('@') else {
            return wrong(format!("`@composeDirective` needs a directive's name with its `@`, not `{name}`"));
        };
        if own == Some(OwnDirective::Kept) {
            return wrong(format!("`{name}` belongs to federation, and is not for the supergraph"));
        }
        let Some(definition) = subgraph.schema.directives.get(bare) else {
            return wrong(format!("the directive `{name}` is not defined in this subgraph"));
        };
        if let Some(taken) = [Builtin::Tag, Builtin::Inaccessible].into_iter().find(|&b| self.name(b) == bare)
        {
            return wrong(format!(
                "`{name}` cannot be composed, since `{taken:?}` has that name in the supergraph"
            ));
        }
        let repeatable = definition.repeatable;
        let Some((link, element)) = origin(subgraph, name) else {
            return wrong(format!(
                "the directive `{name}` comes from no linked specification, so it cannot be composed"
            ));
        };
        let version = |link: &Link<'_>| (link.major, link.minor);
        if self.specifications.iter().any(|has| has.identity == link.identity && has.link.major != link.major)
        {
            return wrong(format!(
                "`{}` is linked at another major version in another subgraph",
                link.identity
            ));
        }
        let same =
            self.specifications.iter_mut().find(|c| c.identity == link.identity && c.element == element);
        match same {
            Some(has) if has.local != name => {
                wrong(format!("the directive `{name}` is called `{}` in another subgraph", has.local));
            }
            Some(has) => {
                has.asked_in.push(graph);
                if version(link) >= version(has.link) {
                    has.link = link;
                    has.graph = graph;
                    has.repeatable = repeatable;
                }
            }
            None => {
                if self.specifications.iter().any(|has| has.local == name) {
                    return wrong(format!("`{name}` comes from another specification in another subgraph"));
                }
                self.specifications.push(Composed {
                    identity: link.identity,
                    element,
                    local: name,
                    graph,
                    link,
                    repeatable,
                    asked_in: vec![graph],
                });
            }
        }
    }

    /// The newest version of a specification defines all of its directives that are carried.
    fn settle_versions(&mut self, context: &mut Context<'a, '_>) {
        let version = |composed: &Composed<'_>| (composed.link.major, composed.link.minor);
        for at in 0..self.specifications.len() {
            let identity = self.specifications[at].identity;
            let same = self.specifications.iter().filter(|other| other.identity == identity);
            let Some(newest) = same.max_by_key(|other| version(other)) else { continue };
            if version(newest) == version(&self.specifications[at]) {
                continue;
            }
            let (graph, link) = (newest.graph, newest.link);
            let composed = &mut self.specifications[at];
            if !context.subgraphs[graph].schema.directives.contains_key(composed.bare()) {
                let message = format!(
                    "`{}` is carried at the version of this subgraph, which does not define its `{}`",
                    link.url, composed.local
                );
                let place = context.place(graph, link.span);
                context.report.error(Code::DirectiveCompositionError, message, place);
            }
            (composed.graph, composed.link) = (graph, link);
        }
    }

    /// Finds what the carried directives are called in the subgraphs that ask for them.
    fn spread(&mut self, context: &mut Context<'a, '_>) {
        for (at, composed) in self.specifications.iter().enumerate() {
            let asking = |(graph, _): &(GraphId, &Subgraph<'a>)| composed.asked_in.contains(graph);
            for (graph, subgraph) in context.subgraphs.iter_with_ids().filter(asking) {
                for &name in subgraph.schema.directives.keys() {
                    let full = format!("@{name}");
                    let Some((link, element)) = origin(subgraph, &full) else { continue };
                    if link.identity == composed.identity && element == composed.element {
                        self.composed.insert((graph, name), at);
                    }
                }
            }
        }
    }

    /// Hints at names and versions that differ where nobody asked for a directive.
    fn compare(&self, context: &mut Context<'a, '_>) {
        let is_composed = |graph: GraphId, identity: &str| {
            self.specifications.iter().any(|c| c.identity == identity && c.asked_in.contains(&graph))
        };
        compare_versions(context, is_composed);
        for composed in &self.specifications {
            let names = (composed.identity, composed.element, composed.local);
            compare_names(context, names, &composed.asked_in);
        }
    }

    /// Writes definitions and links of everything in use.
    pub(crate) fn finish(self, context: &mut Context<'a, '_>, merged: &mut Merged<'a>) {
        for known in KNOWN.iter().filter(|known| self.used.contains(&known.builtin)) {
            let name = self.name(known.builtin);
            merged.features.extend(self.feature(known, name, &merged.features));
            if !known.definition.is_empty() {
                let definition = known.definition.replace("{places}", PLACES);
                merged.directives.insert(name.to_owned(), format!("directive @{name}{definition}"));
            }
            if let Some(scalar) = known.scalar {
                merged.support.insert(scalar.to_owned(), format!("scalar {scalar}"));
            }
            if known.builtin == Builtin::Context {
                let text = "directive @context__fromContext(field: context__ContextFieldValue) on ARGUMENT_DEFINITION";
                merged.directives.insert("context__fromContext".to_owned(), text.to_owned());
            }
        }
        merged.hiding = self.hiding();
        let mut links: IndexMap<&str, Vec<String>> = IndexMap::default();
        for composed in &self.specifications {
            let bare = composed.bare();
            if let Some(definition) = context.subgraphs[composed.graph].schema.directives.get(bare) {
                report_hidden(context, composed.graph, definition);
                merged.directives.insert(bare.to_owned(), directive_definition(definition));
            }
            let import = import(composed.element, bare);
            links.entry(composed.link.url).or_default().push(import);
        }
        for (url, imports) in links {
            merged.features.push(format!("url: {}, import: [{}]", quote(url), imports.join(", ")));
        }
    }

    fn hiding(&self) -> Hiding {
        let name = self.name(Builtin::Inaccessible);
        let known = KNOWN.iter().find(|known| known.builtin == Builtin::Inaccessible);
        let feature = known.and_then(|known| self.feature(known, name, &[]));
        Hiding {
            directive: format!("@{name}"),
            feature: feature.unwrap_or_default(),
            definition: format!("directive @{name} on {PLACES}"),
        }
    }

    fn feature(&self, known: &Known, name: &str, present: &[String]) -> Option<String> {
        match known.builtin {
            Builtin::Cost | Builtin::ListSize => {
                if present.iter().any(|feature| feature.starts_with(known.feature)) {
                    return None;
                }
                let imports: Vec<String> = [Builtin::Cost, Builtin::ListSize]
                    .into_iter()
                    .filter(|builtin| self.used.contains(builtin))
                    .map(|builtin| import(element(builtin), self.name(builtin)))
                    .collect();
                Some(format!("{}, import: [{}]", known.feature, imports.join(", ")))
            }
            _ if name == known.element => Some(known.feature.to_owned()),
            _ => {
                let (url, purpose) = known.feature.split_once(", for").unwrap_or((known.feature, ""));
                let purpose = if purpose.is_empty() { String::new() } else { format!(", for{purpose}") };
                Some(format!("{url}{purpose}, import: [{}]", import(known.element, name)))
            }
        }
    }
}

/// Clients do not see a directive of type systems, so that there is nothing in it to hide from them.
fn report_hidden<'a>(context: &mut Context<'a, '_>, graph: GraphId, definition: &DirectiveDefinition<'a>) {
    for argument in definition.arguments.values() {
        let hidden = argument.applied.iter().find(|applied| applied.is(Builtin::Inaccessible));
        let Some(applied) = hidden else { continue };
        let message = format!(
            "the argument `{}` of `@{}` cannot be `@inaccessible`, since the directive is not for clients",
            argument.name, definition.name
        );
        let place = context.place(graph, applied.span);
        context.report.error(Code::DisallowedInaccessible, message, place);
    }
}

fn import(element: &str, name: &str) -> String {
    if element == name {
        format!("\"@{element}\"")
    } else {
        format!("{{name: \"@{element}\", as: \"@{name}\"}}")
    }
}

fn list<'s>(names: impl Iterator<Item = &'s &'s str>) -> String {
    names.map(|name| format!("`@{name}`")).collect::<Vec<_>>().join(" and ")
}

/// The link that brings in the directive `name` (`@` included), and what the specification calls it, without the `@`.
fn origin<'a>(subgraph: &'a Subgraph<'a>, name: &str) -> Option<(&'a Link<'a>, &'a str)> {
    for link in &subgraph.links {
        if let Some(import) = link.imports.iter().find(|import| import.local == name) {
            return Some((link, import.element.trim_start_matches('@')));
        }
    }
    let bare = name.strip_prefix('@')?;
    for link in &subgraph.links {
        if bare == link.namespace {
            return Some((link, link.name));
        }
        if let Some(element) = bare.strip_prefix(link.namespace).and_then(|rest| rest.strip_prefix("__"))
            && let Some((full, _)) = subgraph.schema.directives.get_key_value(bare)
        {
            return Some((link, &full[full.len() - element.len()..]));
        }
    }
    None
}
