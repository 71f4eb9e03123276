//! The schema that clients see: the supergraph without what belongs to specifications and what is `@inaccessible`.

use std::collections::BTreeSet;

use octavo_language::{GraphqlError, Limits, Node, TypeSystemDocument, ValidSchema, ast};

use crate::error::SupergraphError;
use crate::join::JoinNames;
use crate::links::Links;

const BUILT_IN: [&str; 2] = ["deprecated", "specifiedBy"];

/// A directive of the specification that the parser library does not know: it needs a definition
/// (<https://spec.graphql.org/draft/#sec--oneOf>).
const ONE_OF: &str = "oneOf";
const ONE_OF_DEFINITION: &str = "directive @oneOf on INPUT_OBJECT";

/// What clients can ask of a gateway beyond the specification: the parts of a response one after the other
/// (<https://github.com/graphql/graphql-spec/pull/1110>).
const INCREMENTAL: [(&str, &str); 2] = [
    ("defer", "directive @defer(label: String, if: Boolean! = true) on FRAGMENT_SPREAD | INLINE_FRAGMENT"),
    ("stream", "directive @stream(label: String, if: Boolean! = true, initialCount: Int! = 0) on FIELD"),
];

/// Makes the client schema of a supergraph document; gives with it the directives that the gateway adds.
pub(crate) fn api_schema(
    document: &ast::Document,
    links: &Links,
    names: &JoinNames,
) -> Result<(ValidSchema, Vec<&'static str>), Vec<SupergraphError>> {
    let filter = Filter { links, inaccessible: &names.inaccessible, hidden: hidden_types(document, names) };
    let mut api = ast::Document::new();
    api.sources = document.sources.clone();
    api.definitions = document.definitions.iter().filter_map(|d| filter.definition(d)).collect();
    if api.definitions.iter().any(|definition| definition.directives().has(ONE_OF)) {
        define(&mut api, ONE_OF_DEFINITION)?;
    }
    let mut added = Vec::new();
    for (name, text) in INCREMENTAL {
        if api.definitions.iter().any(|d| is_directive(d) && d.name().is_some_and(|n| *n == name)) {
            continue;
        }
        define(&mut api, text)?;
        added.push(name);
    }
    ValidSchema::from_ast(&api).map(|api| (api, added)).map_err(api_errors)
}

/// Adds a definition.
fn define(api: &mut ast::Document, text: &str) -> Result<(), Vec<SupergraphError>> {
    let own = TypeSystemDocument::parse("gateway.graphql", text, Limits::SCHEMA).map_err(api_errors)?;
    api.definitions.extend(own.ast().definitions.iter().cloned());
    Ok(())
}

fn api_errors(errors: Vec<GraphqlError>) -> Vec<SupergraphError> {
    errors.into_iter().map(SupergraphError::ApiSchema).collect()
}

fn is_directive(definition: &ast::Definition) -> bool {
    matches!(definition, ast::Definition::DirectiveDefinition(_))
}

fn hidden_types(document: &ast::Document, names: &JoinNames) -> BTreeSet<String> {
    let hidden = document.definitions.iter().filter(|d| d.directives().has(&names.inaccessible));
    hidden.filter_map(|d| d.name()).map(ToString::to_string).collect()
}

struct Filter<'a> {
    links: &'a Links,
    inaccessible: &'a str,
    hidden: BTreeSet<String>,
}

impl Filter<'_> {
    fn definition(&self, definition: &ast::Definition) -> Option<ast::Definition> {
        let name = definition.name().map(ToString::to_string).unwrap_or_default();
        if self.hidden.contains(&name) || self.links.is_feature_element(&name) {
            return None;
        }
        let mut kept = definition.clone();
        match &mut kept {
            ast::Definition::SchemaDefinition(schema) => {
                let schema = schema.make_mut();
                schema.directives.clear();
                schema.root_operations.retain(|root| !self.hidden.contains(root.1.as_str()));
            }
            ast::Definition::ScalarTypeDefinition(scalar) => keep_built_in(&mut scalar.make_mut().directives),
            ast::Definition::ObjectTypeDefinition(object) => {
                let object = object.make_mut();
                keep_built_in(&mut object.directives);
                object.implements_interfaces.retain(|i| !self.hidden.contains(i.as_str()));
                self.fields(&mut object.fields);
            }
            ast::Definition::InterfaceTypeDefinition(interface) => {
                let interface = interface.make_mut();
                keep_built_in(&mut interface.directives);
                interface.implements_interfaces.retain(|i| !self.hidden.contains(i.as_str()));
                self.fields(&mut interface.fields);
            }
            ast::Definition::UnionTypeDefinition(union) => {
                let union = union.make_mut();
                keep_built_in(&mut union.directives);
                union.members.retain(|member| !self.hidden.contains(member.as_str()));
            }
            ast::Definition::EnumTypeDefinition(en) => {
                let en = en.make_mut();
                keep_built_in(&mut en.directives);
                en.values.retain(|value| !value.directives.has(self.inaccessible));
                en.values.iter_mut().for_each(|value| keep_built_in(&mut value.make_mut().directives));
            }
            ast::Definition::InputObjectTypeDefinition(input) => {
                let input = input.make_mut();
                input.directives.retain(|d| d.name == ONE_OF && d.arguments.is_empty());
                self.inputs(&mut input.fields);
            }
            ast::Definition::DirectiveDefinition(directive) => {
                let directive = directive.make_mut();
                directive.locations.retain(|location| is_executable(*location));
                if directive.locations.is_empty() {
                    return None;
                }
                self.inputs(&mut directive.arguments);
            }
            _ => return None,
        }
        Some(kept)
    }

    fn fields(&self, fields: &mut Vec<Node<ast::FieldDefinition>>) {
        fields.retain(|field| !field.directives.has(self.inaccessible));
        for field in fields {
            let field = field.make_mut();
            keep_built_in(&mut field.directives);
            self.inputs(&mut field.arguments);
        }
    }

    fn inputs(&self, inputs: &mut Vec<Node<ast::InputValueDefinition>>) {
        inputs.retain(|input| !input.directives.has(self.inaccessible));
        for input in inputs {
            keep_built_in(&mut input.make_mut().directives);
        }
    }
}

fn keep_built_in(directives: &mut ast::DirectiveList) {
    directives.retain(|d| BUILT_IN.contains(&d.name.as_str()));
}

fn is_executable(location: ast::DirectiveLocation) -> bool {
    use ast::DirectiveLocation as At;
    matches!(
        location,
        At::Query
            | At::Mutation
            | At::Subscription
            | At::Field
            | At::FragmentDefinition
            | At::FragmentSpread
            | At::InlineFragment
            | At::VariableDefinition
    )
}
