//! Why there is no plan.

/// Why an operation cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No subgraph can be asked for something. Composition proves that this cannot be, so the supergraph was not composed, or edited.
    #[error("no subgraph can be asked for {what} at `{path}`; the supergraph is not satisfiable")]
    Unreachable {
        /// What cannot be had.
        what: String,
        /// The field names that lead to it.
        path: String,
    },
    /// An argument takes its value from a context that no object around sets. Composition proves that this cannot be either.
    #[error("no object around `{path}` sets the context from which the argument {what} takes its value")]
    NoContext {
        /// The argument and its field.
        what: String,
        /// The field names that lead to the objects that have the field.
        path: String,
    },
    /// Requests would wait for one another in too long a row, each for what the next one sends.
    #[error(
        "what is asked for at `{path}` takes more than {most} requests in a row, each for what the next one sends"
    )]
    TooLong {
        /// The field names that lead to the objects that are asked for.
        path: String,
        /// The most that there may be.
        most: usize,
    },
}
