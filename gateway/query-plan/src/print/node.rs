//! The conventional nodes of a printed plan.

use serde::Serialize;

/// The whole plan.
#[derive(Serialize)]
#[serde(tag = "kind", rename = "QueryPlan")]
pub(super) struct Plan {
    pub(super) node: Option<Node>,
}

#[derive(Serialize)]
#[serde(tag = "kind")]
pub(super) enum Node {
    Fetch(Fetch),
    BatchFetch(BatchFetch),
    Flatten(Flatten),
    Sequence(Several),
    Parallel(Several),
    Condition(Condition),
    Defer(Defer),
    Subscription(Subscription),
    Introspection(Introspection),
}

#[derive(Serialize)]
pub(super) struct Several {
    pub(super) nodes: Vec<Node>,
}

/// What every request says of itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    pub(super) service_name: String,
    pub(super) variable_usages: Vec<String>,
    pub(super) operation_kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation_name: Option<String>,
    pub(super) operation: String,
    /// Where variables come from that are neither the client's nor representations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) context_rewrites: Vec<ContextRewrite>,
}

/// A variable that takes a value from an object around the entities.
#[derive(Serialize)]
#[serde(tag = "kind", rename = "KeyRenamer", rename_all = "camelCase")]
pub(super) struct ContextRewrite {
    /// `..` for each object on the way up, then the types of objects there, and fields down to the value.
    pub(super) path: Vec<String>,
    pub(super) rename_key_to: String,
}

/// A request for root fields, or for the entities at one path (then with `requires`).
#[derive(Serialize)]
pub(super) struct Fetch {
    #[serde(flatten)]
    pub(super) request: Request,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) requires: Option<Vec<Selection>>,
    /// The response key of the `_entities` field.
    #[serde(skip)]
    pub(super) entities: Option<String>,
}

/// A request for the entities at several paths.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchFetch {
    #[serde(flatten)]
    pub(super) request: Request,
    pub(super) entity_batch: EntityBatch,
}

#[derive(Serialize)]
pub(super) struct EntityBatch {
    pub(super) aliases: Vec<BatchAlias>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchAlias {
    pub(super) alias: String,
    pub(super) representations_variable_name: String,
    pub(super) paths: Vec<Vec<String>>,
    pub(super) requires: Vec<Selection>,
}

#[derive(Serialize)]
pub(super) struct Flatten {
    pub(super) path: Vec<String>,
    pub(super) node: Box<Node>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Condition {
    /// A variable's name, or an expression of several with `||`, `&&` and `!`.
    #[serde(rename = "condition")]
    pub(super) variables: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) if_clause: Option<Box<Node>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) else_clause: Option<Box<Node>>,
}

/// What is followed, and what is asked for each event.
#[derive(Serialize)]
pub(super) struct Subscription {
    pub(super) primary: Box<Node>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rest: Option<Box<Node>>,
}

/// The first part of the response and those that come after it.
#[derive(Serialize)]
pub(super) struct Defer {
    pub(super) primary: Primary,
    pub(super) deferred: Vec<Deferred>,
}

#[derive(Serialize)]
pub(super) struct Primary {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) node: Option<Box<Node>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deferred {
    /// The part that must have come before.
    pub(super) depends: Vec<Depends>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    /// A variable's name, or an expression, that must hold; otherwise the part comes with the one before.
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub(super) when: Option<String>,
    /// Where the fragment stands, or the list.
    pub(super) query_path: Vec<String>,
    /// For a list, how many items come before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) initial_count: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) node: Option<Box<Node>>,
}

#[derive(Serialize)]
pub(super) struct Depends {
    pub(super) id: String,
}

#[derive(Serialize)]
pub(super) struct Introspection {
    pub(super) fields: Vec<String>,
}

/// What a representation holds.
#[derive(Serialize)]
#[serde(tag = "kind")]
pub(super) enum Selection {
    Field {
        name: String,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        selections: Vec<Selection>,
    },
    #[serde(rename_all = "camelCase")]
    InlineFragment { type_condition: String, selections: Vec<Selection> },
}
