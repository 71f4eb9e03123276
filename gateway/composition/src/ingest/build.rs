//! Folds a document's definitions and extensions into one schema, with root types under their conventional names.

use octavo_language::ast::{self, Definition, DirectiveList, OperationType};
use octavo_language::{Name, Node, TypeSystemDocument};

use super::facts;
use super::vocabulary::Vocabulary;
use crate::code::Code;
use crate::maps::{HashMap, HashSet, IndexMap};
use crate::model::{
    Applied, Argument, DirectiveDefinition, EnumValue, Field, Kind, Schema, Span, TypeDefinition,
    TypeReference, span_of, span_of_name,
};
use crate::report::{Place, Report};

/// Builds the schema of a document that is valid GraphQL.
pub(crate) fn build<'a>(
    document: &'a TypeSystemDocument,
    vocabulary: &Vocabulary,
    report: &mut Report,
) -> Schema<'a> {
    let mut builder = Builder {
        document,
        vocabulary,
        report,
        schema: Schema::default(),
        renames: HashMap::default(),
        parts: HashMap::default(),
    };
    builder.roots();
    for definition in &document.ast().definitions {
        builder.definition(definition);
    }
    let mut schema = builder.schema;
    facts::state(&mut schema);
    for ty in schema.types.values() {
        for &interface in ty.implements.keys() {
            schema.implementers.entry(interface).or_default().push(ty.name);
        }
    }
    schema
}

struct Builder<'a, 'v> {
    document: &'a TypeSystemDocument,
    vocabulary: &'v Vocabulary,
    report: &'v mut Report,
    schema: Schema<'a>,
    /// Conventional names of root types that are called otherwise.
    renames: HashMap<&'a str, &'static str>,
    /// How many definitions and extensions of each type were seen.
    parts: HashMap<&'a str, u32>,
}

/// The parts that definitions and extensions of a type have in common.
struct TypePart<'a> {
    kind: Kind,
    name: &'a Name,
    description: Option<&'a Node<str>>,
    directives: &'a DirectiveList,
    is_extension: bool,
}

const ROOTS: [(OperationType, &str, Code); 3] = [
    (OperationType::Query, "Query", Code::RootQueryUsed),
    (OperationType::Mutation, "Mutation", Code::RootMutationUsed),
    (OperationType::Subscription, "Subscription", Code::RootSubscriptionUsed),
];

impl<'a> Builder<'a, '_> {
    /// Finds the root types, and what they are to be renamed to.
    fn roots(&mut self) {
        let definitions = &self.document.ast().definitions;
        let mut explicit: Vec<(OperationType, &'a Name)> = Vec::new();
        let mut has_definition = false;
        for definition in definitions {
            match definition {
                Definition::SchemaDefinition(schema) => {
                    has_definition = true;
                    explicit.extend(schema.root_operations.iter().map(|root| (root.0, &root.1)));
                }
                Definition::SchemaExtension(schema) => {
                    explicit.extend(schema.root_operations.iter().map(|root| (root.0, &root.1)));
                }
                _ => {}
            }
        }
        let names: HashSet<&str> =
            definitions.iter().filter_map(Definition::name).map(Name::as_str).collect();
        for (operation, conventional, code) in ROOTS {
            match explicit.iter().find(|(explicit, _)| *explicit == operation) {
                Some((_, name)) if name.as_str() == conventional => {
                    self.schema.roots.push((operation, conventional));
                }
                Some((_, name)) => {
                    if names.contains(conventional) {
                        let message = format!(
                            "the {operation} root is `{name}`, yet another type is named `{conventional}`; rename that type"
                        );
                        self.report.error(
                            code,
                            message,
                            Place { subgraph: self.document.name(), span: self.span(name) },
                        );
                    }
                    self.renames.insert(name.as_str(), conventional);
                    self.schema.roots.push((operation, conventional));
                }
                None if names.contains(conventional) && !has_definition => {
                    self.schema.roots.push((operation, conventional));
                }
                None => {}
            }
        }
    }

    fn rename(&self, name: &'a str) -> &'a str {
        self.renames.get(name).copied().unwrap_or(name)
    }

    fn definition(&mut self, definition: &'a Definition) {
        match definition {
            Definition::SchemaDefinition(schema) => {
                self.schema.description =
                    schema.description.as_ref().map(|text| (&**text, span_of(self.document, text)));
                self.schema_directives(&schema.directives, 0);
            }
            Definition::SchemaExtension(schema) => self.schema_directives(&schema.directives, 1),
            Definition::DirectiveDefinition(directive) => self.directive(directive),
            Definition::OperationDefinition(_) | Definition::FragmentDefinition(_) => {}
            _ => self.type_definition(definition),
        }
    }

    fn schema_directives(&mut self, directives: &'a DirectiveList, part: u32) {
        let applied = self.applied(directives, part);
        self.schema.applied.extend(applied);
    }

    fn type_definition(&mut self, definition: &'a Definition) {
        use Definition as D;
        let is_extension = definition.is_extension_definition();
        let part = |kind, name, description: Option<&'a Node<str>>, directives| TypePart {
            kind,
            name,
            description,
            directives,
            is_extension,
        };
        match definition {
            D::ScalarTypeDefinition(t) => {
                self.open(&part(Kind::Scalar, &t.name, t.description.as_ref(), &t.directives));
            }
            D::ScalarTypeExtension(t) => {
                self.open(&part(Kind::Scalar, &t.name, None, &t.directives));
            }
            D::ObjectTypeDefinition(t) => {
                let part = part(Kind::Object, &t.name, t.description.as_ref(), &t.directives);
                self.with_fields(&part, &t.implements_interfaces, &t.fields);
            }
            D::ObjectTypeExtension(t) => {
                let part = part(Kind::Object, &t.name, None, &t.directives);
                self.with_fields(&part, &t.implements_interfaces, &t.fields);
            }
            D::InterfaceTypeDefinition(t) => {
                let part = part(Kind::Interface, &t.name, t.description.as_ref(), &t.directives);
                self.with_fields(&part, &t.implements_interfaces, &t.fields);
            }
            D::InterfaceTypeExtension(t) => {
                let part = part(Kind::Interface, &t.name, None, &t.directives);
                self.with_fields(&part, &t.implements_interfaces, &t.fields);
            }
            D::UnionTypeDefinition(t) => {
                self.with_members(
                    &part(Kind::Union, &t.name, t.description.as_ref(), &t.directives),
                    &t.members,
                );
            }
            D::UnionTypeExtension(t) => {
                self.with_members(&part(Kind::Union, &t.name, None, &t.directives), &t.members);
            }
            D::EnumTypeDefinition(t) => {
                self.with_values(
                    &part(Kind::Enum, &t.name, t.description.as_ref(), &t.directives),
                    &t.values,
                );
            }
            D::EnumTypeExtension(t) => {
                self.with_values(&part(Kind::Enum, &t.name, None, &t.directives), &t.values);
            }
            D::InputObjectTypeDefinition(t) => {
                let part = part(Kind::Input, &t.name, t.description.as_ref(), &t.directives);
                self.with_input_fields(&part, &t.fields);
            }
            D::InputObjectTypeExtension(t) => {
                self.with_input_fields(&part(Kind::Input, &t.name, None, &t.directives), &t.fields);
            }
            _ => {}
        }
    }

    /// Starts or continues a type: its entry and the number of this part; `None` for types that specifications own.
    fn open(&mut self, part: &TypePart<'a>) -> Option<(&'a str, u32)> {
        if self.vocabulary.owns_type(part.name) {
            return None;
        }
        let name = self.rename(part.name);
        let counter = self.parts.entry(name).or_default();
        let number = *counter;
        *counter += 1;
        let applied = self.applied(part.directives, number);
        let span = self.span(part.name);
        let entry =
            self.schema.types.entry(name).or_insert_with(|| TypeDefinition::new(name, part.kind, span));
        entry.applied.extend(applied);
        if part.is_extension {
            entry.extension_parts.push(number);
        } else {
            entry.defined = true;
            entry.span = span;
        }
        if let Some(description) = part.description {
            entry.description = Some(description);
        }
        Some((name, number))
    }

    fn with_fields(
        &mut self,
        part: &TypePart<'a>,
        interfaces: &'a [Name],
        fields: &'a [Node<ast::FieldDefinition>],
    ) {
        let Some((name, number)) = self.open(part) else { return };
        let fields: Vec<_> = fields.iter().filter_map(|field| self.field(name, field, number)).collect();
        let Some(entry) = self.schema.types.get_mut(name) else { return };
        entry
            .implements
            .extend(interfaces.iter().map(|name| (name.as_str(), span_of_name(self.document, name))));
        entry.fields.extend(fields.into_iter().map(|field| (field.name, field)));
    }

    fn with_members(&mut self, part: &TypePart<'a>, members: &'a [Name]) {
        let Some((name, _)) = self.open(part) else { return };
        let members: Vec<_> = members.iter().map(|name| (self.rename(name), self.span(name))).collect();
        let Some(entry) = self.schema.types.get_mut(name) else { return };
        entry.members.extend(members);
    }

    fn with_values(&mut self, part: &TypePart<'a>, values: &'a [Node<ast::EnumValueDefinition>]) {
        let Some((name, number)) = self.open(part) else { return };
        let values: Vec<_> = values
            .iter()
            .map(|value| {
                let entry = EnumValue {
                    description: value.description.as_deref(),
                    applied: self.applied(&value.directives, number),
                    span: self.span(&value.value),
                };
                (value.value.as_str(), entry)
            })
            .collect();
        let Some(entry) = self.schema.types.get_mut(name) else { return };
        entry.values.extend(values);
    }

    fn with_input_fields(&mut self, part: &TypePart<'a>, fields: &'a [Node<ast::InputValueDefinition>]) {
        let Some((name, number)) = self.open(part) else { return };
        let fields: Vec<_> = fields.iter().filter_map(|field| self.input_field(field, number)).collect();
        let Some(entry) = self.schema.types.get_mut(name) else { return };
        entry.fields.extend(fields.into_iter().map(|field| (field.name, field)));
    }

    fn field(&mut self, parent: &str, field: &'a Node<ast::FieldDefinition>, part: u32) -> Option<Field<'a>> {
        if parent == "Query" && matches!(field.name.as_str(), "_service" | "_entities") {
            return None;
        }
        let span = self.span(&field.name);
        Some(Field {
            name: &field.name,
            ty: self.reference(&field.ty, span)?,
            description: field.description.as_deref(),
            arguments: self.arguments(&field.arguments),
            default: None,
            applied: self.applied(&field.directives, part),
            span,
            part,
            requires: None,
            provides: None,
            shareable: false,
            external: false,
            used: false,
            provided: false,
        })
    }

    fn input_field(&mut self, field: &'a Node<ast::InputValueDefinition>, part: u32) -> Option<Field<'a>> {
        let span = self.span(&field.name);
        Some(Field {
            name: &field.name,
            ty: self.reference(&field.ty, span)?,
            description: field.description.as_deref(),
            arguments: IndexMap::default(),
            default: field.default_value.as_deref(),
            applied: self.applied(&field.directives, part),
            span,
            part,
            requires: None,
            provides: None,
            shareable: false,
            external: false,
            used: false,
            provided: false,
        })
    }

    fn arguments(
        &mut self,
        arguments: &'a [Node<ast::InputValueDefinition>],
    ) -> IndexMap<&'a str, Argument<'a>> {
        let mut found = IndexMap::default();
        found.reserve(arguments.len());
        for argument in arguments {
            let span = self.span(&argument.name);
            let Some(ty) = self.reference(&argument.ty, span) else { continue };
            let entry = Argument {
                name: &argument.name,
                ty,
                description: argument.description.as_deref(),
                default: argument.default_value.as_deref(),
                applied: self.applied(&argument.directives, 0),
                span,
            };
            found.insert(argument.name.as_str(), entry);
        }
        found
    }

    fn directive(&mut self, directive: &'a Node<ast::DirectiveDefinition>) {
        if self.vocabulary.owns_directive(&directive.name) {
            return;
        }
        let definition = DirectiveDefinition {
            name: &directive.name,
            description: directive.description.as_deref(),
            arguments: self.arguments(&directive.arguments),
            repeatable: directive.repeatable,
            locations: directive.locations.clone(),
            span: self.span(&directive.name),
        };
        self.schema.directives.insert(definition.name, definition);
    }

    fn reference(&mut self, ty: &'a ast::Type, span: Span) -> Option<TypeReference<'a>> {
        let Some(reference) = TypeReference::from_ast(ty) else {
            let message = "a type is nested in more than 30 lists".to_owned();
            self.report.error(Code::InvalidGraphql, message, Place { subgraph: self.document.name(), span });
            return None;
        };
        Some(TypeReference { name: self.rename(reference.name), ..reference })
    }

    fn applied(&self, directives: &'a DirectiveList, part: u32) -> Vec<Applied<'a>> {
        let applied = directives.iter().map(|node| Applied {
            meaning: self.vocabulary.meaning(&node.name),
            node,
            span: span_of(self.document, node),
            part,
        });
        applied.collect()
    }

    fn span(&self, name: &Name) -> Span {
        span_of_name(self.document, name)
    }
}
