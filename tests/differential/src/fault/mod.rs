//! Mistakes made on purpose, to see that they are found: in the plan, in what subgraphs answer, and in the response.

mod answer;
mod plan;

use octavo_query_plan::QueryPlan;

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The plan writes what is skipped.
    ConditionsLost,
    /// The plan writes what is skipped, and skips the rest.
    ConditionsNegated,
    /// The plan writes fields under their own names.
    AliasesIgnored,
    /// The plan writes two keys the wrong way round.
    KeysSwapped,
    /// The plan leaves out a key.
    KeyDropped,
    /// The plan writes fields for objects of other types.
    TypesIgnored,
    /// The plan lets null stand where it may not.
    NullAllowed,
    /// The plan lets null take its object with it where it may stand.
    NullForbidden,
    /// The plan sends entities without the last of their fields.
    RepresentationCut,
    /// The plan sends no variables.
    VariablesLost,
    /// The plan sends its requests in reverse.
    RequestsReversed,
    /// The plan leaves out its last request.
    RequestDropped,
    /// The plan reads two fields into each other's places.
    ReadSwapped,
    /// A subgraph lets null take objects with it where it may stand.
    NullSpreads,
    /// A subgraph answers with lists the wrong way round.
    ListsReversed,
    /// A subgraph ignores the default values of arguments.
    DefaultsIgnored,
    /// A subgraph resolves the root fields of a mutation in reverse.
    EffectsReversed,
    /// A subgraph answers under the names of fields.
    AnswerAliasesIgnored,
    /// A subgraph skips what it is told to include.
    IncludesIgnored,
    /// Two entities of an answer stand in each other's places.
    EntitiesSwapped,
    /// An entity is missing from an answer.
    EntityNull,
    /// An answer's errors are lost.
    ErrorsLost,
    /// An answer names another type.
    TypenameWrong,
    /// An answer comes a second time too late: it is the one before.
    AnswerStale,
    /// The response lacks an error.
    ErrorDropped,
    /// The response tells an error twice.
    ErrorTwice,
    /// An error of the response lacks its path.
    PathLost,
    /// The response's numbers are written anew.
    NumbersRewritten,
}

impl Fault {
    /// Every one.
    pub const ALL: [Self; 28] = [
        Self::ConditionsLost,
        Self::ConditionsNegated,
        Self::AliasesIgnored,
        Self::KeysSwapped,
        Self::KeyDropped,
        Self::TypesIgnored,
        Self::NullAllowed,
        Self::NullForbidden,
        Self::RepresentationCut,
        Self::VariablesLost,
        Self::RequestsReversed,
        Self::RequestDropped,
        Self::ReadSwapped,
        Self::NullSpreads,
        Self::ListsReversed,
        Self::DefaultsIgnored,
        Self::EffectsReversed,
        Self::AnswerAliasesIgnored,
        Self::IncludesIgnored,
        Self::EntitiesSwapped,
        Self::EntityNull,
        Self::ErrorsLost,
        Self::TypenameWrong,
        Self::AnswerStale,
        Self::ErrorDropped,
        Self::ErrorTwice,
        Self::PathLost,
        Self::NumbersRewritten,
    ];

    pub(crate) fn in_plan(self, plan: &mut QueryPlan) {
        plan::spoil(self, plan);
    }

    /// Spoils a subgraph's answer; `before` is the one before it.
    pub(crate) fn in_answer(self, answer: String, before: Option<&str>) -> String {
        answer::spoil_answer(self, answer, before)
    }

    pub(crate) fn in_response(self, response: String) -> String {
        answer::spoil_response(self, response)
    }
}
