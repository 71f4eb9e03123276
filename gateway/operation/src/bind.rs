//! From a valid document to the normalised operation.
//!
//! One selection set at a time: (1) the fields of all selections that meet at a position are collected through their fragments
//! into groups, one for each response key and set of types; (2) each group becomes an item, and the selections of its
//! occurrences meet at the position below.

use std::collections::HashMap;

use octavo_index::{IndexVec, Interner, NameId};
use octavo_language::{Node, ValidDocument, ast, executable};
use octavo_supergraph::{FieldId, RootKind, Supergraph, TypeId, canonical_arguments};

use crate::condition::{Literal, When};
use crate::defer::{DeferId, Defers, Here};
use crate::model::{
    Arguments, ArgumentsId, Item, ItemField, Operation, Place, SelectionSet, SetId, Variable,
};
use crate::types::{Types, listed, narrow};

/// Fields that an operation may have once its fragments are written out.
const MOST_FIELDS: usize = 100_000;
/// Different combinations of `@skip` and `@include` under which one field is asked.
const MOST_CONDITIONS: usize = 64;
/// Fragments that `@defer`, and lists that `@stream` stands on.
const MOST_PARTS: usize = 100;
/// Positions inside positions.
const MOST_LEVELS: usize = 256;

/// Why a valid operation cannot be bound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// Its fragments write out to too much.
    #[error("the operation asks for more than {MOST_FIELDS} fields once its fragments are written out")]
    TooManyFields,
    /// It nests too deep.
    #[error("the operation nests deeper than {MOST_LEVELS} levels once its fragments are written out")]
    TooDeep,
    /// It is to be answered in too many parts.
    #[error("the operation has more than {MOST_PARTS} parts that `@defer` and `@stream` make")]
    TooManyParts,
    /// One of its fields is asked under too many conditions.
    #[error("the operation asks one field under more than {MOST_CONDITIONS} combinations of conditions")]
    TooManyConditions,
    /// The client schema and the supergraph do not fit each other.
    #[error("`{0}` is not in the supergraph")]
    Unknown(String),
}

impl Operation {
    /// Binds one operation of `document` to `supergraph`, to be answered as a whole. The document must have been validated
    /// against the supergraph's own client schema.
    pub fn bind(
        supergraph: &Supergraph,
        document: &ValidDocument,
        operation: &executable::Operation,
    ) -> Result<Self, BindError> {
        Self::bound(Binder::new(supergraph, document.executable()), operation)
    }

    /// The same, to be answered in the parts that `@defer` makes
    /// (<https://github.com/graphql/defer-stream-wg>).
    pub fn bind_incremental(
        supergraph: &Supergraph,
        document: &ValidDocument,
        operation: &executable::Operation,
    ) -> Result<Self, BindError> {
        let binder = Binder::new(supergraph, document.executable());
        Self::bound(Binder { incremental: true, ..binder }, operation)
    }

    fn bound<'d>(
        mut binder: Binder<'_, 'd>,
        operation: &'d executable::Operation,
    ) -> Result<Self, BindError> {
        let supergraph = binder.supergraph;
        let kind = match operation.operation_type {
            ast::OperationType::Query => RootKind::Query,
            ast::OperationType::Mutation => RootKind::Mutation,
            ast::OperationType::Subscription => RootKind::Subscription,
        };
        let root_type = supergraph.root(kind).ok_or_else(|| BindError::Unknown(format!("{kind:?}")))?;
        let variables = operation.variables.iter().map(|v| binder.variable(v)).collect();
        let source = Source {
            selections: &operation.selection_set,
            on: root_type,
            types: None,
            when: When::always(),
            defer: None,
            inside: None,
        };
        let root = binder.set(root_type, vec![source], 0)?;
        let name = operation.name.as_ref().map(|name| binder.texts.intern(name));
        Ok(Self {
            kind,
            name,
            root,
            sets: binder.sets,
            arguments: binder.arguments,
            variables,
            deferred: binder.defers.finish(),
            texts: binder.texts,
        })
    }
}

/// Selections that meet others at a position.
pub(crate) struct Source<'d> {
    pub(crate) selections: &'d executable::SelectionSet,
    pub(crate) on: TypeId,
    pub(crate) types: Types,
    pub(crate) when: When,
    /// The part that its fields come with, unless they stand in one inside it.
    pub(crate) defer: Option<DeferId>,
    /// The part that those are inside of.
    pub(crate) inside: Option<DeferId>,
}

/// Fields of one response key for one set of types.
#[derive(Clone)]
struct Group<'d> {
    key: NameId,
    field: ItemField,
    arguments: Option<ArgumentsId>,
    types: Types,
    occurrences: Vec<Occurrence<'d>>,
}

/// One use of a field in the document.
#[derive(Clone)]
pub(crate) struct Occurrence<'d> {
    pub(crate) field: &'d executable::Field,
    /// Grows from one use to the next.
    pub(crate) number: usize,
    pub(crate) when: When,
    pub(crate) defer: Option<DeferId>,
    pub(crate) inside: Option<DeferId>,
    /// The field's type where it is used; an interface's field and an object's may differ.
    pub(crate) ty: Option<TypeId>,
}

pub(crate) struct Binder<'s, 'd> {
    pub(crate) supergraph: &'s Supergraph,
    pub(crate) document: &'d executable::ExecutableDocument,
    pub(crate) sets: IndexVec<SetId, SelectionSet>,
    pub(crate) arguments: IndexVec<ArgumentsId, Arguments>,
    pub(crate) arguments_by_value: HashMap<Arguments, ArgumentsId>,
    pub(crate) texts: Interner,
    pub(crate) fields: usize,
    /// Whether `@defer` means something.
    pub(crate) incremental: bool,
    pub(crate) defers: Defers,
}

impl<'s, 'd> Binder<'s, 'd> {
    fn new(supergraph: &'s Supergraph, document: &'d executable::ExecutableDocument) -> Self {
        Self {
            supergraph,
            document,
            sets: IndexVec::new(),
            arguments: IndexVec::new(),
            arguments_by_value: HashMap::new(),
            texts: Interner::default(),
            fields: 0,
            incremental: false,
            defers: Defers::default(),
        }
    }

    fn variable(&mut self, variable: &ast::VariableDefinition) -> Variable {
        Variable {
            name: self.texts.intern(&variable.name),
            ty: self.texts.intern(&variable.ty.to_string()),
            default: variable
                .default_value
                .as_ref()
                .map(|v| self.texts.intern(&v.serialize().no_indent().to_string())),
        }
    }

    fn set(&mut self, parent: TypeId, sources: Vec<Source<'d>>, level: usize) -> Result<SetId, BindError> {
        if level > MOST_LEVELS {
            return Err(BindError::TooDeep);
        }
        let mut groups = Vec::new();
        let mut here = Here::default();
        for source in sources {
            self.collect(parent, &source, (&mut groups, &mut here), level)?;
        }
        let places = places(&groups);
        let mut items = Vec::with_capacity(groups.len());
        for group in groups {
            items.push(self.item(group, &mut here, level)?);
        }
        if self.defers.count() > MOST_PARTS {
            return Err(BindError::TooManyParts);
        }
        let id = self.sets.push(SelectionSet { parent, items, places });
        self.defers.settle(&here, id);
        Ok(id)
    }

    fn collect(
        &mut self,
        parent: TypeId,
        source: &Source<'d>,
        (groups, here): (&mut Vec<Group<'d>>, &mut Here),
        level: usize,
    ) -> Result<(), BindError> {
        if level > MOST_LEVELS * 4 {
            return Err(BindError::TooDeep);
        }
        for selection in &source.selections.selections {
            let when = source.when.and(&self.when(selection.directives()));
            self.fields += 1;
            if self.fields > MOST_FIELDS {
                return Err(BindError::TooManyFields);
            }
            if when.is_never() {
                continue;
            }
            let (selections, condition) = match selection {
                executable::Selection::Field(field) => {
                    let group = self.group(source, field, when)?;
                    add_group(self.supergraph, parent, groups, group);
                    continue;
                }
                executable::Selection::InlineFragment(fragment) => {
                    (&fragment.selection_set, fragment.type_condition.as_ref())
                }
                executable::Selection::FragmentSpread(spread) => {
                    let Some(fragment) = spread.fragment_def(self.document) else { continue };
                    (&fragment.selection_set, Some(fragment.type_condition()))
                }
            };
            let on = match condition {
                Some(name) => self.type_named(name)?,
                None => source.on,
            };
            let types = narrow(self.supergraph, parent, &source.types, on);
            if types.as_deref().is_some_and(<[_]>::is_empty) {
                continue;
            }
            let (defer, inside) = self.part(source, selection.directives(), here);
            let inner = Source { selections, on, types, when, defer, inside };
            self.collect(parent, &inner, (groups, here), level + 1)?;
        }
        Ok(())
    }

    fn group(
        &mut self,
        source: &Source<'d>,
        field: &'d executable::Field,
        when: When,
    ) -> Result<Group<'d>, BindError> {
        let bound = match field.name.as_str() {
            "__typename" => ItemField::Typename,
            "__schema" | "__type" => ItemField::Introspection,
            name => {
                let id = self.supergraph.field_named(source.on, name).ok_or_else(|| {
                    BindError::Unknown(format!("{}.{name}", self.supergraph.type_name(source.on)))
                })?;
                ItemField::Field(id)
            }
        };
        let arguments = match bound {
            ItemField::Field(_) => self.arguments(&field.arguments),
            _ => None,
        };
        let key = self.texts.intern(field.response_key());
        let ty = match bound {
            ItemField::Field(id) => Some(self.supergraph.field(id).ty.named()),
            _ => None,
        };
        let number = self.fields;
        let (defer, inside) = (source.defer, source.inside);
        let occurrences = vec![Occurrence { field, number, when, defer, inside, ty }];
        Ok(Group { key, field: bound, arguments, types: source.types.clone(), occurrences })
    }

    fn item(&mut self, group: Group<'d>, here: &mut Here, level: usize) -> Result<Item, BindError> {
        let mut when = When::never();
        for occurrence in &group.occurrences {
            when = when.exactly_or(&occurrence.when);
            if when.alternatives().len() > MOST_CONDITIONS {
                return Err(BindError::TooManyConditions);
            }
        }
        let mut defer = group.occurrences.first().and_then(|first| first.defer);
        for occurrence in &group.occurrences {
            defer = self.defers.around(defer, occurrence.defer);
        }
        let Group { key, arguments, types, occurrences, .. } = group;
        let field = self.on_one_type(group.field, &types);
        let stream = match field {
            ItemField::Field(field) => self.stream(field, &occurrences, here),
            _ => None,
        };
        let children = match field {
            ItemField::Field(field) => self.children(field, occurrences, (&when, stream), level)?,
            _ => None,
        };
        Ok(Item { key, field, arguments, types, when, defer, stream, children })
    }

    /// The field of the only object type that it is asked for, if there is only one.
    fn on_one_type(&self, field: ItemField, types: &Types) -> ItemField {
        let (ItemField::Field(id), Some([ty])) = (field, types.as_deref()) else { return field };
        let own = self.supergraph.field_with(*ty, self.supergraph.field(id).name);
        own.map_or(field, ItemField::Field)
    }

    fn children(
        &mut self,
        field: FieldId,
        occurrences: Vec<Occurrence<'d>>,
        (when, stream): (&When, Option<DeferId>),
        level: usize,
    ) -> Result<Option<SetId>, BindError> {
        let ty = self.supergraph.field(field).ty.named();
        if !self.supergraph.ty(ty).kind.is_composite() {
            return Ok(None);
        }
        let sources = occurrences.into_iter().map(|occurrence| {
            let on = occurrence.ty.unwrap_or(ty);
            Source {
                selections: &occurrence.field.selection_set,
                on,
                types: narrow(self.supergraph, ty, &None, on),
                when: if occurrence.when == *when { When::always() } else { occurrence.when },
                defer: occurrence.defer,
                inside: stream.or(occurrence.inside),
            }
        });
        let sources = sources.collect();
        self.set(ty, sources, level + 1).map(Some)
    }

    fn type_named(&self, name: &str) -> Result<TypeId, BindError> {
        self.supergraph.type_named(name).ok_or_else(|| BindError::Unknown(name.to_owned()))
    }

    fn arguments(&mut self, arguments: &[Node<ast::Argument>]) -> Option<ArgumentsId> {
        if arguments.is_empty() {
            return None;
        }
        let mut variables = Vec::new();
        for argument in arguments {
            variables_in(&argument.value, &mut variables);
        }
        variables.sort_unstable();
        variables.dedup();
        let variables = variables.into_iter().map(|v| self.texts.intern(v)).collect();
        let text = self.texts.intern(&canonical_arguments(arguments));
        let arguments = Arguments { text, variables };
        if let Some(&id) = self.arguments_by_value.get(&arguments) {
            return Some(id);
        }
        let id = self.arguments.push(arguments.clone());
        self.arguments_by_value.insert(arguments, id);
        Some(id)
    }

    fn when(&mut self, directives: &ast::DirectiveList) -> When {
        let mut when = When::always();
        for directive in directives {
            let wanted = match directive.name.as_str() {
                "include" => true,
                "skip" => false,
                _ => continue,
            };
            let own = match directive.specified_argument_by_name("if").map(|v| &**v) {
                Some(ast::Value::Boolean(value)) if *value == wanted => When::always(),
                Some(ast::Value::Boolean(_)) => When::never(),
                Some(ast::Value::Variable(name)) => {
                    When::literal(Literal { variable: self.texts.intern(name), value: wanted })
                }
                _ => continue,
            };
            when = when.and(&own);
        }
        when
    }
}

/// The order in which the groups' keys stand in the response.
fn places(groups: &[Group<'_>]) -> Vec<Place> {
    let mut numbered = Vec::with_capacity(groups.len());
    for (item, group) in groups.iter().enumerate() {
        let own = places_of(&group.occurrences);
        numbered.extend(own.into_iter().map(|(number, when)| (number, Place { item, when })));
    }
    numbered.sort_by_key(|(number, place)| (*number, place.item));
    let mut places: Vec<Place> = Vec::with_capacity(numbered.len());
    for (_, place) in numbered {
        match places.last_mut().filter(|last| last.item == place.item) {
            Some(last) => last.when = last.when.exactly_or(&place.when),
            None => places.push(place),
        }
    }
    places
}

/// Each use under the condition that it holds and none before it does.
fn places_of(occurrences: &[Occurrence<'_>]) -> Vec<(usize, When)> {
    let mut places = Vec::with_capacity(1);
    let mut before = When::never();
    for occurrence in occurrences {
        match occurrence.when.without(&before) {
            Some(when) if when.is_never() => {}
            Some(when) => places.push((occurrence.number, when)),
            None => {
                let all = occurrences.iter().fold(When::never(), |all, next| all.exactly_or(&next.when));
                return occurrences.first().map(|first| (first.number, all)).into_iter().collect();
            }
        }
        before = before.exactly_or(&occurrence.when);
        if before.is_always() {
            break;
        }
    }
    places
}

/// Adds a field to the groups: to the one with its key and types, or, where types overlap in part, to the shared types only.
fn add_group<'d>(supergraph: &Supergraph, parent: TypeId, groups: &mut Vec<Group<'d>>, mut new: Group<'d>) {
    let mut index = 0;
    while index < groups.len() {
        let group = &mut groups[index];
        if group.key != new.key {
            index += 1;
            continue;
        }
        if group.types == new.types {
            group.occurrences.append(&mut new.occurrences);
            return;
        }
        let theirs = listed(supergraph, parent, &group.types).to_vec();
        let ours = listed(supergraph, parent, &new.types).to_vec();
        let (shared, theirs_only): (Vec<_>, Vec<_>) = theirs.iter().partition(|t| ours.contains(t));
        if shared.is_empty() {
            index += 1;
            continue;
        }
        if !theirs_only.is_empty() {
            let mut rest = group.clone();
            rest.types = Some(theirs_only.into());
            groups[index].types = Some(shared.into());
            groups.insert(index + 1, rest);
        }
        groups[index].occurrences.extend(new.occurrences.iter().cloned());
        let ours_only: Vec<_> = ours.iter().copied().filter(|t| !theirs.contains(t)).collect();
        if ours_only.is_empty() {
            return;
        }
        new.types = Some(ours_only.into());
        index += 1;
    }
    groups.push(new);
}

fn variables_in<'v>(value: &'v ast::Value, into: &mut Vec<&'v str>) {
    match value {
        ast::Value::Variable(name) => into.push(name),
        ast::Value::List(items) => items.iter().for_each(|item| variables_in(item, into)),
        ast::Value::Object(fields) => fields.iter().for_each(|(_, field)| variables_in(field, into)),
        _ => {}
    }
}
