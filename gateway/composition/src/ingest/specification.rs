//! The specifications whose directives composition knows: versions, and for each element first minor version and definition.
//!
//! The federation rows follow <https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives>;
//! in a definition `{Name}` stands for the subgraph's name of that type. A later row for the same element replaces an earlier
//! one from its version on.

use std::ops::RangeInclusive;

use crate::model::{Builtin, Link};

/// Newest minor version of Federation 2 that is known.
pub(crate) const NEWEST: u32 = 14;

/// A specification by the URL that its versions share.
#[derive(Debug)]
pub(crate) struct Specification {
    pub(crate) identity: &'static str,
    /// The only major version there is, and its minor ones.
    versions: (u32, RangeInclusive<u32>),
    pub(crate) elements: &'static [Element],
}

/// A directive or type of a specification.
#[derive(Debug)]
pub(crate) struct Element {
    /// `@` included for directives.
    pub(crate) name: &'static str,
    /// The word that its definition starts with.
    pub(crate) keyword: &'static str,
    /// What it means, if it is a directive.
    pub(crate) builtin: Option<Builtin>,
    pub(crate) since: u32,
    /// What follows the name in its definition.
    pub(crate) definition: &'static str,
}

const fn directive(name: &'static str, builtin: Builtin, since: u32, definition: &'static str) -> Element {
    Element { name, keyword: "directive", builtin: Some(builtin), since, definition }
}

const fn scalar(name: &'static str, since: u32) -> Element {
    Element { name, keyword: "scalar", builtin: None, since, definition: "" }
}

const fn input(name: &'static str, definition: &'static str) -> Element {
    Element { name, keyword: "input", builtin: None, since: 0, definition }
}

const PURPOSE: Element = Element {
    name: "Purpose",
    keyword: "enum",
    builtin: None,
    since: 0,
    definition: "{ SECURITY EXECUTION }",
};

pub(crate) const FEDERATION: &str = "https://specs.apollo.dev/federation";
pub(crate) const LINK: &str = "https://specs.apollo.dev/link";
pub(crate) const CORE: &str = "https://specs.apollo.dev/core";
pub(crate) const CONNECT: &str = "https://specs.apollo.dev/connect";

const KEY: &str = "(fields: {FieldSet}!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE";
const FIELD_SET: &str = "(fields: {FieldSet}!) on FIELD_DEFINITION";
const EXTERNAL: &str = "(reason: String) on OBJECT | FIELD_DEFINITION";
const EXTENDS: &str = "on OBJECT | INTERFACE";
const INACCESSIBLE: &str = "on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION";
const TAG: &str = "(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION";
const TAG_SCHEMA: &str = "(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA";
const AUTHENTICATED: &str = "on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM";
const SCOPES: &str = "(scopes: [[{Scope}!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM";
const POLICY: &str = "(policies: [[{Policy}!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM";
const COST: &str = "(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR";
const LIST_SIZE: &str = "(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION";
const CONTEXT: &str = "(name: String!) repeatable on INTERFACE | OBJECT | UNION";
const FROM_CONTEXT: &str = "(field: {ContextFieldValue}) on ARGUMENT_DEFINITION";

const SOURCE_HTTP: &str =
    "{ baseURL: String! headers: [{HTTPHeaderMapping}!] path: {JSONSelection} queryParams: {JSONSelection} }";
const CONNECT_HTTP: &str = "{ GET: {URLPathTemplate} POST: {URLPathTemplate} PUT: {URLPathTemplate} PATCH: {URLPathTemplate} DELETE: {URLPathTemplate} body: {JSONSelection} headers: [{HTTPHeaderMapping}!] path: {JSONSelection} queryParams: {JSONSelection} }";
const CONNECT_DIRECTIVE: &str = "(source: String, id: String, http: {ConnectHTTP}, batch: {ConnectBatch}, errors: {ConnectorErrors}, selection: {JSONSelection}!, entity: Boolean = false, isSuccess: {JSONSelection}) repeatable on FIELD_DEFINITION | OBJECT";
const SOURCE_DIRECTIVE: &str = "(name: String!, http: {SourceHTTP}!, errors: {ConnectorErrors}, isSuccess: {JSONSelection}) repeatable on SCHEMA";

/// What a subgraph without a link to the federation specification may use.
pub(crate) const FEDERATION_ONE: &[Element] = &[
    directive("@key", Builtin::Key, 0, KEY),
    directive("@requires", Builtin::Requires, 0, FIELD_SET),
    directive("@provides", Builtin::Provides, 0, FIELD_SET),
    directive("@external", Builtin::External, 0, EXTERNAL),
    directive("@extends", Builtin::Extends, 0, EXTENDS),
    directive("@tag", Builtin::Tag, 0, TAG),
];

pub(crate) const SPECIFICATIONS: &[Specification] = &[
    Specification {
        identity: FEDERATION,
        versions: (2, 0..=NEWEST),
        elements: &[
            scalar("FieldSet", 0),
            directive("@key", Builtin::Key, 0, KEY),
            directive("@requires", Builtin::Requires, 0, FIELD_SET),
            directive("@provides", Builtin::Provides, 0, FIELD_SET),
            directive("@external", Builtin::External, 0, EXTERNAL),
            directive("@extends", Builtin::Extends, 0, EXTENDS),
            directive("@shareable", Builtin::Shareable, 0, "on OBJECT | FIELD_DEFINITION"),
            directive("@shareable", Builtin::Shareable, 2, "repeatable on OBJECT | FIELD_DEFINITION"),
            directive("@override", Builtin::Override, 0, "(from: String!) on FIELD_DEFINITION"),
            directive(
                "@override",
                Builtin::Override,
                7,
                "(from: String!, label: String) on FIELD_DEFINITION",
            ),
            directive("@inaccessible", Builtin::Inaccessible, 0, INACCESSIBLE),
            directive("@tag", Builtin::Tag, 0, TAG),
            directive("@tag", Builtin::Tag, 3, TAG_SCHEMA),
            directive(
                "@composeDirective",
                Builtin::ComposeDirective,
                1,
                "(name: String) repeatable on SCHEMA",
            ),
            directive("@interfaceObject", Builtin::InterfaceObject, 3, "on OBJECT"),
            directive("@authenticated", Builtin::Authenticated, 5, AUTHENTICATED),
            scalar("Scope", 5),
            directive("@requiresScopes", Builtin::RequiresScopes, 5, SCOPES),
            scalar("Policy", 6),
            directive("@policy", Builtin::Policy, 6, POLICY),
            scalar("ContextFieldValue", 8),
            directive("@context", Builtin::Context, 8, CONTEXT),
            directive("@fromContext", Builtin::FromContext, 8, FROM_CONTEXT),
            directive("@cost", Builtin::Cost, 9, COST),
            directive("@listSize", Builtin::ListSize, 9, LIST_SIZE),
            directive(
                "@cacheTag",
                Builtin::CacheTag,
                12,
                "(format: String!) repeatable on FIELD_DEFINITION | OBJECT",
            ),
        ],
    },
    Specification {
        identity: LINK,
        versions: (1, 0..=0),
        elements: &[
            scalar("Import", 0),
            PURPOSE,
            directive(
                "@link",
                Builtin::Link,
                0,
                "(url: String, as: String, for: {Purpose}, import: [{Import}]) repeatable on SCHEMA",
            ),
        ],
    },
    Specification {
        identity: CORE,
        versions: (0, 1..=2),
        elements: &[
            PURPOSE,
            directive(
                "@core",
                Builtin::Core,
                0,
                "(feature: String!, as: String, for: {Purpose}) repeatable on SCHEMA",
            ),
        ],
    },
    Specification {
        identity: "https://specs.apollo.dev/tag",
        versions: (0, 1..=3),
        elements: &[directive("@tag", Builtin::Tag, 0, TAG), directive("@tag", Builtin::Tag, 3, TAG_SCHEMA)],
    },
    Specification {
        identity: "https://specs.apollo.dev/inaccessible",
        versions: (0, 1..=2),
        elements: &[directive("@inaccessible", Builtin::Inaccessible, 0, INACCESSIBLE)],
    },
    Specification {
        identity: "https://specs.apollo.dev/authenticated",
        versions: (0, 1..=1),
        elements: &[directive("@authenticated", Builtin::Authenticated, 0, AUTHENTICATED)],
    },
    Specification {
        identity: "https://specs.apollo.dev/requiresScopes",
        versions: (0, 1..=1),
        elements: &[scalar("Scope", 0), directive("@requiresScopes", Builtin::RequiresScopes, 0, SCOPES)],
    },
    Specification {
        identity: "https://specs.apollo.dev/policy",
        versions: (0, 1..=1),
        elements: &[scalar("Policy", 0), directive("@policy", Builtin::Policy, 0, POLICY)],
    },
    Specification {
        identity: "https://specs.apollo.dev/cost",
        versions: (0, 1..=1),
        elements: &[
            directive("@cost", Builtin::Cost, 0, COST),
            directive("@listSize", Builtin::ListSize, 0, LIST_SIZE),
        ],
    },
    Specification {
        identity: "https://specs.apollo.dev/context",
        versions: (0, 1..=1),
        elements: &[
            scalar("ContextFieldValue", 0),
            directive("@context", Builtin::Context, 0, CONTEXT),
            directive("@fromContext", Builtin::FromContext, 0, FROM_CONTEXT),
        ],
    },
    Specification {
        identity: CONNECT,
        versions: (0, 1..=4),
        elements: &[
            scalar("URLPathTemplate", 0),
            scalar("JSONSelection", 0),
            input("ConnectorErrors", "{ message: {JSONSelection} extensions: {JSONSelection} }"),
            input("HTTPHeaderMapping", "{ name: String! from: String value: String }"),
            input("ConnectBatch", "{ maxSize: Int }"),
            input("SourceHTTP", SOURCE_HTTP),
            input("ConnectHTTP", CONNECT_HTTP),
            directive("@connect", Builtin::Connect, 0, CONNECT_DIRECTIVE),
            directive("@source", Builtin::Source, 0, SOURCE_DIRECTIVE),
        ],
    },
];

/// The known specification of that identity.
pub(crate) fn specification(identity: &str) -> Option<&'static Specification> {
    SPECIFICATIONS.iter().find(|specification| specification.identity == identity)
}

impl Specification {
    /// Whether the link is to a version that there is; the elements of any other mean nothing.
    pub(crate) fn has_version(&self, link: &Link<'_>) -> bool {
        let (major, minors) = &self.versions;
        link.major == *major && minors.contains(&link.minor)
    }

    /// Elements that exist in `minor`, each by its newest row.
    pub(crate) fn elements_at(&self, minor: u32) -> Vec<&'static Element> {
        let mut found: Vec<&'static Element> = Vec::new();
        for element in self.elements.iter().filter(|element| element.since <= minor) {
            match found.iter_mut().find(|has| has.name == element.name) {
                Some(has) => *has = element,
                None => found.push(element),
            }
        }
        found
    }
}
