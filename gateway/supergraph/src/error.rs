//! Why a supergraph cannot be loaded.

use octavo_language::{GraphqlError, Location};

/// One reason why a supergraph cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SupergraphError {
    /// The text is not a type system document.
    #[error("{0}")]
    Syntax(GraphqlError),
    /// There is no `join__Graph` enum.
    #[error(
        "this is not a supergraph: it has no `enum join__Graph`; compose the subgraphs first (`octavo compose`)"
    )]
    NotASupergraph,
    /// The supergraph is one of Federation 1.
    #[error(
        "this supergraph was composed for Federation 1 (join v0.1): compose the subgraphs anew (`octavo compose`), which takes \
         subgraphs of Federation 1 as they are"
    )]
    FederationOne,
    /// A directive names a graph that `join__Graph` does not list.
    #[error("`{place}` names the graph `{graph}`, which `enum join__Graph` does not list")]
    UnknownGraph {
        /// The schema coordinate that holds the directive.
        place: String,
        /// The value of its `graph` argument.
        graph: String,
    },
    /// A type is named that is not defined.
    #[error("`{place}` names the type `{name}`, which is not defined")]
    UnknownType {
        /// The schema coordinate that names the type.
        place: String,
        /// The type's name.
        name: String,
    },
    /// A field set does not fit the type that it stands on.
    #[error("`{place}`: the field set `{fields}` is not valid: {why}")]
    FieldSet {
        /// The schema coordinate that holds the field set.
        place: String,
        /// The field set.
        fields: String,
        /// What is wrong with it.
        why: String,
    },
    /// An item of `contextArguments` lacks a member.
    #[error(
        "`{place}`: each item of `contextArguments` must have `context`, `name`, `type` and `selection` as strings"
    )]
    ContextArgument {
        /// The schema coordinate of the field.
        place: String,
    },
    /// An argument names a context that no type sets.
    #[error("`{place}` takes its argument `{argument}` from the context `{context}`, which no type sets")]
    UnknownContext {
        /// The schema coordinate of the field.
        place: String,
        /// The argument's name.
        argument: String,
        /// The context's name.
        context: String,
    },
    /// An access rule cannot be read.
    #[error("`{place}`: the argument of `@{directive}` is not a list of lists of strings")]
    AccessRule {
        /// The schema coordinate that holds it.
        place: String,
        /// The directive's name there.
        directive: String,
    },
    /// There is no query type.
    #[error("the supergraph has no query type")]
    NoQuery,
    /// What remains for clients is not a valid schema.
    #[error("the schema that clients would see is not valid: {0}")]
    ApiSchema(GraphqlError),
}

impl SupergraphError {
    /// Where in the SDL, when one place is the cause.
    pub fn location(&self) -> Option<Location> {
        match self {
            Self::Syntax(error) => error.location,
            _ => None,
        }
    }
}
