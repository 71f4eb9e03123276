//! The specifications whose directives every supergraph can carry.

use crate::model::Builtin;

/// A known directive's specification: URL, purpose, what follows the name in its definition, a scalar it needs.
pub(crate) struct Known {
    pub(crate) builtin: Builtin,
    pub(crate) element: &'static str,
    pub(crate) feature: &'static str,
    pub(crate) definition: &'static str,
    pub(crate) scalar: Option<&'static str>,
}

pub(crate) const PLACES: &str = "FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION";

pub(crate) const KNOWN: &[Known] = &[
    Known {
        builtin: Builtin::Tag,
        element: "tag",
        feature: "url: \"https://specs.apollo.dev/tag/v0.3\"",
        definition: "(name: String!) repeatable on {places} | SCHEMA",
        scalar: None,
    },
    Known {
        builtin: Builtin::Inaccessible,
        element: "inaccessible",
        feature: "url: \"https://specs.apollo.dev/inaccessible/v0.2\", for: SECURITY",
        definition: " on {places}",
        scalar: None,
    },
    Known {
        builtin: Builtin::Authenticated,
        element: "authenticated",
        feature: "url: \"https://specs.apollo.dev/authenticated/v0.1\", for: SECURITY",
        definition: " on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
        scalar: None,
    },
    Known {
        builtin: Builtin::RequiresScopes,
        element: "requiresScopes",
        feature: "url: \"https://specs.apollo.dev/requiresScopes/v0.1\", for: SECURITY",
        definition: "(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
        scalar: Some("requiresScopes__Scope"),
    },
    Known {
        builtin: Builtin::Policy,
        element: "policy",
        feature: "url: \"https://specs.apollo.dev/policy/v0.1\", for: SECURITY",
        definition: "(policies: [[policy__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
        scalar: Some("policy__Policy"),
    },
    Known {
        builtin: Builtin::Context,
        element: "context",
        feature: "url: \"https://specs.apollo.dev/context/v0.1\", for: SECURITY",
        definition: "(name: String!) repeatable on INTERFACE | OBJECT | UNION",
        scalar: Some("context__ContextFieldValue"),
    },
    Known {
        builtin: Builtin::Cost,
        element: "cost",
        feature: "url: \"https://specs.apollo.dev/cost/v0.1\"",
        definition: "(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
        scalar: None,
    },
    Known {
        builtin: Builtin::ListSize,
        element: "listSize",
        feature: "url: \"https://specs.apollo.dev/cost/v0.1\"",
        definition: "(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
        scalar: None,
    },
    Known {
        builtin: Builtin::CacheTag,
        element: "cacheTag",
        feature: "url: \"https://specs.apollo.dev/cacheTag/v0.1\", for: EXECUTION",
        definition: "",
        scalar: None,
    },
];

pub(crate) fn element(builtin: Builtin) -> &'static str {
    KNOWN.iter().find(|known| known.builtin == builtin).map_or("", |known| known.element)
}

pub(crate) fn known(element: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.element == element)
}
