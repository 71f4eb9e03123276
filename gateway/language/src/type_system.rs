//! Type systems: as written, and as validated.

use std::ops::Range;

use apollo_compiler::collections::HashMap;
use apollo_compiler::parser::{Parser, SourceSpan};
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema, ast};

use crate::error::{GraphqlError, at_end, from_list};
use crate::limits::Limits;
use crate::one_of;
use crate::places::Places;
use crate::reader::read_with_places;

/// A parsed, not yet validated type-system document with the text it came from.
#[derive(Clone, Debug)]
pub struct TypeSystemDocument {
    name: String,
    text: String,
    ast: ast::Document,
    /// Of what the nodes do not know the places of themselves.
    places: Places,
}

impl TypeSystemDocument {
    /// Parses `text` where what is asked for is the places of names, directives, items of lists and descriptions of definitions
    /// alone ([`Self::place_of_name`], [`Self::place_of`]): several times as fast. Names of types that fields and arguments are of
    /// have no places.
    pub fn read(name: &str, text: &str, limits: Limits) -> Result<Self, Vec<GraphqlError>> {
        limits.check_nesting(text)?;
        match read_with_places(text, limits) {
            Some((ast, places)) => Ok(Self { name: name.to_owned(), text: text.to_owned(), ast, places }),
            None => Self::parse(name, text, limits),
        }
    }

    /// Parses `text`, and keeps the place of every node in it; `name` (a file, a subgraph) is only for messages.
    pub fn parse(name: &str, text: &str, limits: Limits) -> Result<Self, Vec<GraphqlError>> {
        limits.check_nesting(text)?;
        let mut parser = Parser::new().recursion_limit(limits.nesting * 4).token_limit(limits.tokens);
        match parser.parse_ast(text, name) {
            Ok(ast) => {
                Ok(Self { name: name.to_owned(), text: text.to_owned(), ast, places: Places::default() })
            }
            Err(errors) => Err(at_end(from_list(&errors.errors), text)),
        }
    }

    /// The name that was given to `parse`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text that was parsed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The syntax tree.
    #[must_use]
    pub fn ast(&self) -> &ast::Document {
        &self.ast
    }

    /// The bytes of the text that a name of this document is.
    #[must_use]
    pub fn place_of_name(&self, name: &Name) -> Option<Range<usize>> {
        name.location().map(range).or_else(|| self.places.of_name(name))
    }

    /// The bytes of the text that a node of this document is.
    #[must_use]
    pub fn place_of<T: ?Sized>(&self, node: &Node<T>) -> Option<Range<usize>> {
        node.location().map(range).or_else(|| self.places.of_node(node))
    }
}

fn range(span: SourceSpan) -> Range<usize> {
    span.offset()..span.end_offset()
}

/// A type system that satisfies <https://spec.graphql.org/draft/#sec-Type-System>.
#[derive(Debug)]
pub struct ValidSchema {
    pub(crate) schema: Valid<Schema>,
    pub(crate) implementers: HashMap<Name, Implementers>,
    /// Whether it has input objects of which one field is given.
    pub(crate) has_one_of: bool,
}

impl ValidSchema {
    /// Parses and validates `text`; `name` is only for messages.
    pub fn parse(name: &str, text: &str, limits: Limits) -> Result<Self, Vec<GraphqlError>> {
        limits.check_nesting(text)?;
        let mut builder = Schema::builder();
        Parser::new()
            .recursion_limit(limits.nesting * 4)
            .token_limit(limits.tokens)
            .parse_into_schema_builder(text, name, &mut builder);
        let schema = builder.build().map_err(|e| from_list(&e.errors))?;
        schema.validate().map(Self::new).map_err(|e| from_list(&e.errors))
    }

    /// Validates a document that was built rather than parsed.
    pub fn from_ast(document: &ast::Document) -> Result<Self, Vec<GraphqlError>> {
        document.to_schema_validate().map(Self::new).map_err(|e| from_list(&e.errors))
    }

    fn new(schema: Valid<Schema>) -> Self {
        let implementers = schema.implementers_map();
        let has_one_of = one_of::is_used(&schema);
        Self { schema, implementers, has_one_of }
    }

    /// The types, with extensions merged.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The schema as SDL.
    #[must_use]
    pub fn print(&self) -> String {
        self.schema.to_string()
    }

    /// The schema as SDL, without some of its directives.
    #[must_use]
    pub fn print_without(&self, directives: &[&str]) -> String {
        let mut schema: Schema = (*self.schema).clone();
        schema.directive_definitions.retain(|name, _| !directives.contains(&name.as_str()));
        schema.to_string()
    }
}
