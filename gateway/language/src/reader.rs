//! Type systems, read in one pass and several times as fast as by the library's parser, which keeps every byte of a text in a tree.
//!
//! Nobody but the library puts places into its nodes, so the reader keeps those that are asked for apart.
//!
//! What the reader does not take (errors, operations, escapes by number) is read by the library's parser, so that both take the same
//! texts and tell the same errors.

mod extension;
mod value;

use apollo_compiler::ast::{self, Definition, DirectiveList, DirectiveLocation, OperationType, Type};
use apollo_compiler::collections::HashMap;
use apollo_compiler::parser::Parser;
use apollo_compiler::{Name, Node};

use crate::error::{GraphqlError, at_end, from_list};
use crate::limits::Limits;
use crate::places::Places;

/// Reads a type system together with the places of what is named in it. `None`: the library's parser has to.
pub(crate) fn read_with_places(text: &str, limits: Limits) -> Option<(ast::Document, Places)> {
    // The library counts tokens, of which there are never more than bytes.
    if text.len() > limits.tokens {
        return None;
    }
    let mut reader = Reader { places: Some(Places::for_text(text)), ..Reader::new(text) };
    let document = reader.document()?;
    Some((document, reader.places?))
}

/// Parses a type system whose places nobody asks for, such as a supergraph that was composed; `name` is only for messages.
pub fn parse_without_places(
    name: &str,
    text: &str,
    limits: Limits,
) -> Result<ast::Document, Vec<GraphqlError>> {
    limits.check_nesting(text)?;
    if let Some(document) = Reader::new(text).document() {
        return Ok(document);
    }
    let mut parser = Parser::new().recursion_limit(limits.nesting * 4).token_limit(limits.tokens);
    parser.parse_ast(text, name).map_err(|errors| at_end(from_list(&errors.errors), text))
}

/// Reads from a place on. `None`: the text is not one that it takes.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// Where the last token ends.
    end: usize,
    /// Names that were read: most are read many times.
    names: HashMap<&'t str, Name>,
    /// Where things stand, if that is to be known.
    places: Option<Places>,
}

type Described = Option<Node<str>>;

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, at: 0, end: 0, names: HashMap::default(), places: None }
    }

    fn document(&mut self) -> Option<ast::Document> {
        let mut document = ast::Document::new();
        self.skip();
        while self.at < self.text.len() {
            document.definitions.push(self.definition()?);
        }
        // An empty text is an error, which the library tells.
        (!document.definitions.is_empty()).then_some(document)
    }

    fn definition(&mut self) -> Option<Definition> {
        let start = self.at;
        let description = self.description()?;
        if let Some(description) = &description {
            self.put(description, start);
        }
        Some(match self.word()? {
            "extend" if description.is_none() => self.extension()?,
            "schema" => Definition::SchemaDefinition(Node::new(self.schema(description)?)),
            "directive" => {
                Definition::DirectiveDefinition(Node::new(self.directive_definition(description)?))
            }
            "scalar" => {
                let (name, directives) = (self.placed_name()?, self.directives()?);
                Definition::ScalarTypeDefinition(Node::new(ast::ScalarTypeDefinition {
                    description,
                    name,
                    directives,
                }))
            }
            "type" => {
                let (name, implements_interfaces) = (self.placed_name()?, self.implements()?);
                let (directives, fields) = (self.directives()?, self.braced(Self::field)?);
                let ty = ast::ObjectTypeDefinition {
                    description,
                    name,
                    implements_interfaces,
                    directives,
                    fields,
                };
                Definition::ObjectTypeDefinition(Node::new(ty))
            }
            "interface" => {
                let (name, implements_interfaces) = (self.placed_name()?, self.implements()?);
                let (directives, fields) = (self.directives()?, self.braced(Self::field)?);
                let ty = ast::InterfaceTypeDefinition {
                    description,
                    name,
                    implements_interfaces,
                    directives,
                    fields,
                };
                Definition::InterfaceTypeDefinition(Node::new(ty))
            }
            "union" => {
                let (name, directives) = (self.placed_name()?, self.directives()?);
                let members = self.members()?;
                let ty = ast::UnionTypeDefinition { description, name, directives, members };
                Definition::UnionTypeDefinition(Node::new(ty))
            }
            "enum" => {
                let (name, directives) = (self.placed_name()?, self.directives()?);
                let values = self.braced(Self::enum_value)?;
                let ty = ast::EnumTypeDefinition { description, name, directives, values };
                Definition::EnumTypeDefinition(Node::new(ty))
            }
            "input" => {
                let (name, directives) = (self.placed_name()?, self.directives()?);
                let fields = self.braced(Self::input)?;
                let ty = ast::InputObjectTypeDefinition { description, name, directives, fields };
                Definition::InputObjectTypeDefinition(Node::new(ty))
            }
            _ => return None,
        })
    }

    fn schema(&mut self, description: Described) -> Option<ast::SchemaDefinition> {
        let (directives, root_operations) = (self.directives()?, self.braced(Self::root_operation)?);
        (!root_operations.is_empty()).then_some(ast::SchemaDefinition {
            description,
            directives,
            root_operations,
        })
    }

    fn root_operation(&mut self) -> Option<Node<(OperationType, Name)>> {
        let operation = match self.word()? {
            "query" => OperationType::Query,
            "mutation" => OperationType::Mutation,
            "subscription" => OperationType::Subscription,
            _ => return None,
        };
        self.expect(b':')?;
        Some(Node::new((operation, self.placed_name()?)))
    }

    fn directive_definition(&mut self, description: Described) -> Option<ast::DirectiveDefinition> {
        self.expect(b'@')?;
        let (name, arguments) = (self.placed_name()?, self.argument_definitions()?);
        let mut word = self.word()?;
        let repeatable = word == "repeatable";
        if repeatable {
            word = self.word()?;
        }
        if word != "on" {
            return None;
        }
        let locations = self.separated(b'|', |reader| location(reader.word()?))?;
        Some(ast::DirectiveDefinition { description, name, arguments, repeatable, locations })
    }

    fn implements(&mut self) -> Option<Vec<Name>> {
        let before = self.at;
        if self.peek().is_some_and(is_name_start) && self.word()? == "implements" {
            return self.separated(b'&', Self::placed_name);
        }
        self.at = before;
        Some(Vec::new())
    }

    fn members(&mut self) -> Option<Vec<Name>> {
        if self.takes(b'=') { self.separated(b'|', Self::placed_name) } else { Some(Vec::new()) }
    }

    fn field(&mut self) -> Option<Node<ast::FieldDefinition>> {
        let (description, name) = (self.description()?, self.placed_name()?);
        let arguments = self.argument_definitions()?;
        self.expect(b':')?;
        let (ty, directives) = (self.ty()?, self.directives()?);
        Some(Node::new(ast::FieldDefinition { description, name, arguments, ty, directives }))
    }

    fn argument_definitions(&mut self) -> Option<Vec<Node<ast::InputValueDefinition>>> {
        self.listed((b'(', b')'), Self::input)
    }

    fn input(&mut self) -> Option<Node<ast::InputValueDefinition>> {
        let (description, name) = (self.description()?, self.placed_name()?);
        self.expect(b':')?;
        let ty = Node::new(self.ty()?);
        let default_value = if self.takes(b'=') { Some(self.value()?) } else { None };
        let directives = self.directives()?;
        Some(Node::new(ast::InputValueDefinition { description, name, ty, default_value, directives }))
    }

    fn enum_value(&mut self) -> Option<Node<ast::EnumValueDefinition>> {
        let (description, value) = (self.description()?, self.placed_name()?);
        if matches!(value.as_str(), "true" | "false" | "null") {
            return None;
        }
        let directives = self.directives()?;
        Some(Node::new(ast::EnumValueDefinition { description, value, directives }))
    }

    fn ty(&mut self) -> Option<Type> {
        let ty = if self.takes(b'[') {
            let item = self.ty()?;
            self.expect(b']')?;
            Type::List(Box::new(item))
        } else {
            Type::Named(self.name()?)
        };
        Some(if self.takes(b'!') { ty.non_null() } else { ty })
    }

    fn directives(&mut self) -> Option<DirectiveList> {
        let mut list = Vec::new();
        while self.peek() == Some(b'@') {
            let start = self.at;
            self.take();
            let name = self.placed_name()?;
            let arguments = self.listed((b'(', b')'), Self::argument)?;
            let directive = Node::new(ast::Directive { name, arguments });
            self.put(&directive, start);
            list.push(directive);
        }
        Some(DirectiveList(list))
    }

    fn argument(&mut self) -> Option<Node<ast::Argument>> {
        let name = self.name()?;
        self.expect(b':')?;
        Some(Node::new(ast::Argument { name, value: self.value()? }))
    }

    fn description(&mut self) -> Option<Described> {
        if self.peek() != Some(b'"') {
            return Some(None);
        }
        Some(Some(Node::new_str(&self.string()?)))
    }

    /// Items in braces, at least one; none without braces.
    fn braced<T>(&mut self, item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.listed((b'{', b'}'), item)
    }

    fn listed<T>(
        &mut self,
        (open, close): (u8, u8),
        mut item: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut items = Vec::new();
        if !self.takes(open) {
            return Some(items);
        }
        while !self.takes(close) {
            items.push(item(self)?);
        }
        (!items.is_empty()).then_some(items)
    }

    fn separated<T>(
        &mut self,
        separator: u8,
        mut item: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.takes(separator);
        let mut items = vec![item(self)?];
        while self.takes(separator) {
            items.push(item(self)?);
        }
        Some(items)
    }

    /// A name that is not shared with others of its kind where places are asked for, since that is how its place is found.
    fn placed_name(&mut self) -> Option<Name> {
        let start = self.at;
        let word = self.word()?;
        let Some(places) = &mut self.places else { return Some(self.interned(word)) };
        let name = Name::new_unchecked(word);
        places.put_name(&name, start..self.end);
        Some(name)
    }

    /// Keeps the place of what was read from `start` on.
    fn put<T: ?Sized>(&mut self, node: &Node<T>, start: usize) {
        if let Some(places) = &mut self.places {
            places.put_node(node, start..self.end);
        }
    }

    fn name(&mut self) -> Option<Name> {
        let word = self.word()?;
        Some(self.interned(word))
    }

    fn interned(&mut self, word: &'t str) -> Name {
        self.names.entry(word).or_insert_with(|| Name::new_unchecked(word)).clone()
    }

    fn word(&mut self) -> Option<&'t str> {
        let rest = &self.text[self.at..];
        let bytes = rest.as_bytes();
        if !bytes.first().copied().is_some_and(is_name_start) {
            return None;
        }
        let goes_on = |byte: &u8| is_name_start(*byte) || byte.is_ascii_digit();
        let length = bytes.iter().position(|byte| !goes_on(byte)).unwrap_or(bytes.len());
        self.at += length;
        self.skip();
        Some(&rest[..length])
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self) {
        self.at += 1;
        self.skip();
    }

    fn takes(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        if is_there {
            self.take();
        }
        is_there
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.takes(byte).then_some(())
    }

    /// Goes to the next token.
    fn skip(&mut self) {
        self.end = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => self.at += 1,
                b'#' => {
                    let rest = &self.text.as_bytes()[self.at..];
                    let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                    self.at += end.unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// See <https://spec.graphql.org/draft/#DirectiveLocation>.
fn location(word: &str) -> Option<DirectiveLocation> {
    use DirectiveLocation as At;
    const ALL: [At; 19] = [
        At::Query,
        At::Mutation,
        At::Subscription,
        At::Field,
        At::FragmentDefinition,
        At::FragmentSpread,
        At::InlineFragment,
        At::VariableDefinition,
        At::Schema,
        At::Scalar,
        At::Object,
        At::FieldDefinition,
        At::ArgumentDefinition,
        At::Interface,
        At::Union,
        At::Enum,
        At::EnumValue,
        At::InputObject,
        At::InputFieldDefinition,
    ];
    ALL.into_iter().find(|location| location.name() == word)
}

#[cfg(test)]
mod tests;
