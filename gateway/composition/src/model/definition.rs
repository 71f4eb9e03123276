//! Types, fields and directives of one subgraph.

use std::borrow::Cow;

use octavo_language::ast::{DirectiveLocation, OperationType, Value};

use super::{Applied, Builtin, Span, TypeReference};
use crate::maps::{HashMap, IndexMap};

/// The six kinds of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

impl Kind {
    /// As messages say it.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Object => "object type",
            Self::Interface => "interface",
            Self::Union => "union",
            Self::Enum => "enum",
            Self::Input => "input type",
        }
    }

    /// Whether values of it have a selection set.
    pub(crate) fn is_composite(self) -> bool {
        matches!(self, Self::Object | Self::Interface | Self::Union)
    }
}

/// One subgraph's type system.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema<'a> {
    pub(crate) types: IndexMap<&'a str, TypeDefinition<'a>>,
    pub(crate) directives: IndexMap<&'a str, DirectiveDefinition<'a>>,
    pub(crate) applied: Vec<Applied<'a>>,
    pub(crate) description: Option<(&'a str, Span)>,
    /// Root types, by the conventional name that they have after renaming.
    pub(crate) roots: Vec<(OperationType, &'a str)>,
    /// Names of the types that implement an interface directly or not.
    pub(crate) implementers: HashMap<&'a str, Vec<&'a str>>,
}

/// A type with its extensions.
#[derive(Clone, Debug)]
pub(crate) struct TypeDefinition<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
    pub(crate) description: Option<&'a str>,
    pub(crate) span: Span,
    pub(crate) applied: Vec<Applied<'a>>,
    pub(crate) implements: IndexMap<&'a str, Span>,
    pub(crate) keys: Vec<Key<'a>>,
    /// Fields of objects, interfaces and input types.
    pub(crate) fields: IndexMap<&'a str, Field<'a>>,
    pub(crate) members: IndexMap<&'a str, Span>,
    pub(crate) values: IndexMap<&'a str, EnumValue<'a>>,
    /// Which parts, counted from 0, are extensions.
    pub(crate) extension_parts: Vec<u32>,
    /// Whether there is a definition, as opposed to extensions alone.
    pub(crate) defined: bool,
}

/// A key of an entity.
#[derive(Clone, Debug)]
pub(crate) struct Key<'a> {
    pub(crate) fields: FieldSet<'a>,
    /// As written; `None` when left out, which means that it resolves.
    pub(crate) resolvable: Option<bool>,
    /// Whether it stands on an extension.
    pub(crate) of_extension: bool,
}

/// The `fields` of a key, of `@requires` or of `@provides`.
#[derive(Clone, Debug)]
pub(crate) struct FieldSet<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Whether it was written as a string, as it must be since Federation 2.
    pub(crate) is_string: bool,
    pub(crate) span: Span,
}

/// A field, or an input field.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four facts that do not depend on one another")]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) ty: TypeReference<'a>,
    pub(crate) description: Option<&'a str>,
    pub(crate) arguments: IndexMap<&'a str, Argument<'a>>,
    pub(crate) default: Option<&'a Value>,
    pub(crate) applied: Vec<Applied<'a>>,
    pub(crate) span: Span,
    /// Which definition or extension of the type it stands in, counted from 0.
    pub(crate) part: u32,
    pub(crate) requires: Option<FieldSet<'a>>,
    pub(crate) provides: Option<FieldSet<'a>>,
    /// Whether it may be resolved by several subgraphs.
    pub(crate) shareable: bool,
    /// Whether it is marked as belonging to another subgraph.
    pub(crate) external: bool,
    /// Whether a field set of this subgraph, or an interface, needs it here.
    pub(crate) used: bool,
    /// Whether a `@provides` of this subgraph selects it.
    pub(crate) provided: bool,
}

/// An argument of a field or of a directive.
#[derive(Clone, Debug)]
pub(crate) struct Argument<'a> {
    pub(crate) name: &'a str,
    pub(crate) ty: TypeReference<'a>,
    pub(crate) description: Option<&'a str>,
    pub(crate) default: Option<&'a Value>,
    pub(crate) applied: Vec<Applied<'a>>,
    pub(crate) span: Span,
}

impl Argument<'_> {
    pub(crate) fn is_required(&self) -> bool {
        self.ty.is_non_null() && self.default.is_none()
    }
}

/// A value of an enum.
#[derive(Clone, Debug)]
pub(crate) struct EnumValue<'a> {
    pub(crate) description: Option<&'a str>,
    pub(crate) applied: Vec<Applied<'a>>,
    pub(crate) span: Span,
}

/// A directive as the subgraph defines it.
#[derive(Clone, Debug)]
pub(crate) struct DirectiveDefinition<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: Option<&'a str>,
    pub(crate) arguments: IndexMap<&'a str, Argument<'a>>,
    pub(crate) repeatable: bool,
    pub(crate) locations: Vec<DirectiveLocation>,
    pub(crate) span: Span,
}

impl<'a> TypeDefinition<'a> {
    pub(crate) fn new(name: &'a str, kind: Kind, span: Span) -> Self {
        Self {
            name,
            kind,
            description: None,
            span,
            applied: Vec::new(),
            implements: IndexMap::default(),
            keys: Vec::new(),
            fields: IndexMap::default(),
            members: IndexMap::default(),
            values: IndexMap::default(),
            extension_parts: Vec::new(),
            defined: false,
        }
    }

    /// Every directive that is applied to the type and to what is in it.
    fn all_applied(&self) -> impl Iterator<Item = &Applied<'a>> {
        let of_fields = self.fields.values().flat_map(|f| f.applied.iter().chain(of_arguments(&f.arguments)));
        let of_values = self.values.values().flat_map(|value| &value.applied);
        self.applied.iter().chain(of_fields).chain(of_values)
    }

    pub(crate) fn all(&self, builtin: Builtin) -> impl Iterator<Item = &Applied<'a>> {
        self.applied.iter().filter(move |applied| applied.is(builtin))
    }

    pub(crate) fn has(&self, builtin: Builtin) -> bool {
        self.all(builtin).next().is_some()
    }

    /// Whether it extends a type that another subgraph defines.
    pub(crate) fn is_extension(&self) -> bool {
        !self.defined || self.has(Builtin::Extends)
    }

    /// Whether it stands for an interface of other subgraphs.
    pub(crate) fn is_interface_object(&self) -> bool {
        self.kind == Kind::Object && self.has(Builtin::InterfaceObject)
    }
}

impl<'a> Field<'a> {
    pub(crate) fn get(&self, builtin: Builtin) -> Option<&Applied<'a>> {
        self.applied.iter().find(|applied| applied.is(builtin))
    }

    pub(crate) fn has(&self, builtin: Builtin) -> bool {
        self.get(builtin).is_some()
    }
}

impl<'a> Schema<'a> {
    /// Every directive that is applied: to the schema, to types and what is in them, to arguments of definitions of directives.
    pub(crate) fn all_applied(&self) -> impl Iterator<Item = &Applied<'a>> {
        let of_types = self.types.values().flat_map(TypeDefinition::all_applied);
        let of_directives = self.directives.values().flat_map(|directive| of_arguments(&directive.arguments));
        self.applied.iter().chain(of_types).chain(of_directives)
    }

    /// Names of the object types that a value of `name` can have in this subgraph.
    pub(crate) fn possible_types(&self, name: &'a str) -> Vec<&'a str> {
        let Some(definition) = self.types.get(name) else { return Vec::new() };
        match definition.kind {
            Kind::Object => vec![definition.name],
            Kind::Union => definition.members.keys().copied().collect(),
            Kind::Interface => self
                .implementers
                .get(name)
                .into_iter()
                .flatten()
                .copied()
                .filter(|name| self.types.get(name).is_some_and(|ty| ty.kind == Kind::Object))
                .collect(),
            Kind::Scalar | Kind::Enum | Kind::Input => Vec::new(),
        }
    }
}

fn of_arguments<'m, 'a>(
    arguments: &'m IndexMap<&'a str, Argument<'a>>,
) -> impl Iterator<Item = &'m Applied<'a>> {
    arguments.values().flat_map(|argument| &argument.applied)
}
