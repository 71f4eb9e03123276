//! The indexed schema.

use octavo_index::{IdMap, IndexVec, Interner, NameId, SchemaState};
use octavo_language::ValidSchema;

use crate::access::{Access, Requirement};
use crate::cache::CachePolicy;

octavo_index::define_ids! {
    /// Names a subgraph of one supergraph.
    SubgraphId,
    /// Names a type of one supergraph.
    TypeId,
    /// Names a field of one type of one supergraph.
    FieldId,
    /// Names something that fields of one supergraph ask of callers.
    RequirementId,
}

/// A loaded supergraph. Frozen: nothing changes it after [`Supergraph::parse`](Supergraph::parse).
#[derive(Debug)]
pub struct Supergraph {
    pub(crate) names: Interner<SchemaState>,
    pub(crate) subgraphs: IndexVec<SubgraphId, Subgraph>,
    pub(crate) types: IndexVec<TypeId, Type>,
    pub(crate) fields: IndexVec<FieldId, Field>,
    pub(crate) types_by_name: IdMap<NameId, TypeId>,
    pub(crate) fields_by_name: IdMap<(TypeId, NameId), FieldId>,
    pub(crate) requirements: IndexVec<RequirementId, Requirement>,
    pub(crate) query: TypeId,
    pub(crate) mutation: Option<TypeId>,
    pub(crate) subscription: Option<TypeId>,
    pub(crate) api: ValidSchema,
    pub(crate) gateway_directives: Vec<&'static str>,
    pub(crate) unfollowed: Vec<String>,
}

/// A service that answers a part of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subgraph {
    /// Its name, as people wrote it.
    pub name: NameId,
    /// Its routing URL, which may be empty.
    pub url: NameId,
}

/// The three root operation types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootKind {
    /// `query`
    Query,
    /// `mutation`
    Mutation,
    /// `subscription`
    Subscription,
}

/// What kind of type it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// A scalar, built-in ones included.
    Scalar,
    /// An object type.
    Object,
    /// An interface.
    Interface,
    /// A union.
    Union,
    /// An enum.
    Enum,
    /// An input object.
    Input,
}

impl TypeKind {
    /// Whether values of the type have selection sets.
    pub fn is_composite(self) -> bool {
        matches!(self, Self::Object | Self::Interface | Self::Union)
    }

    /// Whether values of the type are objects of other types.
    pub fn is_abstract(self) -> bool {
        matches!(self, Self::Interface | Self::Union)
    }
}

/// A type of the supergraph.
#[derive(Clone, Debug)]
pub struct Type {
    /// Its name.
    pub name: NameId,
    /// Its kind.
    pub kind: TypeKind,
    /// Whether clients may not see it.
    pub inaccessible: bool,
    /// Its fields (objects and interfaces), as written.
    pub fields: Vec<FieldId>,
    /// The subgraphs that have it, in the order of `join__Graph`.
    pub joins: Vec<JoinedType>,
    /// Interfaces (objects and interfaces) with the subgraph that says so.
    pub implements: Vec<(SubgraphId, TypeId)>,
    /// Members (unions) with the subgraph that says so.
    pub members: Vec<(SubgraphId, TypeId)>,
    /// The object types of an abstract type, in all subgraphs together; an object type has itself.
    pub possible: Vec<TypeId>,
    /// Enum values that clients may see, sorted by name.
    pub values: Vec<NameId>,
    /// For how long its objects may be kept, where a subgraph says.
    pub cache: Vec<CachePolicy>,
}

/// A type as one subgraph has it.
#[derive(Clone, Debug)]
pub struct JoinedType {
    /// The subgraph.
    pub subgraph: SubgraphId,
    /// Its keys there.
    pub keys: Vec<Key>,
    /// Whether it stands there for an interface (`@interfaceObject`).
    pub interface_object: bool,
}

/// A key of an entity.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its fields.
    pub fields: FieldSet,
    /// Whether the subgraph looks entities up by it.
    pub resolvable: bool,
}

/// A field of an object type or interface.
#[derive(Clone, Debug)]
pub struct Field {
    /// The type that has it.
    pub parent: TypeId,
    /// Its name.
    pub name: NameId,
    /// Its type in the supergraph.
    pub ty: TypeRef,
    /// Whether clients may not see it.
    pub inaccessible: bool,
    /// Where it stands. Empty: in every subgraph that has the parent type.
    pub joins: Vec<FieldJoin>,
    /// Whether it has `@join__field` without a graph: no subgraph has it on this very type (it comes from an `@interfaceObject`).
    pub only_by_interface: bool,
    /// For how long its values may be kept, where a subgraph says.
    pub cache: Vec<CachePolicy>,
    /// What callers must meet to see it, on objects of this type.
    pub access: Access,
}

/// A field as one subgraph has it.
#[derive(Clone, Debug)]
pub struct FieldJoin {
    /// The subgraph.
    pub subgraph: SubgraphId,
    /// Only named there, not resolved (`@external`), or overridden by another subgraph and still named there.
    pub external: bool,
    /// What must be sent with the key.
    pub requires: Option<FieldSet>,
    /// What this very path resolves beside what the type resolves.
    pub provides: Option<FieldSet>,
    /// Its type there, when it differs from the supergraph's.
    pub ty: Option<TypeRef>,
    /// The subgraph that it takes the field from.
    pub overrides: Option<SubgraphId>,
    /// The label under which it does; without one it always does.
    pub override_label: Option<NameId>,
    /// The arguments that it takes there from the objects around (`@fromContext`).
    pub contexts: Vec<ContextArgument>,
}

/// A context's name, and the text of what is selected of it: arguments in which both are equal have one value.
pub type ContextSelection = (NameId, NameId);

/// An argument that takes its value from an object around.
#[derive(Clone, Debug)]
pub struct ContextArgument {
    /// The argument's name.
    pub name: NameId,
    /// Its type there, as text.
    pub ty: NameId,
    /// Whether that has no null.
    pub required: bool,
    /// The context, and what is selected of it.
    pub of: ContextSelection,
    /// The types that set the context, each with the field of it that leads to the value.
    pub values: Vec<(TypeId, FieldSelection)>,
}

/// A type with its wrappers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TypeRef {
    /// A type.
    Named {
        /// The type.
        ty: TypeId,
        /// Whether null is an error.
        non_null: bool,
    },
    /// A list.
    List {
        /// The items.
        item: Box<TypeRef>,
        /// Whether null is an error.
        non_null: bool,
    },
}

impl TypeRef {
    /// Whether null is an error.
    pub fn non_null(&self) -> bool {
        let (Self::Named { non_null, .. } | Self::List { non_null, .. }) = self;
        *non_null
    }

    /// The innermost type.
    pub fn named(&self) -> TypeId {
        match self {
            Self::Named { ty, .. } => *ty,
            Self::List { item, .. } => item.named(),
        }
    }
}

/// A selection that `@key`, `@requires` or `@provides` names.
pub type FieldSet = Vec<FieldSelection>;

/// One field of a [`FieldSet`], inline fragments resolved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldSelection {
    /// The type that the innermost inline fragment names, or the type of the place.
    pub on: TypeId,
    /// The field; `None` is `__typename`.
    pub field: Option<FieldId>,
    /// Its arguments as canonical text, without parentheses.
    pub arguments: Option<NameId>,
    /// What is selected of it.
    pub selections: FieldSet,
}

impl Supergraph {
    /// The subgraphs, in the order of `join__Graph`.
    pub fn subgraphs(&self) -> &IndexVec<SubgraphId, Subgraph> {
        &self.subgraphs
    }

    /// URLs of the features that a gateway must follow, by the purpose that the supergraph gives them, and that nothing here follows.
    pub fn unfollowed(&self) -> &[String] {
        &self.unfollowed
    }

    /// The types, in the order of the SDL, built-in scalars first.
    pub fn types(&self) -> &IndexVec<TypeId, Type> {
        &self.types
    }

    /// The fields of all types.
    pub fn fields(&self) -> &IndexVec<FieldId, Field> {
        &self.fields
    }

    /// One type.
    pub fn ty(&self, id: TypeId) -> &Type {
        &self.types[id]
    }

    /// One field.
    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[id]
    }

    /// What fields ask of callers; empty: every field is for everyone.
    pub fn requirements(&self) -> &IndexVec<RequirementId, Requirement> {
        &self.requirements
    }

    /// One requirement.
    pub fn requirement(&self, id: RequirementId) -> &Requirement {
        &self.requirements[id]
    }

    /// The type of that name.
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        self.types_by_name.get(&self.names.get(name)?).copied()
    }

    /// The field of that name on a type.
    pub fn field_named(&self, ty: TypeId, name: &str) -> Option<FieldId> {
        self.field_with(ty, self.names.get(name)?)
    }

    /// The field of that name on a type.
    pub fn field_with(&self, ty: TypeId, name: NameId) -> Option<FieldId> {
        self.fields_by_name.get(&(ty, name)).copied()
    }

    /// The text of a name.
    pub fn name(&self, id: NameId) -> &str {
        self.names.resolve(id)
    }

    /// The name of a type.
    pub fn type_name(&self, id: TypeId) -> &str {
        self.name(self.types[id].name)
    }

    /// The name of a subgraph.
    pub fn subgraph_name(&self, id: SubgraphId) -> &str {
        self.name(self.subgraphs[id].name)
    }

    /// A root operation type.
    pub fn root(&self, kind: RootKind) -> Option<TypeId> {
        match kind {
            RootKind::Query => Some(self.query),
            RootKind::Mutation => self.mutation,
            RootKind::Subscription => self.subscription,
        }
    }

    /// The schema that clients see, as SDL, without the directives that the gateway itself adds to it.
    pub fn api_sdl(&self) -> String {
        self.api.print_without(&self.gateway_directives)
    }

    /// The schema that clients see.
    pub fn api_schema(&self) -> &ValidSchema {
        &self.api
    }
}

impl Type {
    /// The type as `subgraph` has it.
    pub fn join(&self, subgraph: SubgraphId) -> Option<&JoinedType> {
        self.joins.iter().find(|join| join.subgraph == subgraph)
    }
}

const _: () = assert!(size_of::<TypeId>() == 4 && size_of::<FieldId>() == 4 && size_of::<SubgraphId>() == 4);
