//! Whether a subgraph is a valid type system by itself.

use std::fmt::Write;

use octavo_diagnostics::Diagnostic;
use octavo_language::ast::{self, Definition, Document, OperationType};
use octavo_language::{GraphqlError, Limits, Name, Node, TypeSystemDocument, ValidSchema};

use super::vocabulary::{KnownDefinitions, Vocabulary, defined_name};
use crate::code::Code;
use crate::maps::HashSet;
use crate::model::{Span, is_builtin_scalar, span_of_name};
use crate::report::{Place, Report, error};
use crate::validate::is_missing_input_field;

/// What is wrong with `document`, with the definitions that it may leave out.
pub(crate) fn validate(
    document: &TypeSystemDocument,
    vocabulary: &Vocabulary,
    known: &KnownDefinitions,
) -> Vec<Diagnostic> {
    let missing = vocabulary.missing(document);
    if ValidSchema::from_ast(&complete(document, vocabulary, known.parsed(&missing))).is_ok() {
        return Vec::new();
    }
    // Errors are in the order of their places, those in the definitions that are left out included.
    let parsed = TypeSystemDocument::parse("specification", &missing, Limits::SCHEMA);
    let (Ok(missing), Some(document)) = (parsed, with_all_places(document)) else { return Vec::new() };
    let document = &document;
    let completed = complete(document, vocabulary, missing.ast().definitions.clone());
    let Err(errors) = ValidSchema::from_ast(&completed) else { return Vec::new() };
    let errors = errors.iter().filter(|error| !is_missing_input_field(error));
    let found = errors.map(|error| {
        let found = finding(document.name(), error);
        match unknown_directive(&error.message).and_then(|name| vocabulary.how_to_have(name)) {
            Some(help) => found.help(&help),
            None => found,
        }
    });
    found.collect()
}

/// A document that was read, with the place of every node.
fn with_all_places(document: &TypeSystemDocument) -> Option<TypeSystemDocument> {
    TypeSystemDocument::parse(document.name(), document.text(), Limits::SCHEMA).ok()
}

/// Who defines a directive defines the types of its arguments too, those of specifications included.
pub(crate) fn undefined_types(document: &TypeSystemDocument) -> Vec<Diagnostic> {
    if undefined_type_names(document).is_empty() {
        return Vec::new();
    }
    let Some(document) = with_all_places(document) else { return Vec::new() };
    let found = undefined_type_names(&document).into_iter().map(|ty| {
        let message = format!("cannot find type `{ty}` in this document");
        let place = Place { subgraph: document.name(), span: span_of_name(&document, ty) };
        error(Code::InvalidGraphql, message, place)
    });
    found.collect()
}

fn undefined_type_names(document: &TypeSystemDocument) -> Vec<&Name> {
    let definitions = &document.ast().definitions;
    let defined: HashSet<&str> = definitions.iter().filter_map(Definition::name).map(Name::as_str).collect();
    let arguments = definitions.iter().flat_map(|definition| match definition {
        Definition::DirectiveDefinition(directive) => &*directive.arguments,
        _ => &[],
    });
    let types = arguments.map(|argument| argument.ty.inner_named_type());
    types.filter(|ty| !is_builtin_scalar(ty) && !defined.contains(ty.as_str())).collect()
}

/// Whether a finding is about something that is not defined.
pub(crate) fn is_undefined(found: &Diagnostic) -> bool {
    found.message.starts_with("cannot find ")
}

/// Reports an error of the language.
pub(crate) fn report(subgraph: &str, error: &GraphqlError, report: &mut Report) {
    report.push(finding(subgraph, error));
}

fn finding(subgraph: &str, place: &GraphqlError) -> Diagnostic {
    let span = place.location.map_or_else(Span::default, |at| Span::new(at.offset, at.end_offset));
    error(Code::InvalidGraphql, place.message.clone(), Place { subgraph, span })
}

/// The directive, without `@`, that a message says is not defined.
fn unknown_directive(message: &str) -> Option<&str> {
    message.strip_prefix("cannot find directive `@")?.split('`').next()
}

fn complete(document: &TypeSystemDocument, vocabulary: &Vocabulary, missing: Vec<Definition>) -> Document {
    let mut completed = document.ast().clone();
    completed.definitions.retain(|definition| !vocabulary.is_variant(definition));
    let mut defined: HashSet<String> = completed.definitions.iter().filter_map(defined_name).collect();
    for definition in &mut completed.definitions {
        if let Some((name, promoted)) = promote(definition)
            && defined.insert(name)
        {
            *definition = promoted;
        }
    }
    completed.definitions.extend(missing);
    add_query_root(&mut completed, &defined);
    completed
}

/// Every schema of the language has a query root with a field; a subgraph need not have one, since federation adds one.
fn add_query_root(document: &mut Document, defined: &HashSet<String>) {
    let explicit = document.definitions.iter().any(|d| matches!(d, Definition::SchemaDefinition(_)));
    let roots: Vec<(OperationType, String)> = root_operations(document);
    let query = roots.iter().find(|(operation, _)| *operation == OperationType::Query);
    let mut text = String::new();
    match query {
        Some((_, name)) if defined.contains(name) => {
            let _ = write!(text, "extend type {name} {FIELD}");
        }
        Some(_) => {}
        None if explicit => {
            let _ = write!(text, "extend schema {{ query: _Root }} type _Root {FIELD}");
        }
        None if defined.contains("Query") => {
            let _ = write!(text, "extend type Query {FIELD}");
        }
        None => {
            let _ = write!(text, "type Query {FIELD}");
        }
    }
    if !explicit && !roots.is_empty() {
        text.push_str(" schema {");
        for operation in [OperationType::Query, OperationType::Mutation, OperationType::Subscription] {
            let conventional = conventional_name(operation);
            match roots.iter().find(|(written, _)| *written == operation) {
                Some((_, name)) => {
                    let _ = write!(text, " {operation}: {name}");
                }
                None if defined.contains(conventional) || operation == OperationType::Query => {
                    let _ = write!(text, " {operation}: {conventional}");
                }
                None => {}
            }
        }
        text.push_str(" }");
        drop_roots_of_extensions(document);
    }
    if let Ok(extra) = TypeSystemDocument::parse("root", &text, Limits::SCHEMA) {
        document.definitions.extend(extra.ast().definitions.clone());
    }
}

const FIELD: &str = "{ _octavo: Boolean }";

fn conventional_name(operation: OperationType) -> &'static str {
    match operation {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

fn drop_roots_of_extensions(document: &mut Document) {
    for definition in &mut document.definitions {
        if let Definition::SchemaExtension(extension) = definition {
            extension.make_mut().root_operations.clear();
        }
    }
}

fn root_operations(document: &Document) -> Vec<(OperationType, String)> {
    let lists = document.definitions.iter().filter_map(|definition| match definition {
        Definition::SchemaDefinition(schema) => Some(&schema.root_operations),
        Definition::SchemaExtension(schema) => Some(&schema.root_operations),
        _ => None,
    });
    lists.flatten().map(|root| (root.0, root.1.to_string())).collect()
}

/// A definition in place of an extension, for types that have only extensions.
fn promote(definition: &Definition) -> Option<(String, Definition)> {
    Some(match definition {
        Definition::ScalarTypeExtension(ty) => {
            let promoted = ast::ScalarTypeDefinition {
                description: None,
                name: ty.name.clone(),
                directives: ty.directives.clone(),
            };
            (ty.name.to_string(), Definition::ScalarTypeDefinition(Node::new(promoted)))
        }
        Definition::ObjectTypeExtension(ty) => {
            let promoted = ast::ObjectTypeDefinition {
                description: None,
                name: ty.name.clone(),
                implements_interfaces: ty.implements_interfaces.clone(),
                directives: ty.directives.clone(),
                fields: ty.fields.clone(),
            };
            (ty.name.to_string(), Definition::ObjectTypeDefinition(Node::new(promoted)))
        }
        Definition::InterfaceTypeExtension(ty) => {
            let promoted = ast::InterfaceTypeDefinition {
                description: None,
                name: ty.name.clone(),
                implements_interfaces: ty.implements_interfaces.clone(),
                directives: ty.directives.clone(),
                fields: ty.fields.clone(),
            };
            (ty.name.to_string(), Definition::InterfaceTypeDefinition(Node::new(promoted)))
        }
        Definition::UnionTypeExtension(ty) => {
            let promoted = ast::UnionTypeDefinition {
                description: None,
                name: ty.name.clone(),
                directives: ty.directives.clone(),
                members: ty.members.clone(),
            };
            (ty.name.to_string(), Definition::UnionTypeDefinition(Node::new(promoted)))
        }
        Definition::EnumTypeExtension(ty) => {
            let promoted = ast::EnumTypeDefinition {
                description: None,
                name: ty.name.clone(),
                directives: ty.directives.clone(),
                values: ty.values.clone(),
            };
            (ty.name.to_string(), Definition::EnumTypeDefinition(Node::new(promoted)))
        }
        Definition::InputObjectTypeExtension(ty) => {
            let promoted = ast::InputObjectTypeDefinition {
                description: None,
                name: ty.name.clone(),
                directives: ty.directives.clone(),
                fields: ty.fields.clone(),
            };
            (ty.name.to_string(), Definition::InputObjectTypeDefinition(Node::new(promoted)))
        }
        _ => return None,
    })
}
