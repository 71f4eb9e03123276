//! Merges subgraph schemas type by type.
//!
//! 1. Gather the definitions of each type and compare their kinds.
//! 2. Merge types, noting where enums are used; merge directive definitions.
//! 3. Merge enums, whose rule depends on their use.
//! 4. Give implementations the fields of interface objects, and interfaces the access rules of implementations.

mod access;
mod applied;
mod argument;
mod composed;
mod connect;
mod description;
mod differing;
mod entity;
mod enums;
mod executable;
mod external;
mod features;
mod field;
mod hierarchy;
mod input;
mod interface_object;
mod kind;
mod known_feature;
mod object;
mod overrides;
mod reference;
mod sharing;
mod union;
mod value;

use std::collections::BTreeMap;

use octavo_index::IndexVec;
use octavo_language::ast::OperationType;

use crate::code::Code;
use crate::emit::{JoinVersion, graph_names};
use crate::maps::{HashMap, IndexMap};
use crate::merged::{Access, Merged, MergedType, Sources};
use crate::model::{GraphId, Kind, Span, Subgraph, TypeDefinition, Version};
use crate::report::{Place, Report, error_at_all};
use features::Features;
use hierarchy::Hierarchy;

/// What merging needs at every step.
pub(crate) struct Context<'a, 'r> {
    pub(crate) subgraphs: &'a IndexVec<GraphId, Subgraph<'a>>,
    pub(crate) report: &'r mut Report,
    pub(crate) by_name: HashMap<&'a str, GraphId>,
    pub(crate) hierarchy: Hierarchy<'a>,
    pub(crate) features: Features<'a>,
    /// Where each enum is used.
    pub(crate) enum_usage: HashMap<&'a str, enums::Usage>,
    pub(crate) types: BTreeMap<&'a str, Sources<'a, TypeDefinition<'a>>>,
    /// Subgraphs as the values of `join__Graph`, by position.
    pub(crate) graph_names: Vec<String>,
    /// The version of the join specification that the supergraph will link.
    pub(crate) join: JoinVersion,
}

impl<'a> Context<'a, '_> {
    pub(crate) fn name(&self, graph: GraphId) -> &'a str {
        self.subgraphs[graph].name
    }

    pub(crate) fn place(&self, graph: GraphId, span: Span) -> Place<'a> {
        Place { subgraph: self.name(graph), span }
    }
}

/// Merges all subgraphs.
pub(crate) fn merge<'a>(subgraphs: &'a IndexVec<GraphId, Subgraph<'a>>, report: &mut Report) -> Merged<'a> {
    let mut context = Context {
        subgraphs,
        report,
        by_name: subgraphs.iter_with_ids().map(|(id, subgraph)| (subgraph.name, id)).collect(),
        hierarchy: Hierarchy::of(subgraphs),
        features: Features::default(),
        enum_usage: HashMap::default(),
        types: gather(subgraphs),
        graph_names: graph_names(subgraphs),
        join: JoinVersion::of(subgraphs),
    };
    context.features = Features::collect(&mut context);
    report_upgrades(&mut context);
    require_query(&mut context);
    let mut merged = of_schema(&mut context);
    let kinds = kind::compare(&mut context);
    let mut waiting = Vec::new();
    for (name, kind) in kinds {
        if kind == Kind::Enum {
            waiting.push(name);
        } else if let Some(ty) = merge_type(&mut context, name, kind) {
            merged.types.insert(name, ty);
        }
    }
    note_composed_inputs(&mut context);
    executable::merge(&mut context, &mut merged);
    for name in waiting {
        if let Some(ty) = merge_type(&mut context, name, Kind::Enum) {
            merged.types.insert(name, ty);
        }
    }
    interface_object::complete_implementations(&mut context, &mut merged);
    access::settle(&mut context, &mut merged);
    let features = std::mem::take(&mut context.features);
    features.finish(&mut context, &mut merged);
    connect::link(&context, &mut merged);
    merged
}

/// What stands on the schema itself.
fn of_schema<'a>(context: &mut Context<'a, '_>) -> Merged<'a> {
    let subgraphs = context.subgraphs;
    let described = subgraphs.iter_with_ids().filter_map(|(graph, subgraph)| {
        let (text, span) = subgraph.schema.description?;
        Some((graph, Some(text), span))
    });
    let description = description::merge(context, &"the schema", described);
    let lists = subgraphs.iter_with_ids().map(|(graph, subgraph)| (graph, &subgraph.schema.applied[..]));
    let applied = applied::merge(context, &"the schema", &lists.collect::<Vec<_>>());
    Merged { roots: roots(subgraphs), description, applied, ..Merged::default() }
}

/// Enums of the arguments of composed directives are written as clients write them.
fn note_composed_inputs(context: &mut Context<'_, '_>) {
    let definitions: Vec<_> = context.features.composed_definitions(context.subgraphs).collect();
    for argument in definitions.iter().flat_map(|definition| definition.arguments.values()) {
        context.enum_usage.entry(argument.ty.name).or_default().input = true;
    }
}

fn gather<'a>(
    subgraphs: &'a IndexVec<GraphId, Subgraph<'a>>,
) -> BTreeMap<&'a str, Sources<'a, TypeDefinition<'a>>> {
    let mut types: BTreeMap<&str, Sources<TypeDefinition>> = BTreeMap::new();
    for (graph, subgraph) in subgraphs.iter_with_ids() {
        for ty in subgraph.schema.types.values() {
            types.entry(ty.name).or_default().push((graph, ty));
        }
    }
    types
}

fn roots<'a>(subgraphs: &'a IndexVec<GraphId, Subgraph<'a>>) -> Vec<(OperationType, &'a str)> {
    let mut roots: Vec<(OperationType, &str)> = Vec::new();
    for wanted in [OperationType::Query, OperationType::Mutation, OperationType::Subscription] {
        let mut all = subgraphs.iter().flat_map(|subgraph| &subgraph.schema.roots);
        if let Some(&root) = all.find(|(operation, _)| *operation == wanted) {
            roots.push(root);
        }
    }
    roots
}

/// Who links a specification of a newer federation is taken to be written for that.
fn report_upgrades(context: &mut Context<'_, '_>) {
    for (graph, subgraph) in context.subgraphs.iter_with_ids() {
        let (Version::Two(minor), Some(link)) = subgraph.needed_version() else { continue };
        let message = format!(
            "`{}` belongs to Federation 2.{minor}, which the subgraph is taken to be written for",
            link.url
        );
        let place = context.place(graph, link.span);
        context.report.hint(Code::ImplicitlyUpgradedFederationVersion, message, place);
    }
}

fn require_query(context: &mut Context<'_, '_>) {
    let fields =
        context.types.get("Query").into_iter().flatten().map(|(_, ty)| ty.fields.len()).sum::<usize>();
    if fields > 0 {
        return;
    }
    let places = context.subgraphs.iter_with_ids().map(|(graph, subgraph)| {
        let types = &subgraph.schema.types;
        let (ty, text) = match types.get("Query") {
            Some(query) => (Some(query), "it has no field here"),
            None => (types.values().next(), "no `Query` in this subgraph"),
        };
        (context.place(graph, ty.map_or_else(Span::default, |ty| ty.span)), text.to_owned())
    });
    let message = "no subgraph has a query; at least one must define a field of `Query`".to_owned();
    let error = error_at_all(Code::NoQueries, message, places);
    context.report.push(error);
}

fn merge_type<'a>(context: &mut Context<'a, '_>, name: &'a str, kind: Kind) -> Option<MergedType<'a>> {
    let sources = context.types.get(name)?.clone();
    report_extensions_alone(context, name, &sources);
    let what = format_args!("the {} `{name}`", kind.describe());
    let descriptions = sources.iter().map(|(graph, ty)| (*graph, ty.description, ty.span));
    let mut merged = MergedType {
        name,
        kind,
        description: description::merge(context, &what, descriptions),
        joins: object::joins(context, name, &sources),
        implements: Vec::new(),
        fields: IndexMap::default(),
        members: IndexMap::default(),
        values: IndexMap::default(),
        applied: Vec::new(),
        access: Access::default(),
        sources,
    };
    let applied: Vec<_> = merged.sources.iter().map(|(graph, ty)| (*graph, &ty.applied[..])).collect();
    merged.applied = applied::merge(context, &what, &applied);
    match kind {
        Kind::Scalar => {}
        Kind::Object | Kind::Interface => {
            object::merge_fields(context, &mut merged);
            entity::compare(context, &merged);
        }
        Kind::Union => union::merge_members(context, &mut merged),
        Kind::Enum => enums::merge_values(context, &mut merged),
        Kind::Input => input::merge_fields(context, &mut merged),
    }
    Some(merged)
}

/// Some subgraph must define what others extend.
fn report_extensions_alone<'a>(
    context: &mut Context<'a, '_>,
    name: &str,
    sources: &Sources<'a, TypeDefinition<'a>>,
) {
    let is_root = matches!(name, "Query" | "Mutation" | "Subscription");
    if is_root || sources.iter().any(|(_, ty)| ty.defined) {
        return;
    }
    for &(graph, ty) in sources {
        let message = format!("`{name}` is only extended; no subgraph defines it");
        let place = context.place(graph, ty.span);
        context.report.error(Code::ExtensionWithNoBase, message, place);
    }
}
