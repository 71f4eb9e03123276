//! What the names of one document mean, and the definitions that it may leave out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use octavo_language::ast::Definition;
use octavo_language::{Limits, TypeSystemDocument, parse_without_places};

use super::definitions::Expected;
use super::links::Links;
use super::specification::{CORE, Element, FEDERATION, FEDERATION_ONE, LINK, NEWEST, specification};
use crate::maps::{HashMap, HashSet};
use crate::model::{Builtin, Meaning, Version};

/// Names of one document.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    directives: HashMap<String, Builtin>,
    /// Types that belong to a specification, and so are not merged.
    types: HashSet<String>,
    /// Definitions by local name (`@` included for directives), as SDL.
    definitions: BTreeMap<String, String>,
}

impl Vocabulary {
    pub(crate) fn new(document: &TypeSystemDocument, links: &Links<'_>) -> Self {
        let mut vocabulary = Self::default();
        if links.version == Version::One {
            vocabulary.add_federation_one(document);
        }
        let mut has_link = false;
        for link in &links.all {
            let known = specification(link.identity).filter(|known| known.has_version(link));
            let Some(known) = known else { continue };
            has_link |= link.identity == LINK || link.identity == CORE;
            let local =
                |element: &Element| local_name(element.name, link.name, link.namespace, &link.imports);
            vocabulary.add(&known.elements_at(link.minor), local);
        }
        if !has_link
            && links.are_written
            && let Some(known) = specification(LINK)
        {
            vocabulary.add(&known.elements_at(0), |element| local_name(element.name, "link", "link", &[]));
        }
        for (name, builtin) in [("deprecated", Builtin::Deprecated), ("specifiedBy", Builtin::SpecifiedBy)] {
            vocabulary.directives.insert(name.to_owned(), builtin);
        }
        vocabulary.types.extend(["_Any", "_Entity", "_Service", "_FieldSet"].map(str::to_owned));
        vocabulary
    }

    /// Directives of Federation 2 mean what they say once the document defines them.
    fn add_federation_one(&mut self, document: &TypeSystemDocument) {
        let defined: HashSet<String> = document.ast().definitions.iter().filter_map(defined_name).collect();
        let newer = specification(FEDERATION).map(|known| known.elements_at(3)).unwrap_or_default();
        for element in newer.iter().filter(|element| defined.contains(element.name)) {
            if let Some(builtin) = element.builtin {
                self.directives.insert(element.name.trim_start_matches('@').to_owned(), builtin);
            }
        }
        self.types.insert("_FieldSet".to_owned());
        self.definitions.insert("_FieldSet".to_owned(), "scalar _FieldSet".to_owned());
        for element in FEDERATION_ONE {
            let definition = element.definition.replace("{FieldSet}", "_FieldSet");
            let name = element.name.trim_start_matches('@');
            self.definitions.insert(element.name.to_owned(), format!("directive @{name} {definition}"));
            if let Some(builtin) = element.builtin {
                self.directives.insert(name.to_owned(), builtin);
            }
        }
    }

    fn add(&mut self, elements: &[&Element], local: impl Fn(&Element) -> String) {
        let names: Vec<(&str, String)> = elements.iter().map(|e| (e.name, local(e))).collect();
        for (element, (_, name)) in elements.iter().zip(&names) {
            let definition = with_local_names(element.definition, &names);
            self.definitions.insert(name.clone(), format!("{} {name} {definition}", element.keyword));
            match element.builtin {
                Some(builtin) => {
                    self.directives.insert(name.trim_start_matches('@').to_owned(), builtin);
                }
                None => {
                    self.types.insert(name.clone());
                }
            }
        }
    }

    /// What the directive `name` (without `@`) means in this document.
    pub(crate) fn meaning<'a>(&self, name: &'a str) -> Meaning<'a> {
        self.directives.get(name).map_or(Meaning::Custom(name), |&builtin| Meaning::Builtin(builtin))
    }

    /// What a document has to say to have a directive of federation that it does not have.
    pub(crate) fn how_to_have(&self, name: &str) -> Option<String> {
        let full = format!("@{name}");
        let known = specification(FEDERATION)?.elements_at(NEWEST);
        if !known.iter().any(|element| element.name == full) {
            return None;
        }
        if self.is_federation_one() {
            return Some(format!(
                "`{full}` belongs to Federation 2: add `extend schema @link(url: \"{FEDERATION}/v2.{NEWEST}\", import: \
                 [\"{full}\"])`, and import whatever else of federation is used here"
            ));
        }
        let local = self.definitions.keys().find(|local| {
            local.strip_suffix(name).is_some_and(|rest| rest.starts_with('@') && rest.ends_with("__"))
        })?;
        Some(format!("add \"{full}\" to the `import` of the link to federation, or write `{local}`"))
    }

    /// Whether the document is one of Federation 1, to which the type of field sets belongs.
    fn is_federation_one(&self) -> bool {
        self.definitions.contains_key("_FieldSet")
    }

    /// Whether a type belongs to a specification.
    pub(crate) fn owns_type(&self, name: &str) -> bool {
        self.types.contains(name)
    }

    /// Whether a directive is defined by a specification.
    pub(crate) fn owns_directive(&self, name: &str) -> bool {
        self.directives.contains_key(name)
    }

    /// What the document's own definitions of known elements must agree with; `None` when it has none.
    pub(crate) fn expected(&self, document: &TypeSystemDocument) -> Option<Expected> {
        let own = document.ast().definitions.iter().filter(|definition| !self.is_variant(definition));
        if !own.filter_map(defined_name).any(|name| self.definitions.contains_key(&name)) {
            return None;
        }
        let mut text = String::new();
        for definition in self.definitions.values() {
            let _ = writeln!(text, "{definition}");
        }
        TypeSystemDocument::parse("specification", &text, Limits::SCHEMA).ok().map(Expected::new)
    }

    /// Definitions of known elements that `document` leaves out, as SDL; variants count as left out.
    pub(crate) fn missing(&self, document: &TypeSystemDocument) -> String {
        let definitions = document.ast().definitions.iter();
        let own = definitions.filter(|definition| !self.is_variant(definition));
        let present: HashSet<String> = own.filter_map(defined_name).collect();
        let mut text = String::new();
        for (_, definition) in self.definitions.iter().filter(|(name, _)| !present.contains(*name)) {
            let _ = writeln!(text, "{definition}");
        }
        text
    }

    /// Whether a definition is one of those that libraries of Federation 1 wrote in ways of their own, for which the
    /// specification's stands in.
    pub(crate) fn is_variant(&self, definition: &Definition) -> bool {
        let Definition::DirectiveDefinition(directive) = definition else { return false };
        self.is_federation_one()
            && matches!(directive.name.as_str(), "key" | "requires" | "provides")
            && match &*directive.arguments {
                [] => true,
                [fields] => {
                    let ty = fields.ty.to_string();
                    fields.name == "fields" && matches!(&*ty, "String" | "FieldSet" | "_FieldSet")
                }
                _ => false,
            }
    }
}

/// Definitions by their text: most subgraphs leave out the same ones.
#[derive(Debug, Default)]
pub(crate) struct KnownDefinitions(Mutex<HashMap<String, Vec<Definition>>>);

impl KnownDefinitions {
    /// The definitions of a text, without places.
    pub(crate) fn parsed(&self, text: &str) -> Vec<Definition> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(definitions) = known.get(text) {
            return definitions.clone();
        }
        let parsed = parse_without_places("specification", text, Limits::SCHEMA);
        let definitions = parsed.map(|document| document.definitions).unwrap_or_default();
        known.insert(text.to_owned(), definitions.clone());
        definitions
    }
}

/// A definition with the local names of the types that it speaks of.
fn with_local_names<'d>(definition: &'d str, names: &[(&str, String)]) -> Cow<'d, str> {
    let mut text = Cow::Borrowed(definition);
    for (original, local) in names.iter().filter(|(original, _)| !original.starts_with('@')) {
        let placeholder = format!("{{{original}}}");
        if text.contains(&placeholder) {
            text = Cow::Owned(text.replace(&placeholder, local));
        }
    }
    text
}

fn local_name(
    element: &str,
    specification: &str,
    namespace: &str,
    imports: &[crate::model::Declared<'_>],
) -> String {
    if let Some(import) = imports.iter().find(|import| import.element == element) {
        return import.local.to_owned();
    }
    match element.strip_prefix('@') {
        Some(name) if name == specification => format!("@{namespace}"),
        Some(name) => format!("@{namespace}__{name}"),
        None => format!("{namespace}__{element}"),
    }
}

/// The name of a definition, `@` included for directives.
pub(super) fn defined_name(definition: &Definition) -> Option<String> {
    match definition {
        Definition::DirectiveDefinition(directive) => Some(format!("@{}", directive.name)),
        Definition::ScalarTypeDefinition(ty) => Some(ty.name.to_string()),
        Definition::ObjectTypeDefinition(ty) => Some(ty.name.to_string()),
        Definition::InterfaceTypeDefinition(ty) => Some(ty.name.to_string()),
        Definition::UnionTypeDefinition(ty) => Some(ty.name.to_string()),
        Definition::EnumTypeDefinition(ty) => Some(ty.name.to_string()),
        Definition::InputObjectTypeDefinition(ty) => Some(ty.name.to_string()),
        _ => None,
    }
}
