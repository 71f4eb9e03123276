//! A document may define federation's directives itself, as long as it defines them as the specification does.

use std::borrow::Cow;

use octavo_language::ast::{Definition, DirectiveDefinition, InputValueDefinition, Type};
use octavo_language::{Name, Node, TypeSystemDocument};

use super::vocabulary::{Vocabulary, defined_name};
use crate::code::Code;
use crate::model::{Span, span_of_name};
use crate::report::{Place, Report};

/// The specification's definitions under the document's names.
#[derive(Debug)]
pub(crate) struct Expected {
    document: TypeSystemDocument,
}

impl Expected {
    pub(super) fn new(document: TypeSystemDocument) -> Self {
        Self { document }
    }

    /// Reports every definition of `document` that differs.
    pub(crate) fn check(&self, document: &TypeSystemDocument, vocabulary: &Vocabulary, report: &mut Report) {
        let definitions = document.ast().definitions.iter();
        for definition in definitions.filter(|definition| !vocabulary.is_variant(definition)) {
            let Some(name) = defined_name(definition) else { continue };
            let mut known = self.document.ast().definitions.iter();
            let Some(expected) = known.find(|known| defined_name(known).as_ref() == Some(&name)) else {
                continue;
            };
            let subgraph = document.name();
            match (definition, expected) {
                (Definition::DirectiveDefinition(found), Definition::DirectiveDefinition(expected)) => {
                    check_directive(document, found, expected, report);
                }
                (Definition::ScalarTypeDefinition(_), Definition::ScalarTypeDefinition(_))
                | (Definition::EnumTypeDefinition(_), Definition::EnumTypeDefinition(_))
                | (Definition::InputObjectTypeDefinition(_), Definition::InputObjectTypeDefinition(_)) => {}
                _ => {
                    let message =
                        format!("the type `{name}` is not of the kind that its specification defines");
                    let span =
                        definition.name().map_or_else(Span::default, |name| span_of_name(document, name));
                    let place = Place { subgraph, span };
                    report.error(Code::TypeDefinitionInvalid, message, place);
                }
            }
        }
    }
}

fn check_directive(
    document: &TypeSystemDocument,
    found: &Node<DirectiveDefinition>,
    expected: &DirectiveDefinition,
    report: &mut Report,
) {
    let name = &found.name;
    let mut wrong = |message: String| {
        let message = format!("the definition of `@{name}` differs from its specification: {message}");
        report.error(
            Code::DirectiveDefinitionInvalid,
            message,
            Place { subgraph: document.name(), span: span_of_name(document, name) },
        );
    };
    for argument in &expected.arguments {
        match found.arguments.iter().find(|found| found.name == argument.name) {
            Some(found) => check_argument(found, argument, &mut wrong),
            None if argument.is_required() => wrong(format!("the argument `{}` is missing", argument.name)),
            None => {}
        }
    }
    for argument in &found.arguments {
        if !expected.arguments.iter().any(|expected| expected.name == argument.name) {
            wrong(format!("there is no argument `{}`", argument.name));
        }
    }
    if found.repeatable && !expected.repeatable {
        wrong("it is not repeatable".to_owned());
    }
    for location in &found.locations {
        if !expected.locations.contains(location) {
            wrong(format!("it has no place on {location}"));
        }
    }
}

fn check_argument(
    found: &InputValueDefinition,
    expected: &InputValueDefinition,
    wrong: &mut impl FnMut(String),
) {
    let name = &found.name;
    if !same_type(&found.ty, &expected.ty) {
        wrong(format!("the argument `{name}` is of type `{}`, not `{}`", expected.ty, found.ty));
    }
    let of_list = expected.ty.is_list();
    // What must be given has no use for its default.
    let is_optional = !found.ty.is_non_null();
    if is_optional && !of_list && found.default_value != expected.default_value {
        let text = |value: &Option<Node<_>>| {
            value.as_ref().map_or_else(
                || "none".to_owned(),
                |value: &Node<octavo_language::ast::Value>| value.to_string(),
            )
        };
        let (found, expected) = (text(&found.default_value), text(&expected.default_value));
        wrong(format!("the default of `{name}` is {expected}, not {found}"));
    }
}

/// Scalars of specifications.
const OWN_SCALARS: [&str; 7] =
    ["FieldSet", "Scope", "Policy", "ContextFieldValue", "Import", "JSONSelection", "URLPathTemplate"];

/// Where the specification has a scalar of its own, strings and lists of them are accepted; an optional argument may be required.
fn same_type(found: &Type, expected: &Type) -> bool {
    let is_stricter = found.is_non_null() && !expected.is_non_null();
    let found = if is_stricter { Cow::Owned(found.clone().nullable()) } else { Cow::Borrowed(found) };
    is_like(&found, expected)
}

fn is_like(found: &Type, expected: &Type) -> bool {
    match (found, expected) {
        (Type::List(found), Type::List(expected))
        | (Type::NonNullList(found), Type::NonNullList(expected)) => is_like(found, expected),
        (_, Type::Named(scalar)) => found == expected || stands_for(found, scalar),
        (_, Type::NonNullNamed(scalar)) => {
            found == expected || found.is_non_null() && stands_for(found, scalar)
        }
        _ => false,
    }
}

fn stands_for(found: &Type, scalar: &Name) -> bool {
    let named = found.inner_named_type();
    OWN_SCALARS.iter().any(|own| scalar.ends_with(own)) && named == "String"
        || scalar.ends_with("FieldSet") && named == "_FieldSet"
}
