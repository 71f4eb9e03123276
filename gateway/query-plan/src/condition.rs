//! `@skip` and `@include`, kept as conditions on variables so that one plan serves all their values.

octavo_index::define_ids! {
    /// Names a [`Condition`] of one plan.
    ConditionId
}

/// A Boolean variable that must have a value: `@include(if: $v)` wants `true`, `@skip(if: $v)` wants `false`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Literal {
    /// The variable's name, without `$`.
    pub variable: Box<str>,
    /// The value that it must have.
    pub value: bool,
}

/// Holds when all literals of at least one alternative hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    /// The alternatives; never empty, and none of them is empty (what always holds has no condition).
    pub alternatives: Vec<Vec<Literal>>,
}

impl Condition {
    /// Whether the condition holds, given each variable's value.
    pub fn holds(&self, value_of: impl Fn(&str) -> bool) -> bool {
        self.alternatives.iter().any(|all| all.iter().all(|l| value_of(&l.variable) == l.value))
    }
}
