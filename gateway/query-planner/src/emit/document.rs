//! The text of a request: an operation that asks the fields of its nodes.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;

use octavo_index::{IdMap, NameId};
use octavo_operation::{Literal, When};
use octavo_supergraph::{TypeId, TypeRef};

use super::contexts::Written;
use crate::planner::Planner;
use crate::state::{FetchState, NodeField, NodeId, SlotIndex, Source};

/// The response key of each field of each node.
pub(crate) struct Names {
    keys: IdMap<(NodeId, usize), Box<str>>,
}

impl Names {
    /// Gives every field its name as key; a number is added where two slots, or two types of one field, would meet under one key
    /// (<https://spec.graphql.org/draft/#FieldsInSetCanMerge()>).
    pub(crate) fn new(planner: &Planner<'_>) -> Self {
        let mut keys = IdMap::default();
        for (id, node) in planner.nodes.iter_with_ids() {
            let mut known: IdMap<(NameId, SlotIndex, &TypeRef), Box<str>> = IdMap::default();
            let mut taken: HashSet<Box<str>> = HashSet::new();
            let mut numbers: IdMap<NameId, usize> = IdMap::default();
            for (index, field) in node.fields.iter().enumerate() {
                let definition = planner.supergraph.field(field.field);
                let access = planner.graph.access(node.subgraph, field.field);
                let ty = access.and_then(|a| a.ty()).unwrap_or(&definition.ty);
                let meaning = (definition.name, field.slot, ty);
                let key = known.entry(meaning).or_insert_with(|| {
                    let name = planner.supergraph.name(definition.name);
                    let number = numbers.entry(definition.name).or_insert(0);
                    let mut key: Box<str> = name.into();
                    while !taken.insert(key.clone()) {
                        *number += 1;
                        key = format!("{name}_{number}").into();
                    }
                    key
                });
                keys.insert((id, index), key.clone());
            }
        }
        Self { keys }
    }

    /// The response key of a node's field.
    pub(crate) fn key(&self, node: NodeId, index: usize) -> &str {
        &self.keys[&(node, index)]
    }
}

/// What holds around a selection set.
struct Around<'w> {
    /// What the request is sent under.
    hoisted: &'w When,
    /// When the client wants the objects, which may be there for others whatever its conditions.
    client: When,
}

impl Around<'_> {
    /// When a field is asked: what is for the client alone, when it wants what is around it too.
    fn narrowed(&self, field: &NodeField) -> When {
        if is_for_others(field) || self.client.is_always() {
            return field.when.clone();
        }
        let narrowed = field.when.and(&self.client);
        // A selection set needs a field, even if nobody wants any.
        if narrowed.is_never() { field.when.clone() } else { narrowed }
    }
}

/// Whether a field is asked for whatever the client's conditions: a representation needs it, or it leads there always.
fn is_for_others(field: &NodeField) -> bool {
    field.hidden && field.when.is_always()
}

/// A document in the making.
pub(crate) struct Document<'p, 'g> {
    planner: &'p Planner<'g>,
    names: &'p Names,
    pub(crate) text: String,
    pub(crate) variables: BTreeSet<NameId>,
    /// The node that is asked directly of entities, and its fields' arguments from contexts.
    contexts: Option<(NodeId, Vec<Written>)>,
    /// The ends of variables' names of which each copy of an `_entities` field has its own.
    marks: Vec<usize>,
}

impl<'p, 'g> Document<'p, 'g> {
    pub(crate) fn new(planner: &'p Planner<'g>, names: &'p Names) -> Self {
        let (text, variables) = (String::new(), BTreeSet::new());
        Self { planner, names, text, variables, contexts: None, marks: Vec::new() }
    }

    /// Writes the selection set of a request. Fields under `hoisted` are written without it: the request is not sent unless it holds.
    pub(crate) fn whole(&mut self, fetch: &FetchState<'_>, hoisted: &When) {
        let client = self.planner.wanted(self.planner.asked_at(fetch));
        self.selection_set(fetch.root, &Around { hoisted, client });
    }

    /// Writes an `_entities` field, and gives it in parts: between them stand the ends of the names of its own variables.
    pub(crate) fn entities(
        &mut self,
        fetch: &FetchState<'_>,
        hoisted: &When,
        (representations, written): (&str, Vec<Written>),
    ) -> Vec<Box<str>> {
        let mut start = self.text.len();
        let _ = write!(self.text, "_entities(representations: ${representations}");
        self.marks.push(self.text.len());
        self.text.push_str(") ");
        self.contexts = Some((fetch.root, written));
        self.whole(fetch, hoisted);
        let mut parts = Vec::new();
        for end in std::mem::take(&mut self.marks) {
            parts.push(self.text[start..end].into());
            start = end;
        }
        parts.push(self.text[start..].into());
        parts
    }

    fn selection_set(&mut self, id: NodeId, around: &Around<'_>) {
        let planner = self.planner;
        let node = &planner.nodes[id];
        self.text.push('{');
        if node.fields.is_empty() || planner.tells_type(id) {
            self.text.push_str("__typename");
        }
        let mut by_type: IdMap<TypeId, Vec<usize>> = IdMap::default();
        for (index, field) in node.fields.iter().enumerate() {
            by_type.entry(field.on).or_default().push(index);
        }
        for field in &node.fields {
            let Some(fields) = by_type.remove(&field.on) else { continue };
            let plain = node.ty == Some(field.on);
            if !plain {
                self.separate();
                let _ = write!(self.text, "... on {} {{", planner.supergraph.type_name(field.on));
            }
            self.fields_on(id, &fields, around);
            if !plain {
                self.text.push('}');
            }
        }
        self.text.push('}');
    }

    fn separate(&mut self) {
        if !self.text.ends_with(['{', ' ']) {
            self.text.push(' ');
        }
    }

    fn fields_on(&mut self, node: NodeId, fields: &[usize], around: &Around<'_>) {
        let planner = self.planner;
        for &index in fields {
            let field = &planner.nodes[node].fields[index];
            let when = around.narrowed(field);
            let below = self.client_below(node, field, around);
            if when.is_always() || when == *around.hoisted {
                self.field((node, index), &[], &below);
                continue;
            }
            for all in when.alternatives() {
                self.conditional((node, index), all, &below);
            }
        }
    }

    /// When the client wants what is below a field: always, if it is asked under the client's own condition.
    fn client_below(&self, node: NodeId, field: &NodeField, around: &Around<'_>) -> When {
        if field.child.is_none() || !is_for_others(field) {
            return When::always();
        }
        let position = self.planner.nodes[node].position;
        self.planner.wanted_in(position, field.slot, around.client.clone())
    }

    /// A field under all of several literals. A directive stands once on a field, so further ones wrap it.
    fn conditional(&mut self, place: (NodeId, usize), all: &[Literal], below: &When) {
        let mut own: Vec<Literal> = Vec::new();
        let mut around = 0;
        for literal in all {
            if own.iter().any(|l| l.value == literal.value) {
                self.separate();
                self.text.push_str("... ");
                self.directive(*literal);
                self.text.push_str(" {");
                around += 1;
            } else {
                own.push(*literal);
            }
        }
        self.field(place, &own, below);
        for _ in 0..around {
            self.text.push('}');
        }
    }

    fn directive(&mut self, literal: Literal) {
        self.variables.insert(literal.variable);
        let name = if literal.value { "include" } else { "skip" };
        let _ = write!(self.text, "@{name}(if: ${})", self.planner.operation.text(literal.variable));
    }

    fn field(&mut self, (node, index): (NodeId, usize), directives: &[Literal], below: &When) {
        let planner = self.planner;
        let field = &planner.nodes[node].fields[index];
        self.separate();
        let name = planner.supergraph.name(planner.supergraph.field(field.field).name);
        let key = self.names.key(node, index);
        if key != name {
            let _ = write!(self.text, "{key}: ");
        }
        self.text.push_str(name);
        self.arguments(node, field);
        for literal in directives {
            self.text.push(' ');
            self.directive(*literal);
        }
        if let Some(child) = field.child {
            self.text.push(' ');
            self.selection_set(child, &Around { hoisted: &When::always(), client: below.clone() });
        }
    }

    /// Writes a field's arguments: the client's, and those from contexts.
    fn arguments(&mut self, node: NodeId, field: &NodeField) {
        let planner = self.planner;
        let position = planner.nodes[node].position;
        let mut open = "(";
        if let Some(arguments) = planner.positions[position].slots[field.slot].key.arguments {
            let _ = write!(self.text, "({}", planner.texts.resolve(arguments));
            open = ", ";
            let variables = planner.argument_variables.get(&arguments);
            self.variables.extend(variables.into_iter().flatten());
        }
        let contexts = self.contexts.iter().filter(|(root, _)| *root == node).flat_map(|(_, all)| all);
        for argument in contexts.filter(|argument| argument.field == field.field) {
            let name = planner.supergraph.name(argument.name);
            let _ = write!(self.text, "{open}{name}: ${}", argument.variable);
            self.marks.push(self.text.len());
            open = ", ";
        }
        if open == ", " {
            self.text.push(')');
        }
    }
}

impl Planner<'_> {
    /// Whether `__typename` is asked: where the response has several types, the subgraph knows which, and it is not known yet.
    pub(crate) fn tells_type(&self, id: NodeId) -> bool {
        let node = &self.nodes[id];
        let position = &self.positions[node.position];
        let as_object = |source: &Source<'_>| self.graph.is_interface_object(source.subgraph, source.ty);
        if !self.supergraph.ty(position.ty).kind.is_abstract() {
            return false;
        }
        let mut sources = position.sources.iter();
        let unknown = node.ty.is_some() || sources.any(as_object);
        // Objects of a root type were picked from those whose types are known.
        let picked = |source: &Source<'_>| source.types.is_some() && node.ty.is_some();
        let told = |source: &Source<'_>| source.node == id && !as_object(source) && !picked(source);
        let known_here = position.sources.iter().any(told);
        unknown && known_here
    }
}
