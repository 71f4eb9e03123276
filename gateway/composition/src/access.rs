//! Access rules: authenticated, scopes, policies. Rules of several places must all hold.
//!
//! Scopes and policies are alternatives of sets: one set of them must be held whole.

use std::collections::BTreeSet;

use crate::emit::quote;
use crate::model::{Applied, Builtin};

/// Alternatives; none at all means that nothing is asked for.
type Alternatives = Vec<BTreeSet<String>>;

/// What a caller must have to see an element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    authenticated: bool,
    scopes: Option<Alternatives>,
    policies: Option<Alternatives>,
}

impl Access {
    /// The rules of all applications together.
    pub(crate) fn of<'a>(applied: impl Iterator<Item = &'a Applied<'a>>) -> Self {
        let mut access = Self::default();
        for applied in applied {
            if applied.is(Builtin::Authenticated) {
                access.authenticated = true;
            } else if applied.is(Builtin::RequiresScopes) {
                access.scopes = both(access.scopes.as_ref(), alternatives(applied, "scopes").as_ref());
            } else if applied.is(Builtin::Policy) {
                access.policies = both(access.policies.as_ref(), alternatives(applied, "policies").as_ref());
            }
        }
        access
    }

    /// Both rules.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self {
            authenticated: self.authenticated || other.authenticated,
            scopes: both(self.scopes.as_ref(), other.scopes.as_ref()),
            policies: both(self.policies.as_ref(), other.policies.as_ref()),
        }
    }

    /// Whether who satisfies `self` satisfies `other` too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        (self.authenticated || !other.authenticated)
            && covers(self.scopes.as_ref(), other.scopes.as_ref())
            && covers(self.policies.as_ref(), other.policies.as_ref())
    }

    /// Each directive with its arguments, without name.
    pub(crate) fn arguments(&self) -> Vec<(Builtin, String)> {
        let mut found = Vec::new();
        if self.authenticated {
            found.push((Builtin::Authenticated, String::new()));
        }
        if let Some(scopes) = &self.scopes {
            found.push((Builtin::RequiresScopes, format!("(scopes: {})", print(scopes))));
        }
        if let Some(policies) = &self.policies {
            found.push((Builtin::Policy, format!("(policies: {})", print(policies))));
        }
        found
    }
}

fn alternatives(applied: &Applied<'_>, argument: &str) -> Option<Alternatives> {
    let list = applied.argument(argument)?.as_list()?;
    let sets = list.iter().map(|set| {
        let items = set.as_list().unwrap_or_default();
        items.iter().filter_map(|item| item.as_str()).map(str::to_owned).collect::<BTreeSet<String>>()
    });
    Some(without_redundant(sets.collect()))
}

fn both(a: Option<&Alternatives>, b: Option<&Alternatives>) -> Option<Alternatives> {
    let (Some(first), Some(second)) = (a, b) else { return a.or(b).cloned() };
    let joined = first.iter().flat_map(|has| second.iter().map(|set| has.union(set).cloned().collect()));
    Some(without_redundant(joined.collect()))
}

/// Drops alternatives that ask for more than another does.
fn without_redundant(mut sets: Alternatives) -> Alternatives {
    sets.sort_by_key(BTreeSet::len);
    let mut kept: Alternatives = Vec::new();
    for set in sets {
        if !kept.iter().any(|has| has.is_subset(&set)) {
            kept.push(set);
        }
    }
    kept
}

fn covers(has: Option<&Alternatives>, needs: Option<&Alternatives>) -> bool {
    let Some(needs) = needs else { return true };
    has.is_some_and(|has| has.iter().all(|set| needs.iter().any(|need| need.is_subset(set))))
}

fn print(alternatives: &Alternatives) -> String {
    let sets = alternatives
        .iter()
        .map(|set| format!("[{}]", set.iter().map(|item| quote(item)).collect::<Vec<_>>().join(", ")));
    format!("[{}]", sets.collect::<Vec<_>>().join(", "))
}
