//! The monolith and its parts as plain data.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Names a type: its place in [`World::types`].
pub(crate) type TypeId = usize;

/// Names a subgraph: its place in [`World::subgraphs`].
pub(crate) type SubgraphId = usize;

/// The root types stand first.
pub(crate) const QUERY: TypeId = 0;
pub(crate) const MUTATION: TypeId = 1;

/// A monolith, and the subgraphs that it is split into.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) types: Vec<TypeDef>,
    pub(crate) by_name: HashMap<String, TypeId>,
    pub(crate) subgraphs: Vec<SubgraphDef>,
}

/// What sort of type it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Interface,
    Union,
    Enum,
    /// A custom scalar.
    Scalar,
    /// A scalar that the language has.
    BuiltIn,
    Input,
}

/// A type of the monolith.
#[derive(Clone, Debug)]
pub(crate) struct TypeDef {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Fields of an object or interface.
    pub(crate) fields: Vec<FieldDef>,
    /// Object types of an interface or union.
    pub(crate) members: Vec<TypeId>,
    /// Keys of an entity, each a field set.
    pub(crate) keys: Vec<Picks>,
    /// How many objects there are of an entity; zero for other types.
    pub(crate) instances: u64,
    /// Values of an enum.
    pub(crate) values: Vec<String>,
    /// Fields of an input object.
    pub(crate) inputs: Vec<InputDef>,
    /// The only subgraphs that have the type, when others cannot have it.
    pub(crate) only_in: Option<BTreeSet<SubgraphId>>,
}

/// A field of the monolith.
#[derive(Clone, Debug)]
pub(crate) struct FieldDef {
    pub(crate) name: String,
    pub(crate) ty: TypeRef,
    pub(crate) arguments: Vec<InputDef>,
    pub(crate) nature: Nature,
    /// Not in the client schema.
    pub(crate) inaccessible: bool,
    /// Provided somewhere, so that those who resolve it must share it.
    pub(crate) provided: bool,
    /// What its value is worked out from.
    pub(crate) requires: Option<Picks>,
    /// What one of its arguments is taken from.
    pub(crate) context: Option<Context>,
    /// What makes it a field to test with.
    pub(crate) marks: BTreeSet<Mark>,
}

/// An argument from a context.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) name: String,
    /// The entity that sets it, and stands right above.
    pub(crate) host: TypeId,
    /// The field of it.
    pub(crate) picks: Picks,
    /// The argument's type.
    pub(crate) argument: TypeRef,
}

/// How the value of a field comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// By chance, with nulls and failures.
    Plain,
    /// By chance, and never with a failure: other fields are worked out from it, or its types differ between subgraphs.
    Clean,
    /// From the number of the object, so that it identifies it.
    Key(KeyPart),
}

/// Which part of a number a field of a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPart {
    Whole,
    High,
    Low,
}

/// What an operation can meet, most of it at a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mark {
    Shareable,
    External,
    Requires,
    Provides,
    Override,
    InterfaceObject,
    EntityInterface,
    Inaccessible,
    Extends,
    ListOfLists,
    Unresolvable,
    QueryInside,
    FromContext,
    AbstractType,
    Fragment,
    Condition,
    Variable,
    Mutation,
}

/// An argument, or a field of an input object.
#[derive(Clone, Debug)]
pub(crate) struct InputDef {
    pub(crate) name: String,
    pub(crate) ty: TypeRef,
    /// The default value as GraphQL text.
    pub(crate) default: Option<String>,
}

/// A type with its wrappers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TypeRef {
    Named { ty: TypeId, non_null: bool },
    List { item: Box<TypeRef>, non_null: bool },
}

/// A field set: what a key, `@requires` or `@provides` selects.
pub(crate) type Picks = Vec<Pick>;

/// One field of a field set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pick {
    pub(crate) field: String,
    /// Only for objects of this type.
    pub(crate) on: Option<TypeId>,
    /// Its arguments as GraphQL text, parentheses included.
    pub(crate) arguments: String,
    /// The values of its arguments, defaults included, in one spelling.
    pub(crate) canonical: String,
    pub(crate) below: Picks,
}

/// A subgraph: its types and what it has of them.
#[derive(Clone, Debug)]
pub(crate) struct SubgraphDef {
    pub(crate) name: String,
    /// Written as Federation 1.
    pub(crate) old: bool,
    /// Composite types, by id.
    pub(crate) types: BTreeMap<TypeId, SubType>,
    /// Types that it must not have, since it has their interface as an object.
    pub(crate) blind: BTreeSet<TypeId>,
}

/// What a subgraph has of a type.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubType {
    /// By place in [`TypeDef::fields`].
    pub(crate) fields: BTreeMap<usize, SubField>,
    /// By place in [`TypeDef::keys`], and whether objects can be looked up by it.
    pub(crate) keys: BTreeMap<usize, bool>,
    /// An interface that is an object here.
    pub(crate) interface_object: bool,
    pub(crate) extension: Extension,
}

/// Whether a type is written as an extension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Extension {
    #[default]
    No,
    /// `extend type`
    Keyword,
    /// `type … @extends`
    Directive,
}

/// How a subgraph has a field.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubField {
    pub(crate) external: bool,
    /// Another subgraph took it over.
    pub(crate) overridden: bool,
    pub(crate) overrides: Option<String>,
    pub(crate) requires: Picks,
    pub(crate) provides: Picks,
}

impl TypeRef {
    pub(crate) fn named(ty: TypeId, non_null: bool) -> Self {
        Self::Named { ty, non_null }
    }

    /// The type without its wrappers.
    pub(crate) fn inner(&self) -> TypeId {
        match self {
            Self::Named { ty, .. } => *ty,
            Self::List { item, .. } => item.inner(),
        }
    }

    pub(crate) fn is_non_null(&self) -> bool {
        match self {
            Self::Named { non_null, .. } | Self::List { non_null, .. } => *non_null,
        }
    }

    pub(crate) fn with_non_null(&self, value: bool) -> Self {
        match self {
            Self::Named { ty, .. } => Self::Named { ty: *ty, non_null: value },
            Self::List { item, .. } => Self::List { item: item.clone(), non_null: value },
        }
    }

    /// The same wrappers around another type.
    pub(crate) fn around(&self, ty: TypeId) -> Self {
        match self {
            Self::Named { non_null, .. } => Self::Named { ty, non_null: *non_null },
            Self::List { item, non_null } => {
                Self::List { item: Box::new(item.around(ty)), non_null: *non_null }
            }
        }
    }

    pub(crate) fn lists(&self) -> usize {
        match self {
            Self::Named { .. } => 0,
            Self::List { item, .. } => 1 + item.lists(),
        }
    }
}

impl Pick {
    pub(crate) fn leaf(field: &str) -> Self {
        Self {
            field: field.to_owned(),
            on: None,
            arguments: String::new(),
            canonical: "{}".to_owned(),
            below: Vec::new(),
        }
    }

    pub(crate) fn object(field: &str, below: Picks) -> Self {
        Self { below, ..Self::leaf(field) }
    }
}

impl World {
    /// Whether subgraphs that resolve a field must say that they share it.
    pub(crate) fn is_shared(&self, ty: TypeId, field: usize) -> bool {
        self.owners(ty, field).len() > 1 || self.types[ty].fields[field].provided
    }
}

impl FieldDef {
    pub(crate) fn new(name: &str, ty: TypeRef, nature: Nature) -> Self {
        Self {
            name: name.to_owned(),
            ty,
            arguments: Vec::new(),
            nature,
            inaccessible: false,
            provided: false,
            requires: None,
            context: None,
            marks: BTreeSet::new(),
        }
    }

    pub(crate) fn is_key(&self) -> bool {
        matches!(self.nature, Nature::Key(_))
    }
}

impl TypeDef {
    pub(crate) fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            fields: Vec::new(),
            members: Vec::new(),
            keys: Vec::new(),
            instances: 0,
            values: Vec::new(),
            inputs: Vec::new(),
            only_in: None,
        }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&FieldDef> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub(crate) fn field_index(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    pub(crate) fn is_composite(&self) -> bool {
        matches!(self.kind, Kind::Object | Kind::Interface | Kind::Union)
    }

    pub(crate) fn is_entity(&self) -> bool {
        self.instances > 0
    }
}

impl World {
    pub(crate) fn ty(&self, id: TypeId) -> &TypeDef {
        &self.types[id]
    }

    pub(crate) fn named(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    /// The object types that a value of the type can have.
    pub(crate) fn possible(&self, id: TypeId) -> Vec<TypeId> {
        match self.types[id].kind {
            Kind::Object => vec![id],
            _ => self.types[id].members.clone(),
        }
    }

    /// The interfaces of an object type.
    pub(crate) fn interfaces(&self, object: TypeId) -> impl Iterator<Item = TypeId> {
        (0..self.types.len()).filter(move |&id| {
            self.types[id].kind == Kind::Interface && self.types[id].members.contains(&object)
        })
    }

    /// A type as GraphQL text.
    pub(crate) fn type_text(&self, ty: &TypeRef) -> String {
        let mark = if ty.is_non_null() { "!" } else { "" };
        match ty {
            TypeRef::Named { ty, .. } => format!("{}{mark}", self.types[*ty].name),
            TypeRef::List { item, .. } => format!("[{}]{mark}", self.type_text(item)),
        }
    }

    /// A field set as text, without the outer braces.
    pub(crate) fn picks_text(&self, picks: &[Pick]) -> String {
        let texts = picks.iter().map(|pick| {
            let below = match &*pick.below {
                [] => String::new(),
                below => format!(" {{ {} }}", self.picks_text(below)),
            };
            let text = format!("{}{}{below}", pick.field, pick.arguments);
            match pick.on {
                Some(on) => format!("... on {} {{ {text} }}", self.types[on].name),
                None => text,
            }
        });
        texts.collect::<Vec<_>>().join(" ")
    }
}
