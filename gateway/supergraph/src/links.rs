//! The names under which a supergraph uses the directives of specifications.
//!
//! `@link(url:, as:, import:)` (<https://specs.apollo.dev/link/v1.0/>) and the older `@core(feature:, as:)` can rename them.

use std::collections::BTreeMap;

use octavo_language::ast;

use crate::error::SupergraphError;

/// Where the specifications are that supergraphs are written by.
const SPECIFICATIONS: &str = "https://specs.apollo.dev/";

/// Those that this crate and its users follow where a supergraph says that a gateway must.
const FOLLOWED: [(&str, &[&str]); 11] = [
    ("link", &["v1.0"]),
    ("core", &["v0.1", "v0.2"]),
    ("join", &["v0.2", "v0.3", "v0.4", "v0.5"]),
    ("tag", &["v0.1", "v0.2", "v0.3"]),
    ("inaccessible", &["v0.1", "v0.2"]),
    ("authenticated", &["v0.1"]),
    ("requiresScopes", &["v0.1"]),
    ("policy", &["v0.1"]),
    ("context", &["v0.1"]),
    ("cost", &["v0.1"]),
    ("cacheTag", &["v0.1"]),
];

/// The features that a schema links, by the name of their specification.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// Specification name to the prefix that its elements have in this schema.
    prefixes: BTreeMap<String, String>,
    /// (specification, element with its `@` if it is a directive) to the imported name.
    imports: BTreeMap<(String, String), String>,
    /// What a gateway must follow by its purpose, and this one does not.
    unfollowed: Vec<String>,
    /// Whether the composer was one of Federation 1.
    is_federation_one: bool,
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

    /// Refuses what Federation 1 composed: its join directives say less, and mean other things.
    pub(crate) fn check_join(&self) -> Result<(), SupergraphError> {
        if self.is_federation_one { Err(SupergraphError::FederationOne) } else { Ok(()) }
    }

    /// URLs of features that a gateway must follow to answer rightly, and that nothing here follows.
    pub(crate) fn into_unfollowed(self) -> Vec<String> {
        self.unfollowed
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
        self.is_federation_one |= spec == "join" && last == "v0.1";
        let purpose = directive.specified_argument_by_name("for").and_then(|purpose| purpose.as_enum());
        if purpose.is_some() && !is_followed(url) {
            self.unfollowed.push(url.to_owned());
        }
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

fn is_followed(url: &str) -> bool {
    let known = url.trim_end_matches('/').strip_prefix(SPECIFICATIONS).and_then(|rest| rest.split_once('/'));
    known.is_some_and(|(spec, version)| {
        FOLLOWED.iter().any(|(followed, versions)| *followed == spec && versions.contains(&version))
    })
}
