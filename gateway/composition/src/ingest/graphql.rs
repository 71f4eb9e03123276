//! Whether a subgraph is a valid type system by itself.

use std::fmt::Write;

use octavo_language::ast::{self, Definition, Document, OperationType};
use octavo_language::{GraphqlError, Limits, Node, TypeSystemDocument, ValidSchema};

use super::vocabulary::{KnownDefinitions, Vocabulary, defined_name};
use crate::code::Code;
use crate::maps::HashSet;
use crate::model::Span;
use crate::report::{Place, Report};
use crate::validate::is_missing_input_field;

/// Validates `document` with the definitions that it may leave out.
pub(crate) fn validate(
    document: &TypeSystemDocument,
    vocabulary: &Vocabulary,
    known: &KnownDefinitions,
    report_to: &mut Report,
) {
    let missing = vocabulary.missing(document);
    if ValidSchema::from_ast(&complete(document, known.parsed(&missing))).is_ok() {
        return;
    }
    // Errors are in the order of their places, those in the definitions that are left out included.
    let Ok(missing) = TypeSystemDocument::parse("specification", &missing, Limits::SCHEMA) else { return };
    let completed = complete(document, missing.ast().definitions.clone());
    let Err(errors) = ValidSchema::from_ast(&completed) else { return };
    for error in errors.iter().filter(|error| !is_missing_input_field(error)) {
        report(document.name(), error, report_to);
    }
}

/// Turns an error of the language into a finding.
pub(crate) fn report(subgraph: &str, error: &GraphqlError, report: &mut Report) {
    let span = error.location.map_or_else(Span::default, |at| Span::new(at.offset, at.end_offset));
    report.error(Code::InvalidGraphql, error.message.clone(), Place { subgraph, span });
}

fn complete(document: &TypeSystemDocument, missing: Vec<Definition>) -> Document {
    let mut completed = document.ast().clone();
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
