//! The names under which a supergraph uses the directives of specifications.
//!
//! `@link(url:, as:, import:)` (<https://specs.apollo.dev/link/v1.0/>) and the older `@core(feature:, as:)` can rename them.

use std::collections::BTreeMap;

use octavo_language::ast;

/// The features that a schema links, by the name of their specification.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// Specification name to the prefix that its elements have in this schema.
    prefixes: BTreeMap<String, String>,
    /// (specification, element with its `@` if it is a directive) to the imported name.
    imports: BTreeMap<(String, String), String>,
}

impl Links {
    /// Reads the directives of the document's `schema` definition and extensions.
    pub(crate) fn read(document: &ast::Document) -> Self {
        let mut links = Self::default();
        for definition in &document.definitions {
            let directives = match definition {
                ast::Definition::SchemaDefinition(schema) => &schema.directives,
                ast::Definition::SchemaExtension(schema) => &schema.directives,
                _ => continue,
            };
            for directive in directives {
                links.add(directive);
            }
        }
        links
    }

    /// The name of a directive of a specification, without `@`.
    pub(crate) fn directive(&self, spec: &str, name: &str) -> String {
        if let Some(imported) = self.imports.get(&(spec.to_owned(), format!("@{name}"))) {
            return imported.trim_start_matches('@').to_owned();
        }
        let prefix = self.prefixes.get(spec).map_or(spec, String::as_str);
        if name == spec { prefix.to_owned() } else { format!("{prefix}__{name}") }
    }

    /// Whether a type or directive (without `@`) belongs to a linked feature, and so is not for clients.
    pub(crate) fn is_feature_element(&self, name: &str) -> bool {
        name.split_once("__").is_some_and(|(prefix, _)| self.is_prefix(prefix))
            || self.is_prefix(name)
            || self.imports.values().any(|imported| imported.trim_start_matches('@') == name)
    }

    fn is_prefix(&self, name: &str) -> bool {
        ["link", "core", "join"].contains(&name) || self.prefixes.values().any(|prefix| prefix == name)
    }

    fn add(&mut self, directive: &ast::Directive) {
        let text = |name: &str| directive.specified_argument_by_name(name).and_then(|v| v.as_str());
        let Some(url) = text("url").or_else(|| text("feature")) else { return };
        let mut segments = url.trim_end_matches('/').rsplit('/');
        let last = segments.next().unwrap_or_default();
        let is_version = last.strip_prefix('v').is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()));
        let spec = if is_version { segments.next().unwrap_or_default() } else { last };
        let prefix = text("as").unwrap_or(spec);
        self.prefixes.insert(spec.to_owned(), prefix.to_owned());
        let imports = directive.specified_argument_by_name("import").and_then(|v| v.as_list());
        for import in imports.unwrap_or_default() {
            self.add_import(spec, import);
        }
    }

    fn add_import(&mut self, spec: &str, import: &ast::Value) {
        if let Some(name) = import.as_str() {
            self.imports.insert((spec.to_owned(), name.to_owned()), name.to_owned());
        } else if let Some(object) = import.as_object() {
            let get = |key: &str| object.iter().find(|(k, _)| k == key).and_then(|(_, v)| v.as_str());
            if let Some(name) = get("name") {
                let imported = get("as").unwrap_or(name);
                self.imports.insert((spec.to_owned(), name.to_owned()), imported.to_owned());
            }
        }
    }
}
