//! The SDL that a subgraph shows: async-graphql's export, plus what that library cannot print.
//!
//! 1. The export is parsed; definitions of built-in directives and its federation link are dropped.
//! 2. Each annotation adds its directive at its coordinate, or changes a key there.
//! 3. The link is written for the lowest federation version that has all directives used, with just those.
//! 4. All is printed in one form, definitions sorted by name.

use std::collections::BTreeSet;

use async_graphql::{
    Name, Positioned,
    parser::{
        Error as ParseError, parse_schema,
        types::{ConstDirective, ServiceDocument, TypeDefinition, TypeKind, TypeSystemDefinition},
    },
};

use super::{
    directives::{CACHE_CONTROL, Minor, OVERRIDE_LABEL, since},
    print,
};

/// The directive of a field that is a connection: twenty entries where the client does not say how many.
pub const CONNECTION: &str = "@listSize(assumedSize: 20, slicingArguments: [\"first\", \"last\"], \
                              sizedFields: [\"edges\"], requireOneSlicingArgument: false)";

/// The directive of what is for those who look after the catalogue and its readers ([`Scope::STAFF`]).
///
/// [`Scope::STAFF`]: crate::access::Scope::STAFF
pub const STAFF: &str = "@requiresScopes(scopes: [[\"librarian\"], [\"admin\"]])";

/// One thing that the SDL says beyond the library's export.
#[derive(Debug, Clone, Copy)]
pub enum Annotation {
    /// A directive at a coordinate: `Type`, `Type.member` or `Type.field(argument:)`.
    Add {
        /// Where.
        at: &'static str,
        /// The directive as it is written.
        directive: &'static str,
    },
    /// This key of a type cannot be resolved here.
    Unresolvable {
        /// The type.
        type_name: &'static str,
        /// The key's fields, as the export has them.
        fields: &'static str,
    },
}

impl Annotation {
    /// A directive at a coordinate. One of the same name that the export has there is replaced, unless it
    /// is repeatable.
    #[must_use]
    pub const fn add(at: &'static str, directive: &'static str) -> Self {
        Self::Add { at, directive }
    }

    /// A key that cannot be resolved here.
    #[must_use]
    pub const fn unresolvable(type_name: &'static str, fields: &'static str) -> Self {
        Self::Unresolvable { type_name, fields }
    }
}

/// The annotations do not fit the schema.
#[derive(Debug, thiserror::Error)]
pub enum SdlError {
    /// A coordinate names nothing.
    #[error("the schema has nothing at `{0}` to annotate")]
    NoSuchPlace(String),
    /// A directive cannot be read.
    #[error("`{directive}` is not a directive: {source}")]
    Directive {
        /// As it was written.
        directive: String,
        /// What the parser says.
        #[source]
        source: ParseError,
    },
    /// The library's export cannot be read.
    #[error("the exported schema cannot be read: {0}")]
    Export(#[source] ParseError),
}

/// Directives that may stand more than once in one place.
const REPEATABLE: [&str; 4] = ["key", "tag", "composeDirective", "link"];

/// The SDL of an export and its annotations.
pub fn annotate(export: &str, annotations: &[Annotation]) -> Result<String, SdlError> {
    let document = parse_schema(export).map_err(SdlError::Export)?;
    let mut types = types_of(document);
    for annotation in annotations {
        match *annotation {
            Annotation::Add { at, directive } => add(&mut types, at, directive)?,
            Annotation::Unresolvable { type_name, fields } => unresolvable(&mut types, type_name, fields)?,
        }
    }
    types.sort_by(|one, other| one.name.node.as_str().cmp(other.name.node.as_str()));
    let mut used = Used::default();
    for definition in &types {
        used.visit_type(definition);
    }
    let mut sdl = used.header();
    for definition in &types {
        sdl.push('\n');
        sdl += &print::type_definition(definition);
    }
    Ok(sdl)
}

fn types_of(document: ServiceDocument) -> Vec<TypeDefinition> {
    let definitions = document.definitions.into_iter();
    let types = definitions.filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => Some(definition.node),
        TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
    });
    // A root type is no extension of another: composers take both, readers only one.
    let types = types.map(|mut definition| {
        definition.extend &= !matches!(definition.name.node.as_str(), "Query" | "Mutation" | "Subscription");
        definition
    });
    types.collect()
}

fn add(types: &mut [TypeDefinition], at: &str, text: &str) -> Result<(), SdlError> {
    let parsed = parse_directive(text)?;
    let place = place(types, at).ok_or_else(|| SdlError::NoSuchPlace(at.to_owned()))?;
    let name = parsed.node.name.node.clone();
    if !REPEATABLE.contains(&name.as_str()) {
        place.retain(|applied| applied.node.name.node != name);
    }
    place.push(parsed);
    Ok(())
}

fn parse_directive(text: &str) -> Result<Positioned<ConstDirective>, SdlError> {
    let parse = |source| SdlError::Directive { directive: text.to_owned(), source };
    let document = parse_schema(format!("scalar Holder {text}")).map_err(parse)?;
    let directive = types_of(document).pop().and_then(|mut holder| holder.directives.pop());
    directive.ok_or_else(|| SdlError::NoSuchPlace(text.to_owned()))
}

fn unresolvable(types: &mut [TypeDefinition], type_name: &str, fields: &str) -> Result<(), SdlError> {
    let missing = || SdlError::NoSuchPlace(format!("{type_name} @key(fields: \"{fields}\")"));
    let place = place(types, type_name).ok_or_else(missing)?;
    let is_key = |applied: &ConstDirective| {
        let value = applied.get_argument("fields").map(|value| value.node.to_string());
        applied.name.node == "key" && value == Some(format!("\"{fields}\""))
    };
    let key = place.iter_mut().find(|applied| is_key(&applied.node)).ok_or_else(missing)?;
    *key = parse_directive(&format!("@key(fields: \"{fields}\", resolvable: false)"))?;
    Ok(())
}

/// The directives at a coordinate.
fn place<'t>(types: &'t mut [TypeDefinition], at: &str) -> Option<&'t mut Vec<Positioned<ConstDirective>>> {
    let (type_name, member) = match at.split_once('.') {
        Some((type_name, member)) => (type_name, Some(member)),
        None => (at, None),
    };
    let definition = types.iter_mut().find(|definition| definition.name.node == type_name)?;
    let Some(member) = member else { return Some(&mut definition.directives) };
    let (member, argument) = match member.split_once('(') {
        Some((member, argument)) => (member, Some(argument.strip_suffix(":)")?)),
        None => (member, None),
    };
    let fields = match &mut definition.kind {
        TypeKind::Object(object) => &mut object.fields,
        TypeKind::Interface(interface) => &mut interface.fields,
        TypeKind::Enum(values) => {
            let value = values.values.iter_mut().find(|value| value.node.value.node == member)?;
            return Some(&mut value.node.directives);
        }
        TypeKind::InputObject(input) => {
            let field = input.fields.iter_mut().find(|field| field.node.name.node == member)?;
            return Some(&mut field.node.directives);
        }
        TypeKind::Scalar | TypeKind::Union(_) => return None,
    };
    let field = &mut fields.iter_mut().find(|field| field.node.name.node == member)?.node;
    match argument {
        None => Some(&mut field.directives),
        Some(argument) => {
            let found = field.arguments.iter_mut().find(|given| given.node.name.node == argument)?;
            Some(&mut found.node.directives)
        }
    }
}

/// The directives that a schema uses.
#[derive(Default)]
struct Used {
    names: BTreeSet<Name>,
    minor: Minor,
}

impl Used {
    fn visit_type(&mut self, definition: &TypeDefinition) {
        self.visit(&definition.directives);
        match &definition.kind {
            TypeKind::Object(object) => object.fields.iter().for_each(|field| self.visit_field(&field.node)),
            TypeKind::Interface(interface) => {
                interface.fields.iter().for_each(|field| self.visit_field(&field.node));
            }
            TypeKind::Enum(values) => {
                values.values.iter().for_each(|value| self.visit(&value.node.directives));
            }
            TypeKind::InputObject(input) => {
                input.fields.iter().for_each(|field| self.visit(&field.node.directives));
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }

    fn visit_field(&mut self, field: &async_graphql::parser::types::FieldDefinition) {
        self.visit(&field.directives);
        field.arguments.iter().for_each(|argument| self.visit(&argument.node.directives));
    }

    fn visit(&mut self, applied: &[Positioned<ConstDirective>]) {
        for directive in applied {
            let name = &directive.node.name.node;
            let labelled = name == "override" && directive.node.get_argument("label").is_some();
            let first = if labelled { Some(OVERRIDE_LABEL) } else { since(name) };
            self.minor = self.minor.max(first.unwrap_or_default());
            self.names.insert(name.clone());
        }
    }

    /// The link, and the definitions that the schema must bring itself.
    fn header(&self) -> String {
        let imports: Vec<_> = self
            .names
            .iter()
            .filter(|name| since(name).is_some())
            .map(|name| format!("\"@{name}\""))
            .collect();
        let mut header = format!(
            "extend schema\n  @link(url: \"https://specs.apollo.dev/federation/v2.{}\", import: [{}])\n",
            self.minor,
            imports.join(", ")
        );
        if self.names.iter().any(|name| name == "cacheControl") {
            header.push('\n');
            header += CACHE_CONTROL;
        }
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORT: &str = "type Genre @key(fields: \"id\") @key(fields: \"name\") {\n id: ID!\n name: String!\n}\n\
        extend type Query {\n genres(first: Int): [Genre!]!\n}\n\
        directive @include(if: Boolean!) on FIELD\n\
        extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])";

    #[test]
    fn annotations_stand_at_their_coordinates_and_choose_the_version() {
        let annotations = [
            Annotation::unresolvable("Genre", "name"),
            Annotation::add("Genre", "@cacheControl(maxAge: 60)"),
            Annotation::add(
                "Query.genres",
                "@listSize(slicingArguments: [\"first\"], sizedFields: [\"edges\"])",
            ),
            Annotation::add("Query.genres(first:)", "@tag(name: \"paging\")"),
        ];
        let sdl = annotate(EXPORT, &annotations).unwrap();
        let expected = "extend schema\n  \
            @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \"@listSize\", \"@tag\"])\n\n\
            directive @cacheControl(maxAge: Int, scope: CacheControlScope) \
            on FIELD_DEFINITION | OBJECT | INTERFACE | UNION\n\n\
            enum CacheControlScope {\n  PUBLIC\n  PRIVATE\n}\n\n\
            type Genre @key(fields: \"id\") @key(fields: \"name\", resolvable: false) @cacheControl(maxAge: 60) {\n  \
            id: ID!\n  name: String!\n}\n\n\
            type Query {\n  genres(first: Int @tag(name: \"paging\")): [Genre!]! \
            @listSize(slicingArguments: [\"first\"], sizedFields: [\"edges\"])\n}\n";
        assert_eq!(sdl, expected);
        assert_eq!(annotate(&sdl, &[]).unwrap().matches("@key").count(), 3);
    }

    #[test]
    fn each_directive_brings_its_import_and_its_version() {
        for (directive, minor, import) in [
            ("@inaccessible", 0, "@inaccessible"),
            ("@authenticated", 5, "@authenticated"),
            ("@requiresScopes(scopes: [[\"books:write\"]])", 5, "@requiresScopes"),
            ("@policy(policies: [[\"librarian\"]])", 6, "@policy"),
            ("@override(from: \"books\", label: \"percent(5)\")", 7, "@override"),
            ("@cost(weight: \"2\")", 9, "@cost"),
        ] {
            let annotations = [Annotation::add("Genre.name", directive)];
            let sdl = annotate(EXPORT, &annotations).unwrap();
            assert!(sdl.contains(&format!("name: String! {directive}\n")), "{sdl}");
            assert!(sdl.contains(&format!("federation/v2.{minor}\"")), "{sdl}");
            assert!(sdl.contains(&format!("\"{import}\"")), "{sdl}");
        }
    }

    #[test]
    fn an_annotation_of_nothing_is_an_error() {
        let error = annotate(EXPORT, &[Annotation::add("Genre.title", "@tag(name: \"x\")")]).unwrap_err();
        assert_eq!(error.to_string(), "the schema has nothing at `Genre.title` to annotate");
        assert!(annotate(EXPORT, &[Annotation::add("Genre", "tag")]).is_err());
    }
}
