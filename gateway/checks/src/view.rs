//! A document with its extensions folded in, so that two can be compared whichever way they were written.

use std::collections::BTreeMap;

use octavo_language::ast::{
    Definition, Directive, DirectiveDefinition, EnumValueDefinition, FieldDefinition, InputValueDefinition,
    OperationType,
};
use octavo_language::{Name, Node, TypeSystemDocument};

/// Things by name.
pub(crate) type Named<'v, T> = BTreeMap<&'v str, &'v T>;

/// The kind of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Object => "object",
            Self::Interface => "interface",
            Self::Union => "union",
            Self::Enum => "enum",
            Self::Input => "input object",
        }
    }
}

/// A type; what its kind has not stays empty.
#[derive(Clone, Debug)]
pub(crate) struct TypeView<'v> {
    pub(crate) kind: Kind,
    pub(crate) name: &'v Name,
    pub(crate) interfaces: Named<'v, Name>,
    pub(crate) members: Named<'v, Name>,
    pub(crate) fields: Named<'v, Node<FieldDefinition>>,
    pub(crate) inputs: Named<'v, Node<InputValueDefinition>>,
    pub(crate) values: Named<'v, Node<EnumValueDefinition>>,
    pub(crate) directives: Vec<&'v Node<Directive>>,
}

/// A document's types and directives.
#[derive(Clone, Debug, Default)]
pub(crate) struct View<'v> {
    pub(crate) types: BTreeMap<&'v str, TypeView<'v>>,
    pub(crate) directives: Named<'v, Node<DirectiveDefinition>>,
    roots: Vec<(OperationType, &'v str)>,
}

impl<'v> View<'v> {
    pub(crate) fn new(document: &'v TypeSystemDocument) -> Self {
        let mut view = Self::default();
        for definition in &document.ast().definitions {
            view.add(definition);
        }
        view
    }

    /// The root type of a kind of operation: as the schema says, or else by its usual name.
    pub(crate) fn root(&self, operation: OperationType) -> Option<&'v str> {
        if self.roots.is_empty() {
            return self.types.get_key_value(operation.default_type_name().as_str()).map(|(name, _)| *name);
        }
        self.roots.iter().find(|(kind, _)| *kind == operation).map(|(_, name)| *name)
    }

    fn add(&mut self, definition: &'v Definition) {
        use Definition as D;
        match definition {
            D::OperationDefinition(_) | D::FragmentDefinition(_) => {}
            D::DirectiveDefinition(node) => {
                self.directives.insert(&node.name, node);
            }
            D::SchemaDefinition(node) => self.add_roots(&node.root_operations),
            D::SchemaExtension(node) => self.add_roots(&node.root_operations),
            D::ScalarTypeDefinition(node) => self.add_type(Kind::Scalar, &node.name, &node.directives),
            D::ScalarTypeExtension(node) => self.add_type(Kind::Scalar, &node.name, &node.directives),
            D::ObjectTypeDefinition(node) => {
                self.add_type(Kind::Object, &node.name, &node.directives);
                self.add_fields(&node.name, &node.implements_interfaces, &node.fields);
            }
            D::ObjectTypeExtension(node) => {
                self.add_type(Kind::Object, &node.name, &node.directives);
                self.add_fields(&node.name, &node.implements_interfaces, &node.fields);
            }
            D::InterfaceTypeDefinition(node) => {
                self.add_type(Kind::Interface, &node.name, &node.directives);
                self.add_fields(&node.name, &node.implements_interfaces, &node.fields);
            }
            D::InterfaceTypeExtension(node) => {
                self.add_type(Kind::Interface, &node.name, &node.directives);
                self.add_fields(&node.name, &node.implements_interfaces, &node.fields);
            }
            _ => self.add_other(definition),
        }
    }

    /// Unions, enums and input objects.
    fn add_other(&mut self, definition: &'v Definition) {
        use Definition as D;
        let (name, directives, kind) = match definition {
            D::UnionTypeDefinition(node) => (&node.name, &node.directives, Kind::Union),
            D::UnionTypeExtension(node) => (&node.name, &node.directives, Kind::Union),
            D::EnumTypeDefinition(node) => (&node.name, &node.directives, Kind::Enum),
            D::EnumTypeExtension(node) => (&node.name, &node.directives, Kind::Enum),
            D::InputObjectTypeDefinition(node) => (&node.name, &node.directives, Kind::Input),
            D::InputObjectTypeExtension(node) => (&node.name, &node.directives, Kind::Input),
            _ => return,
        };
        self.add_type(kind, name, directives);
        let Some(ty) = self.types.get_mut(name.as_str()) else { return };
        let (members, values, inputs): (&[_], &[_], &[_]) = match definition {
            D::UnionTypeDefinition(node) => (&node.members, &[], &[]),
            D::UnionTypeExtension(node) => (&node.members, &[], &[]),
            D::EnumTypeDefinition(node) => (&[], &node.values, &[]),
            D::EnumTypeExtension(node) => (&[], &node.values, &[]),
            D::InputObjectTypeDefinition(node) => (&[], &[], &node.fields),
            D::InputObjectTypeExtension(node) => (&[], &[], &node.fields),
            _ => return,
        };
        ty.members.extend(members.iter().map(|member: &Name| (member.as_str(), member)));
        ty.values
            .extend(values.iter().map(|value: &Node<EnumValueDefinition>| (value.value.as_str(), value)));
        ty.inputs
            .extend(inputs.iter().map(|input: &Node<InputValueDefinition>| (input.name.as_str(), input)));
    }

    fn add_roots(&mut self, roots: &'v [Node<(OperationType, Name)>]) {
        self.roots.extend(roots.iter().map(|root| (root.0, root.1.as_str())));
    }

    fn add_type(&mut self, kind: Kind, name: &'v Name, directives: &'v [Node<Directive>]) {
        let empty = || TypeView {
            kind,
            name,
            interfaces: BTreeMap::new(),
            members: BTreeMap::new(),
            fields: BTreeMap::new(),
            inputs: BTreeMap::new(),
            values: BTreeMap::new(),
            directives: Vec::new(),
        };
        self.types.entry(name).or_insert_with(empty).directives.extend(directives);
    }

    fn add_fields(&mut self, ty: &Name, interfaces: &'v [Name], fields: &'v [Node<FieldDefinition>]) {
        let Some(ty) = self.types.get_mut(ty.as_str()) else { return };
        ty.interfaces.extend(interfaces.iter().map(|name| (name.as_str(), name)));
        ty.fields.extend(fields.iter().map(|field| (field.name.as_str(), field)));
    }
}

/// Arguments by name.
pub(crate) fn arguments(list: &[Node<InputValueDefinition>]) -> Named<'_, Node<InputValueDefinition>> {
    list.iter().map(|argument| (argument.name.as_str(), argument)).collect()
}

/// Each name of either side, in order, with what each side has under it: one of them, or both.
pub(crate) fn pairs<'p, K: Ord + Copy, V>(
    old: &'p BTreeMap<K, V>,
    new: &'p BTreeMap<K, V>,
) -> impl Iterator<Item = (K, (Option<&'p V>, Option<&'p V>))> {
    let names: std::collections::BTreeSet<K> = old.keys().chain(new.keys()).copied().collect();
    names.into_iter().map(|name| (name, (old.get(&name), new.get(&name))))
}
