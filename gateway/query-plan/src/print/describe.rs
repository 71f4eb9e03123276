//! A plan as conventional nodes: ids replaced by names and paths.

use octavo_index::Id as _;

use super::node;
use crate::{
    ConditionId, ContextArgument, ContextSource, Count, Deferred, EntityGroup, Fetch, FetchContent, FetchId,
    OperationKind, OutputValue, PathStep, PlanNode, QueryPlan, Representation, RepresentationField,
    RepresentationValue, Shape, ShapeId, SlotId, StreamedList, TypeSet, ValueType,
};

const TYPENAME: &str = "__typename";

pub(super) fn plan(plan: &QueryPlan) -> node::Plan {
    let first = match &plan.node {
        Some(node) if plan.kind == OperationKind::Subscription => Some(subscription(plan, node)),
        node => node.as_ref().map(|node| describe(plan, node)),
    };
    if plan.deferred.is_empty() {
        return node::Plan { node: first };
    }
    let primary = node::Primary { node: first.map(Box::new) };
    let deferred = plan.deferred.iter().map(|part| deferred(plan, part)).collect();
    node::Plan { node: Some(node::Node::Defer(node::Defer { primary, deferred })) }
}

/// The first request is followed, the others are sent for each event.
fn subscription(plan: &QueryPlan, node: &PlanNode) -> node::Node {
    let (primary, rest) = match node {
        PlanNode::Sequence(nodes) => match nodes.as_slice() {
            [first, second] => (first, Some(describe(plan, second))),
            [first, rest @ ..] => (first, Some(describe(plan, &PlanNode::Sequence(rest.to_vec())))),
            [] => (node, None),
        },
        node => (node, None),
    };
    let (primary, rest) = (Box::new(describe(plan, primary)), rest.map(Box::new));
    node::Node::Subscription(node::Subscription { primary, rest })
}

fn deferred(plan: &QueryPlan, part: &Deferred) -> node::Deferred {
    let depends = part.parent.map(|parent| node::Depends { id: parent.index().to_string() });
    let mut path = part.shapes.first().and_then(|shape| path_to(plan, plan.root, *shape)).unwrap_or_default();
    if let (Some(list), Some(shape)) = (&part.list, part.shapes.first()) {
        path.extend(list.slots.first().map(|slot| response_key(&plan.shapes[*shape], *slot)));
    }
    let count = |list: &StreamedList| match &list.first {
        Count::Of(count) => count.to_string(),
        Count::Variable(name) => format!("${name}"),
    };
    node::Deferred {
        depends: depends.into_iter().collect(),
        label: part.label.as_deref().map(str::to_owned),
        when: part.when.map(|when| {
            let all = plan.conditions[when].alternatives.iter();
            all.map(|all| conjunction(all)).collect::<Vec<_>>().join(" || ")
        }),
        query_path: path,
        initial_count: part.list.as_ref().map(count),
        node: part.node.as_ref().map(|node| Box::new(describe(plan, node))),
    }
}

/// The response keys that lead to a shape, `@` for each list.
fn path_to(plan: &QueryPlan, from: ShapeId, to: ShapeId) -> Option<Vec<String>> {
    if from == to {
        return Some(Vec::new());
    }
    let shape = &plan.shapes[from];
    shape.outputs.iter().find_map(|output| {
        let OutputValue::Slot(slot) = output.value else { return None };
        let value = &shape.slots[slot].value;
        let mut rest = path_to(plan, value.shape()?, to)?;
        let lists = std::iter::repeat_n("@".to_owned(), list_depth(value));
        rest.splice(0..0, std::iter::once(output.key.to_string()).chain(lists));
        Some(rest)
    })
}

fn describe(plan: &QueryPlan, node: &PlanNode) -> node::Node {
    let all = |nodes: &[PlanNode]| node::Several { nodes: nodes.iter().map(|n| describe(plan, n)).collect() };
    match node {
        PlanNode::Fetch(id) => fetch(plan, *id),
        PlanNode::Sequence(nodes) => node::Node::Sequence(all(nodes)),
        PlanNode::Parallel(nodes) => node::Node::Parallel(all(nodes)),
        PlanNode::Condition { when, node } => condition(plan, *when, describe(plan, node)),
        PlanNode::Introspection(fields) => node::Node::Introspection(node::Introspection {
            fields: fields.iter().map(|field| field.key.to_string()).collect(),
        }),
    }
}

fn fetch(plan: &QueryPlan, id: FetchId) -> node::Node {
    let fetch = &plan.fetches[id];
    let request = request(plan, fetch);
    match &fetch.content {
        FetchContent::Root(root) => {
            let fetch = node::Node::Fetch(node::Fetch { request, requires: None, entities: None });
            let (mut path, shape) = follow(plan, &root.path);
            let Some(last) = path.last_mut() else { return fetch };
            narrow(last, &plan.shapes[shape], &root.types);
            node::Node::Flatten(node::Flatten { path, node: Box::new(fetch) })
        }
        FetchContent::Entities(groups) => match groups.as_slice() {
            [group] => {
                let (path, shape) = follow(plan, &group.path);
                let requires = Some(requires(plan, shape, group));
                let entities = Some(group.key.to_string());
                let fetch = node::Node::Fetch(node::Fetch { request, requires, entities });
                node::Node::Flatten(node::Flatten { path, node: Box::new(fetch) })
            }
            groups => {
                let aliases = groups.iter().map(|group| alias(plan, group)).collect();
                node::Node::BatchFetch(node::BatchFetch {
                    request,
                    entity_batch: node::EntityBatch { aliases },
                })
            }
        },
    }
}

fn request(plan: &QueryPlan, fetch: &Fetch) -> node::Request {
    node::Request {
        service_name: fetch.subgraph.to_string(),
        variable_usages: fetch.variables.iter().map(ToString::to_string).collect(),
        operation_kind: match fetch.kind {
            OperationKind::Query => "query",
            OperationKind::Mutation => "mutation",
            OperationKind::Subscription => "subscription",
        },
        operation_name: fetch.operation_name.as_deref().map(str::to_owned),
        operation: fetch.document.to_string(),
        context_rewrites: fetch.groups().iter().flat_map(|group| context_rewrites(plan, group)).collect(),
    }
}

fn context_rewrites(plan: &QueryPlan, group: &EntityGroup) -> Vec<node::ContextRewrite> {
    let rewrite = |argument: &ContextArgument, source: &ContextSource| {
        let (_, shape) = follow(plan, &group.path[..source.depth]);
        let mut path = vec!["..".to_owned(); group.path.len() - source.depth];
        path.push(format!("... on {}", type_names(&plan.shapes[shape], &source.types).join("|")));
        let mut fields = &source.fields;
        while let Some(field) = fields.iter().find(|field| field.key.as_ref() != TYPENAME) {
            path.push(field.key.to_string());
            let RepresentationValue::Slot { fields: below, .. } = &field.value else { break };
            fields = below;
        }
        node::ContextRewrite { path, rename_key_to: argument.variable.to_string() }
    };
    let pairs =
        group.contexts.iter().flat_map(|argument| argument.sources.iter().map(move |s| (argument, s)));
    pairs.map(|(argument, source)| rewrite(argument, source)).collect()
}

fn alias(plan: &QueryPlan, group: &EntityGroup) -> node::BatchAlias {
    let (path, shape) = follow(plan, &group.path);
    node::BatchAlias {
        alias: group.key.to_string(),
        representations_variable_name: group.variable.to_string(),
        paths: vec![path],
        requires: requires(plan, shape, group),
    }
}

/// One variable nests as `if` or `else`; conjunctions nest; alternatives become an expression.
fn condition(plan: &QueryPlan, when: ConditionId, node: node::Node) -> node::Node {
    let alternatives = plan.conditions[when].alternatives.as_slice();
    let [literals] = alternatives else {
        let joined: Vec<_> = alternatives.iter().map(|all| conjunction(all)).collect();
        let (variables, if_clause) = (joined.join(" || "), Some(Box::new(node)));
        return node::Node::Condition(node::Condition { variables, if_clause, else_clause: None });
    };
    literals.iter().rfold(node, |node, literal| {
        let clause = Some(Box::new(node));
        let (if_clause, else_clause) = if literal.value { (clause, None) } else { (None, clause) };
        let variables = literal.variable.to_string();
        node::Node::Condition(node::Condition { variables, if_clause, else_clause })
    })
}

fn conjunction(literals: &[crate::Literal]) -> String {
    let one = |l: &crate::Literal| format!("{}{}", if l.value { "" } else { "!" }, l.variable);
    literals.iter().map(one).collect::<Vec<_>>().join(" && ")
}

/// The path in response keys, `@` for each list, and the shape at its end.
pub(super) fn follow(plan: &QueryPlan, steps: &[PathStep]) -> (Vec<String>, ShapeId) {
    let mut path: Vec<String> = Vec::new();
    let mut at = plan.root;
    for step in steps {
        let shape = &plan.shapes[at];
        if let Some(last) = path.last_mut() {
            narrow(last, shape, &step.types);
        }
        path.push(response_key(shape, step.slot));
        let value = &shape.slots[step.slot].value;
        path.extend(std::iter::repeat_n("@".to_owned(), list_depth(value)));
        at = value.shape().unwrap_or(at);
    }
    (path, at)
}

/// Adds the types of objects to a step of a path, if they are not all.
fn narrow(step: &mut String, shape: &Shape, types: &TypeSet) {
    if matches!(types, TypeSet::Only(_)) {
        *step = format!("{step}|[{}]", type_names(shape, types).join("|"));
    }
}

pub(super) fn response_key(shape: &Shape, slot: SlotId) -> String {
    let written = shape.outputs.iter().find(|output| output.value == OutputValue::Slot(slot));
    written.map_or(&shape.slots[slot].field, |output| &output.key).to_string()
}

pub(super) fn list_depth(value: &ValueType) -> usize {
    match value {
        ValueType::List { item, .. } => 1 + list_depth(item),
        ValueType::Leaf { .. } | ValueType::Object { .. } => 0,
    }
}

fn type_names(shape: &Shape, types: &TypeSet) -> Vec<String> {
    let name = |(_, concrete): (_, &crate::ConcreteType)| concrete.name.to_string();
    shape.types.iter_with_ids().filter(|(index, _)| types.contains(Some(*index))).map(name).collect()
}

fn requires(plan: &QueryPlan, shape: ShapeId, group: &EntityGroup) -> Vec<node::Selection> {
    group.representations.iter().flat_map(|one| fragments(plan, shape, one)).collect()
}

/// One inline fragment for each type name that the representation is sent under.
fn fragments(plan: &QueryPlan, shape: ShapeId, one: &Representation) -> Vec<node::Selection> {
    let names = match &one.typename {
        Some(name) => vec![name.to_string()],
        None => type_names(&plan.shapes[shape], &one.types),
    };
    let fragment = |type_condition| {
        let mut selections = vec![leaf(TYPENAME)];
        let fields = one.fields.iter().filter(|field| &*field.key != TYPENAME);
        selections.extend(fields.map(represented));
        node::Selection::InlineFragment { type_condition, selections }
    };
    names.into_iter().map(fragment).collect()
}

fn represented(field: &RepresentationField) -> node::Selection {
    let selections = match &field.value {
        RepresentationValue::Typename => Vec::new(),
        RepresentationValue::Slot { fields, .. } => fields.iter().map(represented).collect(),
    };
    node::Selection::Field { name: field.key.to_string(), selections }
}

fn leaf(name: &str) -> node::Selection {
    node::Selection::Field { name: name.to_owned(), selections: Vec::new() }
}
