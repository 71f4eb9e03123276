//! The reader beside the library's parser: what it takes, it takes alike.

use std::fmt::Display;
use std::fs;
use std::ops::Range;
use std::path::Path;

use apollo_compiler::parser::Parser;

use super::Reader;
use crate::{Limits, Name, Node, TypeSystemDocument, ast, parse_without_places};

/// All texts of GraphQL in a folder of this repository.
fn texts(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "graphql" || kind == "snap") {
            let text = fs::read_to_string(&path).expect("text");
            // What stands in front of a snapshot is not part of it.
            found.push(text.split_once("\n---\n").map_or(text.clone(), |(_, text)| text.to_owned()));
        }
    }
}

fn repositorys_texts() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut all = Vec::new();
    for folder in ["schema", "tests/suites", "gateway/composition/tests"] {
        texts(&root.join(folder), &mut all);
    }
    all
}

#[test]
fn the_repositorys_schemas_are_read_as_the_library_reads_them() {
    let all = repositorys_texts();
    let mut taken = 0;
    for text in &all {
        let Some(document) = Reader::new(text).document() else {
            let is_supergraph =
                text.starts_with("schema\n") && Parser::new().parse_ast(text.as_str(), "text").is_ok();
            assert!(!is_supergraph, "supergraphs are taken: {text}");
            continue;
        };
        let expected = Parser::new().parse_ast(text.as_str(), "text").expect(text);
        assert_eq!(document.definitions, expected.definitions, "{text}");
        taken += 1;
    }
    assert!(taken > 150, "{taken} of {}", all.len());
}

/// All that a type system can hold.
const EVERYTHING: &str = r#"
        "One" schema @a(x: [1, -20, 0], y: {k: "v", l: [[E]] m: null}) { query: Q, mutation: M subscription: S }
        # A comment
        """
          Two
            lines, and \""" quotes

        """
        directive @a(x: [Int!]! = [1] @b, y: In = {k: "\"\\\/\b\f\n\r\t"}) repeatable on | SCHEMA | FIELD_DEFINITION
        directive @b on ARGUMENT_DEFINITION
        scalar Date @specifiedBy(url: "")
        "" type Q implements & I & J @a { "a field" f("an argument" n: Int = 5, on: Boolean = true): [[Q!]]! @a @b type: E input: Date }
        type M implements I { f: Int }
        type S
        interface I { f: Int } interface J implements I { f: Int }
        union U @a = | Q | M
        union V = Q union W
        enum E { """ First """ A @deprecated B } enum Empty
        input In @a { k: String = "" @b, l: [[E]] = [[A]] }
        """""" scalar Bare
        extend schema @a { subscription: S } extend schema { mutation: M } extend schema @b
        extend scalar Date @a
        extend type Q implements K @b { h: Int } extend type Q implements L & M extend type Q @a extend type Q { i: Int }
        extend interface I implements J @a { g: Int } extend interface I implements J extend interface I { h: Int }
        extend union U @b = | E extend union U = F extend union U @a
        extend enum E @a { B } extend enum E { "C" C } extend enum E @b
        extend input In @b { n: Int } extend input In { m: Int = 1 } extend input In @a
    "#;

#[test]
fn all_that_a_schema_can_hold_is_read() {
    let document = Reader::new(EVERYTHING).document().expect("it is taken");
    let expected = Parser::new().parse_ast(EVERYTHING, "text").expect("it is valid");
    assert_eq!(document.definitions, expected.definitions);
}

#[test]
fn block_strings_lose_what_they_are_indented_by() {
    for block in [
        "\"\"\"\"\"\"",
        "\"\"\"a\"\"\"",
        "\"\"\"  a\n    b\n   c \n\n\t\"\"\"",
        "\"\"\"\n\n  a\n\n    b\\\"\"\"\n  \"\"\"",
        "\"\"\"\n é\n  ü\n\"\"\"",
    ] {
        let text = format!("{block} scalar A");
        let document = Reader::new(&text).document().expect("it is taken");
        let expected = Parser::new().parse_ast(text.as_str(), "text").expect("it is valid");
        assert_eq!(document.definitions, expected.definitions, "{block:?}");
    }
}

#[test]
fn what_the_reader_does_not_take_is_for_the_library() {
    let valid = [
        "type A { b(c: Float = 1.5, d: Int = -0, e: Int = 99999999999): Int }",
        "\"\\u0041\" scalar A",
        "\u{feff}scalar A",
        "\"\"\"a\r\nb\"\"\" scalar A",
        "{ a }",
    ];
    for text in valid {
        assert!(Reader::new(text).document().is_none(), "{text}");
        let document = parse_without_places("text", text, Limits::SCHEMA).expect(text);
        let expected = Parser::new().parse_ast(text, "text").expect(text);
        assert_eq!(document.definitions, expected.definitions, "{text}");
    }
    let invalid = [
        "",
        "# nothing",
        "type A {}",
        "type A { b: Int",
        "type A { b(): Int }",
        "type A { b: Int!! }",
        "type A { b: [Int }",
        "type A { b Int }",
        "type 1A { b: Int }",
        "type A { b: Int @c(d: $e) }",
        "type A { b(c: Int = 01): Int }",
        "type A { b(c: Int = 1a): Int }",
        "enum A { true }",
        "schema { other: A }",
        "schema {}",
        "union A = | | B",
        "directive @a on NOWHERE",
        "directive @a",
        "\"open scalar A",
        "\"a\nb\" scalar A",
        "\"\\x\" scalar A",
        "\"\"\"open scalar A",
        "scalar A }",
        "scalar A &",
        "thing A",
        "extend",
        "extend thing A",
        "extend schema",
        "extend schema {}",
        "extend scalar A",
        "extend type A",
        "extend type A {}",
        "extend interface A",
        "extend union A",
        "extend union A =",
        "extend enum A",
        "extend enum A {}",
        "extend input A",
        "\"described\" extend type A { b: Int }",
    ];
    for text in invalid {
        let told = Parser::new().parse_ast(text, "text").is_err();
        assert_eq!(Reader::new(text).document().is_none(), told, "{text}");
        assert_eq!(parse_without_places("text", text, Limits::SCHEMA).is_err(), told, "{text}");
    }
}

/// Everything in a document that has a place, wherever it was read, and where that is.
struct Found<'d> {
    document: &'d TypeSystemDocument,
    all: Vec<(String, Option<Range<usize>>)>,
}

impl<'d> Found<'d> {
    fn in_document(document: &'d TypeSystemDocument) -> Vec<(String, Option<Range<usize>>)> {
        let mut found = Self { document, all: Vec::new() };
        for definition in &document.ast().definitions {
            found.definition(definition);
        }
        found.all
    }

    fn name(&mut self, name: &Name) {
        self.all.push((name.to_string(), self.document.place_of_name(name)));
    }

    fn node<T: ?Sized + Display>(&mut self, node: &Node<T>) {
        self.all.push((node.to_string(), self.document.place_of(node)));
    }

    fn definition(&mut self, definition: &'d ast::Definition) {
        use ast::Definition as D;
        definition.name().into_iter().for_each(|name| self.name(name));
        self.directives(definition.directives());
        match definition {
            D::SchemaDefinition(schema) => {
                schema.description.iter().for_each(|text| self.node(text));
                self.roots(&schema.root_operations);
            }
            D::SchemaExtension(schema) => self.roots(&schema.root_operations),
            D::DirectiveDefinition(directive) => self.inputs(&directive.arguments),
            D::ObjectTypeDefinition(ty) => self.fields(&ty.implements_interfaces, &ty.fields),
            D::ObjectTypeExtension(ty) => self.fields(&ty.implements_interfaces, &ty.fields),
            D::InterfaceTypeDefinition(ty) => self.fields(&ty.implements_interfaces, &ty.fields),
            D::InterfaceTypeExtension(ty) => self.fields(&ty.implements_interfaces, &ty.fields),
            D::UnionTypeDefinition(ty) => self.fields(&ty.members, &[]),
            D::UnionTypeExtension(ty) => self.fields(&ty.members, &[]),
            D::EnumTypeDefinition(ty) => self.values(&ty.values),
            D::EnumTypeExtension(ty) => self.values(&ty.values),
            D::InputObjectTypeDefinition(ty) => self.inputs(&ty.fields),
            D::InputObjectTypeExtension(ty) => self.inputs(&ty.fields),
            _ => {}
        }
    }

    fn roots(&mut self, roots: &[Node<(ast::OperationType, Name)>]) {
        for root in roots {
            self.name(&root.1);
        }
    }

    fn fields(&mut self, others: &[Name], fields: &'d [Node<ast::FieldDefinition>]) {
        for name in others {
            self.name(name);
        }
        for field in fields {
            self.name(&field.name);
            self.inputs(&field.arguments);
            self.directives(&field.directives);
        }
    }

    fn inputs(&mut self, inputs: &'d [Node<ast::InputValueDefinition>]) {
        for input in inputs {
            self.name(&input.name);
            self.directives(&input.directives);
        }
    }

    fn values(&mut self, values: &'d [Node<ast::EnumValueDefinition>]) {
        for value in values {
            self.name(&value.value);
            self.directives(&value.directives);
        }
    }

    fn directives(&mut self, directives: &'d ast::DirectiveList) {
        for directive in directives {
            self.node(directive);
            self.name(&directive.name);
            let lists = directive.arguments.iter().filter_map(|argument| argument.value.as_list());
            lists.flatten().for_each(|item| self.node(item));
        }
    }
}

/// How many places a text has, once it is held that reading it tells the same ones as parsing it; none of an invalid text.
fn same_places(text: &str) -> usize {
    let Ok(read) = TypeSystemDocument::read("text", text, Limits::SCHEMA) else { return 0 };
    let parsed = TypeSystemDocument::parse("text", text, Limits::SCHEMA).expect(text);
    let (read, parsed) = (Found::in_document(&read), Found::in_document(&parsed));
    assert_eq!(read, parsed, "{text}");
    assert!(read.iter().all(|(_, place)| place.is_some()), "{text}");
    read.len()
}

#[test]
fn things_stand_where_the_library_says_that_they_stand() {
    let mut all = repositorys_texts();
    // Subgraphs stand in one file, a line with a name in front of each.
    let parts: Vec<String> = all.iter().flat_map(|text| text.split("\n# ")).map(str::to_owned).collect();
    all.extend(parts.into_iter().filter_map(|part| Some(part.split_once('\n')?.1.to_owned())));
    all.push(EVERYTHING.to_owned());
    let places: usize = all.iter().map(|text| same_places(text)).sum();
    assert!(places > 10_000, "{places}");
}
