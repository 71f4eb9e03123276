//! Mistakes made on purpose, to see that they are found.

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A subgraph answers with fields that are skipped.
    SkipIgnored,
    /// A subgraph answers with fields that are not included.
    IncludeIgnored,
    /// A subgraph answers under the names of fields.
    AliasIgnored,
    /// A subgraph leaves null where it may not be.
    NullKept,
    /// A subgraph answers with lists the wrong way round.
    ListReversed,
}
