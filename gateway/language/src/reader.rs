//! Type systems whose places nobody asks for, such as a supergraph that was composed: read in one pass, and several times as fast as by
//! the library's parser, which keeps every byte of a text in a tree.
//!
//! What the reader does not take (errors, extensions, operations, escapes by number) is read by the library's parser, so that both
//! take the same texts and tell the same errors.

use apollo_compiler::ast::{self, Definition, DirectiveList, DirectiveLocation, OperationType, Type, Value};
use apollo_compiler::collections::HashMap;
use apollo_compiler::parser::Parser;
use apollo_compiler::{Name, Node};

use crate::error::{GraphqlError, at_end, from_list};
use crate::limits::Limits;

/// Parses a type system; `name` is only for messages, and the nodes know no places.
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
    /// Names that were read: most are read many times.
    names: HashMap<&'t str, Name>,
}

type Described = Option<Node<str>>;

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, at: 0, names: HashMap::default() }
    }

    fn document(mut self) -> Option<ast::Document> {
        let mut document = ast::Document::new();
        self.skip();
        while self.at < self.text.len() {
            document.definitions.push(self.definition()?);
        }
        // An empty text is an error, which the library tells.
        (!document.definitions.is_empty()).then_some(document)
    }

    fn definition(&mut self) -> Option<Definition> {
        let description = self.description()?;
        Some(match self.word()? {
            "schema" => Definition::SchemaDefinition(Node::new(self.schema(description)?)),
            "directive" => {
                Definition::DirectiveDefinition(Node::new(self.directive_definition(description)?))
            }
            "scalar" => {
                let (name, directives) = (self.name()?, self.directives()?);
                Definition::ScalarTypeDefinition(Node::new(ast::ScalarTypeDefinition {
                    description,
                    name,
                    directives,
                }))
            }
            "type" => {
                let (name, implements_interfaces) = (self.name()?, self.implements()?);
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
                let (name, implements_interfaces) = (self.name()?, self.implements()?);
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
                let (name, directives) = (self.name()?, self.directives()?);
                let members = if self.takes(b'=') { self.separated(b'|', Self::name)? } else { Vec::new() };
                let ty = ast::UnionTypeDefinition { description, name, directives, members };
                Definition::UnionTypeDefinition(Node::new(ty))
            }
            "enum" => {
                let (name, directives) = (self.name()?, self.directives()?);
                let values = self.braced(Self::enum_value)?;
                let ty = ast::EnumTypeDefinition { description, name, directives, values };
                Definition::EnumTypeDefinition(Node::new(ty))
            }
            "input" => {
                let (name, directives) = (self.name()?, self.directives()?);
                let fields = self.braced(Self::input)?;
                let ty = ast::InputObjectTypeDefinition { description, name, directives, fields };
                Definition::InputObjectTypeDefinition(Node::new(ty))
            }
            _ => return None,
        })
    }

    fn schema(&mut self, description: Described) -> Option<ast::SchemaDefinition> {
        let directives = self.directives()?;
        let root_operations = self.braced(|reader| {
            let operation = match reader.word()? {
                "query" => OperationType::Query,
                "mutation" => OperationType::Mutation,
                "subscription" => OperationType::Subscription,
                _ => return None,
            };
            reader.expect(b':')?;
            Some(Node::new((operation, reader.name()?)))
        })?;
        (!root_operations.is_empty()).then_some(ast::SchemaDefinition {
            description,
            directives,
            root_operations,
        })
    }

    fn directive_definition(&mut self, description: Described) -> Option<ast::DirectiveDefinition> {
        self.expect(b'@')?;
        let (name, arguments) = (self.name()?, self.argument_definitions()?);
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
            return self.separated(b'&', Self::name);
        }
        self.at = before;
        Some(Vec::new())
    }

    fn field(&mut self) -> Option<Node<ast::FieldDefinition>> {
        let (description, name) = (self.description()?, self.name()?);
        let arguments = self.argument_definitions()?;
        self.expect(b':')?;
        let (ty, directives) = (self.ty()?, self.directives()?);
        Some(Node::new(ast::FieldDefinition { description, name, arguments, ty, directives }))
    }

    fn argument_definitions(&mut self) -> Option<Vec<Node<ast::InputValueDefinition>>> {
        self.listed((b'(', b')'), Self::input)
    }

    fn input(&mut self) -> Option<Node<ast::InputValueDefinition>> {
        let (description, name) = (self.description()?, self.name()?);
        self.expect(b':')?;
        let ty = Node::new(self.ty()?);
        let default_value = if self.takes(b'=') { Some(self.value()?) } else { None };
        let directives = self.directives()?;
        Some(Node::new(ast::InputValueDefinition { description, name, ty, default_value, directives }))
    }

    fn enum_value(&mut self) -> Option<Node<ast::EnumValueDefinition>> {
        let (description, value) = (self.description()?, self.name()?);
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
        while self.takes(b'@') {
            let name = self.name()?;
            let arguments = self.listed((b'(', b')'), Self::argument)?;
            list.push(Node::new(ast::Directive { name, arguments }));
        }
        Some(DirectiveList(list))
    }

    fn argument(&mut self) -> Option<Node<ast::Argument>> {
        let name = self.name()?;
        self.expect(b':')?;
        Some(Node::new(ast::Argument { name, value: self.value()? }))
    }

    /// A value without variables. Of numbers only those that fit 32 bits are taken.
    fn value(&mut self) -> Option<Node<Value>> {
        Some(Node::new(match self.peek()? {
            b'"' => Value::String(self.string()?),
            b'[' => {
                self.take();
                let mut items = Vec::new();
                while !self.takes(b']') {
                    items.push(self.value()?);
                }
                Value::List(items)
            }
            b'{' => {
                self.take();
                let mut fields = Vec::new();
                while !self.takes(b'}') {
                    let name = self.name()?;
                    self.expect(b':')?;
                    fields.push((name, self.value()?));
                }
                Value::Object(fields)
            }
            b'-' | b'0'..=b'9' => Value::Int(self.number()?.into()),
            _ => match self.word()? {
                "true" => Value::Boolean(true),
                "false" => Value::Boolean(false),
                "null" => Value::Null,
                word => Value::Enum(self.interned(word)),
            },
        }))
    }

    fn number(&mut self) -> Option<i32> {
        let rest = &self.text[self.at..];
        let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_');
        let word = &rest[..rest.find(|c| !goes_on(c)).unwrap_or(rest.len())];
        let number: i32 = word.parse().ok()?;
        // No sign in front, no zeros: anything else is another spelling, or none.
        if number.to_string() != word {
            return None;
        }
        self.at += word.len();
        self.skip();
        Some(number)
    }

    fn description(&mut self) -> Option<Described> {
        if self.peek() != Some(b'"') {
            return Some(None);
        }
        Some(Some(Node::new_str(&self.string()?)))
    }

    fn string(&mut self) -> Option<String> {
        let rest = &self.text[self.at..];
        if let Some(rest) = rest.strip_prefix("\"\"\"") {
            return self.block_string(rest);
        }
        let mut out = String::new();
        let mut chars = rest[1..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 2;
                    self.skip();
                    return Some(out);
                }
                '\\' => out.push(match chars.next()?.1 {
                    c @ ('"' | '\\' | '/') => c,
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    _ => return None,
                }),
                c if c < ' ' && c != '\t' => return None,
                c => out.push(c),
            }
        }
        None
    }

    /// See <https://spec.graphql.org/draft/#BlockStringValue()>.
    fn block_string(&mut self, rest: &str) -> Option<String> {
        let mut end = 0;
        loop {
            end += rest[end..].find("\"\"\"")?;
            if !rest[..end].ends_with('\\') {
                break;
            }
            end += 3;
        }
        self.at += 3 + end + 3;
        self.skip();
        let raw = &rest[..end];
        if raw.bytes().any(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\n')) {
            return None;
        }
        let blank = |line: &&str| line.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
        let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let common = raw.split('\n').skip(1).filter(|line| !blank(line)).map(indent).min().unwrap_or(0);
        let cut = |(index, line): (usize, &'_ str)| -> String {
            let from = if index == 0 { 0 } else { common.min(line.len()) };
            line[from..].to_owned()
        };
        let lines: Vec<String> = raw.split('\n').enumerate().map(cut).collect();
        let first = lines.iter().position(|line| !blank(&line.as_str())).unwrap_or(lines.len());
        let last = lines.iter().rposition(|line| !blank(&line.as_str())).map_or(first, |last| last + 1);
        Some(lines[first..last].join("\n").replace("\\\"\"\"", "\"\"\""))
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
