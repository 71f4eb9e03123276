//! The supergraph's schema as merging makes it: what is to be printed, and which subgraph elements each part comes from.

use std::collections::BTreeMap;

use octavo_language::ast::{DirectiveLocation, OperationType, Value};

pub(crate) use crate::access::Access;
use crate::maps::IndexMap;
use crate::model::{Field, GraphId, Kind, TypeDefinition, TypeReference};

/// Elements of subgraphs that merge into one, in the order of subgraphs.
pub(crate) type Sources<'a, T> = Vec<(GraphId, &'a T)>;

/// The merged schema.
#[derive(Clone, Debug, Default)]
pub(crate) struct Merged<'a> {
    pub(crate) types: BTreeMap<&'a str, MergedType<'a>>,
    /// Directive definitions of subgraphs that clients or readers of the supergraph see, as SDL by name.
    pub(crate) directives: BTreeMap<String, String>,
    /// Those of them that clients may use in operations.
    pub(crate) executable: Vec<MergedDirectiveDefinition<'a>>,
    /// Specifications whose directives are in use: arguments of `@link`.
    pub(crate) features: Vec<String>,
    /// Types that definitions in `directives` need, as SDL by name.
    pub(crate) support: BTreeMap<String, String>,
    pub(crate) description: Option<&'a str>,
    pub(crate) applied: Vec<MergedDirective>,
    pub(crate) roots: Vec<(OperationType, &'a str)>,
    /// What is written when something is hidden after merging.
    pub(crate) hiding: Hiding,
}

/// `@inaccessible` as this supergraph calls it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hiding {
    /// As it stands on an element.
    pub(crate) directive: String,
    /// Arguments of `@link`.
    pub(crate) feature: String,
    /// As SDL.
    pub(crate) definition: String,
}

impl Merged<'_> {
    /// Links and defines `@inaccessible`, unless that is done.
    pub(crate) fn declare_hiding(&mut self) {
        let Hiding { directive, feature, definition } = self.hiding.clone();
        let name = directive.trim_start_matches('@').to_owned();
        if self.directives.insert(name, definition).is_none() {
            self.features.push(feature);
        }
    }
}

/// A merged type.
#[derive(Clone, Debug)]
pub(crate) struct MergedType<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
    pub(crate) sources: Sources<'a, TypeDefinition<'a>>,
    pub(crate) description: Option<&'a str>,
    pub(crate) joins: Vec<JoinType<'a>>,
    /// Which subgraph says that it implements which interface.
    pub(crate) implements: Vec<(GraphId, &'a str)>,
    pub(crate) fields: IndexMap<&'a str, MergedField<'a>>,
    pub(crate) members: IndexMap<&'a str, Vec<GraphId>>,
    pub(crate) values: IndexMap<&'a str, MergedValue<'a>>,
    pub(crate) applied: Vec<MergedDirective>,
    pub(crate) access: Access,
}

/// `@join__type`.
#[derive(Clone, Debug)]
pub(crate) struct JoinType<'a> {
    pub(crate) graph: GraphId,
    pub(crate) key: Option<&'a str>,
    pub(crate) extension: bool,
    pub(crate) resolvable: Option<bool>,
    pub(crate) is_interface_object: bool,
}

/// A merged field or input field.
#[derive(Clone, Debug)]
pub(crate) struct MergedField<'a> {
    pub(crate) name: &'a str,
    pub(crate) ty: TypeReference<'a>,
    pub(crate) description: Option<&'a str>,
    pub(crate) arguments: IndexMap<&'a str, MergedArgument<'a>>,
    pub(crate) default: Option<&'a Value>,
    pub(crate) joins: Vec<JoinField<'a>>,
    pub(crate) applied: Vec<MergedDirective>,
    pub(crate) access: Access,
    pub(crate) sources: Sources<'a, Field<'a>>,
}

/// `@join__field`; one without graph marks a field that comes through an interface object.
#[derive(Clone, Debug, Default)]
pub(crate) struct JoinField<'a> {
    pub(crate) graph: Option<GraphId>,
    pub(crate) requires: Option<&'a str>,
    pub(crate) provides: Option<&'a str>,
    pub(crate) ty: Option<TypeReference<'a>>,
    pub(crate) external: bool,
    pub(crate) overrides: Option<&'a str>,
    pub(crate) label: Option<&'a str>,
    pub(crate) used_overridden: bool,
    /// Arguments that come from a context, as SDL values.
    pub(crate) contextual: Vec<String>,
}

/// A merged argument.
#[derive(Clone, Debug)]
pub(crate) struct MergedArgument<'a> {
    pub(crate) name: &'a str,
    pub(crate) ty: TypeReference<'a>,
    pub(crate) description: Option<&'a str>,
    pub(crate) default: Option<&'a Value>,
    pub(crate) applied: Vec<MergedDirective>,
}

/// A merged enum value.
#[derive(Clone, Debug)]
pub(crate) struct MergedValue<'a> {
    pub(crate) description: Option<&'a str>,
    pub(crate) graphs: Vec<GraphId>,
    pub(crate) applied: Vec<MergedDirective>,
}

/// A directive that goes into the supergraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MergedDirective {
    pub(crate) kind: Visible,
    /// With arguments, `@` included.
    pub(crate) text: String,
    /// The name that `@tag` gives, if it is one.
    pub(crate) tag: Option<String>,
}

/// What a directive means for the API schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visible {
    /// The element is not in the API schema.
    Inaccessible,
    /// Part of the language: clients see it.
    Language,
    /// For the gateway alone.
    Gateway,
}

/// Whether one of the directives hides the element.
pub(crate) fn is_inaccessible(applied: &[MergedDirective]) -> bool {
    applied.iter().any(|directive| directive.kind == Visible::Inaccessible)
}

/// Those of the arguments that clients see.
pub(crate) fn visible_arguments<'m, 'a>(
    arguments: &'m IndexMap<&'a str, MergedArgument<'a>>,
) -> impl Iterator<Item = &'m MergedArgument<'a>> {
    arguments.values().filter(|argument| !is_inaccessible(&argument.applied))
}

/// A definition of an executable directive.
#[derive(Clone, Debug)]
pub(crate) struct MergedDirectiveDefinition<'a> {
    pub(crate) name: &'a str,
    pub(crate) arguments: IndexMap<&'a str, MergedArgument<'a>>,
    pub(crate) repeatable: bool,
    pub(crate) locations: Vec<DirectiveLocation>,
}
