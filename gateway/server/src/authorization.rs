//! Who may see what: a caller held against what fields ask.

use http::HeaderMap;
use octavo_authentication::{Caller, Refusal};
use octavo_language::CoercedVariables;
use octavo_operation::{Operation, When};
use octavo_query_plan::{Condition, Literal, OperationKind};
use octavo_supergraph::{Alternatives, Requirement, RequirementId, Supergraph};

use crate::failure::Failure;
use crate::planning::Planned;
use crate::{Gateway, Options, Unauthorized};

/// Those of a document's requirements that a caller meets, sorted.
pub(crate) type Met = Box<[RequirementId]>;

/// Whoever sends a request with these headers.
pub(crate) async fn caller(gateway: &Gateway, headers: &HeaderMap) -> Result<Caller, Failure> {
    let caller = match gateway.authenticator() {
        None => Caller::Anonymous,
        Some(authenticator) => authenticator.caller(headers).await.map_err(|refusal| match refusal {
            Refusal::Away => Failure::KeysAway,
            other => Failure::Unauthenticated(other.to_string()),
        })?,
    };
    if gateway.options().authorization.require_authentication && !caller.is_authenticated() {
        return Err(Failure::Unauthenticated("only requests that bring a token are answered".to_owned()));
    }
    Ok(caller)
}

/// Those of `requirements` that a caller meets.
pub(crate) fn met(supergraph: &Supergraph, requirements: &[RequirementId], caller: &Caller) -> Met {
    let is_met = |id: &RequirementId| match supergraph.requirement(*id) {
        Requirement::Authenticated => caller.is_authenticated(),
        Requirement::Scopes(all) => holds_one(supergraph, all, |scope| caller.has_scope(scope)),
        Requirement::Policies(all) => holds_one(supergraph, all, |policy| caller.has_policy(policy)),
    };
    requirements.iter().copied().filter(is_met).collect()
}

fn holds_one(supergraph: &Supergraph, alternatives: &Alternatives, has: impl Fn(&str) -> bool) -> bool {
    alternatives.iter().any(|set| set.iter().all(|name| has(supergraph.name(*name))))
}

/// A field that is null in a plan, since the caller may not see it.
pub(crate) struct Refused {
    path: Vec<Box<str>>,
    /// It is asked for if all of these hold.
    when: Vec<Condition>,
}

impl Refused {
    /// Those of an operation.
    pub(crate) fn all(operation: &Operation) -> Vec<Self> {
        let refused = operation.refused().into_iter().map(|refused| Self {
            path: refused.path.iter().map(|key| operation.text(*key).into()).collect(),
            when: refused.when.iter().map(|when| condition(operation, when)).collect(),
        });
        refused.collect()
    }

    /// Whether it is asked for, given the variables that are true.
    fn is_asked(&self, on: &[&str]) -> bool {
        self.when.iter().all(|condition| condition.holds(|name| on.contains(&name)))
    }
}

fn condition(operation: &Operation, when: &When) -> Condition {
    let literal = |literal: &octavo_operation::Literal| Literal {
        variable: operation.text(literal.variable).into(),
        value: literal.value,
    };
    let alternatives = when.alternatives().iter().map(|all| all.iter().map(literal).collect());
    Condition { alternatives: alternatives.collect() }
}

/// Refuses an operation that asks for what the caller may not see, where nulls are not enough: if the options say so, and for a
/// subscription whose events are all of that kind.
pub(crate) fn check(
    planned: &Planned,
    variables: &CoercedVariables,
    options: &Options,
) -> Result<(), Failure> {
    if planned.refused.is_empty() {
        return Ok(());
    }
    let on: Vec<&str> = variables.iter().filter(|(_, value)| value == "true").map(|(name, _)| name).collect();
    let asked: Vec<&Refused> = planned.refused.iter().filter(|one| one.is_asked(&on)).collect();
    let whole = options.authorization.unauthorized == Unauthorized::Refuse;
    let is_root = |one: &Refused| planned.kind == OperationKind::Subscription && one.path.len() == 1;
    if !asked.iter().any(|one| whole || is_root(one)) {
        return Ok(());
    }
    Err(Failure::Unauthorized(asked.into_iter().map(|one| one.path.clone()).collect()))
}
