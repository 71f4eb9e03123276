//! A subgraph's SDL as the schema that its requests are validated by: with the fields of the federation spec,
//! <https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec>.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, anyhow};
use apollo_compiler::ast::OperationType;
use apollo_compiler::executable::{FieldSet, SelectionSet};
use apollo_compiler::schema::{DirectiveList, ExtendedType};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Schema};

/// The schema, and the keys by which entities are looked up.
#[derive(Debug)]
pub(crate) struct SubgraphSchema {
    pub(super) schema: Valid<Schema>,
    pub(super) sdl: String,
    /// For each entity type or interface, its resolvable keys.
    pub(super) keys: BTreeMap<Name, Vec<SelectionSet>>,
}

impl SubgraphSchema {
    pub(crate) fn parse(sdl: &str) -> Result<Self> {
        let own = build(sdl)?;
        let entities = own.types.iter().filter(|(_, ty)| !keys(ty).is_empty());
        let objects: Vec<&str> =
            entities.clone().filter(|(_, ty)| ty.is_object()).map(|(name, _)| name.as_str()).collect();
        // Composition has validated the SDL; what is unknown here are only the federation directives.
        let schema = Valid::assume_valid(build(&format!("{sdl}\n{}", federation(&own, &objects)))?);
        let mut resolvable: BTreeMap<Name, Vec<SelectionSet>> = BTreeMap::new();
        for (name, ty) in entities {
            for fields in keys(ty).iter().filter_map(|(fields, resolvable)| resolvable.then_some(fields)) {
                let set = FieldSet::parse_and_validate(&schema, name.clone(), fields.as_str(), "key")
                    .map_err(|error| anyhow!("{name}: {}", error.errors))?;
                resolvable.entry(name.clone()).or_default().push(set.into_inner().selection_set);
            }
        }
        Ok(Self { schema, sdl: sdl.to_owned(), keys: resolvable })
    }

    /// Whether the subgraph would accept a request; a message if not.
    pub(crate) fn validate(&self, document: &str) -> Result<(), String> {
        let checked = ExecutableDocument::parse_and_validate(&self.schema, document, "request.graphql");
        checked.map(|_| ()).map_err(|error| error.errors.to_string())
    }

    /// Whether a field is part of a key of its type.
    pub(super) fn is_key_field(&self, ty: &str, field: &str) -> bool {
        let keys = self.keys.get(ty).map_or(&[][..], Vec::as_slice);
        keys.iter().any(|key| key.fields().any(|part| part.name == field))
    }
}

fn build(text: &str) -> Result<Schema> {
    let schema = Schema::builder().adopt_orphan_extensions().parse(text, "subgraph.graphql").build();
    schema.map_err(|error| anyhow!("{}", error.errors))
}

/// What the federation spec adds to a subgraph's schema.
fn federation(schema: &Schema, entities: &[&str]) -> String {
    let query = schema.root_operation(OperationType::Query).map_or("Query", |name| name.as_str());
    let mut text =
        format!("type _Service {{ sdl: String }}\nextend type {query} {{ _service: _Service! }}\n");
    if !entities.is_empty() {
        let members = entities.join(" | ");
        let _ = write!(
            text,
            "scalar _Any\nunion _Entity = {members}\n\
             extend type {query} {{ _entities(representations: [_Any!]!): [_Entity]! }}\n"
        );
    }
    text
}

/// The `@key`s of a type: their fields, and whether entities can be looked up by them.
fn keys(ty: &ExtendedType) -> Vec<(String, bool)> {
    let directives: &DirectiveList = match ty {
        ExtendedType::Object(object) => &object.directives,
        ExtendedType::Interface(interface) => &interface.directives,
        _ => return Vec::new(),
    };
    let keys =
        directives.iter().filter(|directive| matches!(directive.name.as_str(), "key" | "federation__key"));
    keys.filter_map(|key| {
        let fields = key.specified_argument_by_name("fields")?.as_str()?.to_owned();
        let resolvable = key.specified_argument_by_name("resolvable").and_then(|v| v.to_bool());
        Some((fields, resolvable.unwrap_or(true)))
    })
    .collect()
}
