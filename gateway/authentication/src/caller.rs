//! Who sends a request, as far as rules ask.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::Options;
use crate::token::LEEWAY;

/// Who sends a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular: there is no token.
    #[default]
    Anonymous,
    /// The bearer of a valid token.
    Bearer {
        /// What the token is good for.
        scopes: HashSet<Box<str>>,
        /// The policies that hold for the bearer.
        policies: HashSet<Box<str>>,
        /// When the token is good no longer.
        until: Option<SystemTime>,
    },
}

impl Caller {
    /// The bearer of a token with these claims.
    pub(crate) fn of(claims: &Map<String, Value>, options: &Options) -> Self {
        let read = |claim: &String| find(claims, claim).map(words).unwrap_or_default();
        Self::Bearer {
            scopes: read(&options.scopes_claim),
            policies: options.policies_claim.as_ref().map(read).unwrap_or_default(),
            until: claims.get("exp").and_then(Value::as_f64).and_then(end),
        }
    }

    /// Whether it is known who it is.
    pub fn is_authenticated(&self) -> bool {
        matches!(self, Self::Bearer { .. })
    }

    /// When it is known no longer. `None`: never.
    pub fn until(&self) -> Option<SystemTime> {
        match self {
            Self::Anonymous => None,
            Self::Bearer { until, .. } => *until,
        }
    }

    /// Whether the caller has a scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        matches!(self, Self::Bearer { scopes, .. } if scopes.contains(scope))
    }

    /// Whether a policy holds for the caller.
    pub fn has_policy(&self, policy: &str) -> bool {
        matches!(self, Self::Bearer { policies, .. } if policies.contains(policy))
    }
}

/// When a token is good no longer that says so in seconds since 1970.
fn end(expires: f64) -> Option<SystemTime> {
    let since = Duration::try_from_secs_f64(expires).ok()?.checked_add(Duration::from_secs(LEEWAY))?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

/// The claim of a name, or what lies at a path of names with dots between them: `realm_access.roles`. Names may have dots
/// themselves, as those that are URLs do.
fn find<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c Value> {
    claims.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        rest.split('.').try_fold(claims.get(first)?, |value, name| value.get(name))
    })
}

/// A list of texts, or a text with spaces between words. Anything else says nothing.
fn words(value: &Value) -> HashSet<Box<str>> {
    match value {
        Value::String(text) => text.split_whitespace().map(Into::into).collect(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(Into::into).collect(),
        _ => HashSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Caller;
    use crate::Options;

    #[test]
    fn scopes_and_policies_are_lists_or_words() {
        let options = Options {
            scopes_claim: "scp".to_owned(),
            policies_claim: Some("rules".to_owned()),
            ..Options::default()
        };
        let claims = json!({ "scope": "x", "scp": ["read write", "b", 7], "rules": " one  two " });
        let caller = Caller::of(claims.as_object().expect("an object"), &options);
        assert!(caller.is_authenticated());
        assert!(caller.has_scope("b") && caller.has_scope("read write"), "{caller:?}");
        assert!(!caller.has_scope("x") && !caller.has_scope("read") && !caller.has_scope("7"), "{caller:?}");
        assert!(
            caller.has_policy("one") && caller.has_policy("two") && !caller.has_policy("b"),
            "{caller:?}"
        );
        let nested = Options { scopes_claim: "realm.access.roles".to_owned(), ..options.clone() };
        let claims = json!({ "realm": { "access": { "roles": ["deep"], "other": ["no"] } }, "x": 1 });
        assert!(Caller::of(claims.as_object().expect("an object"), &nested).has_scope("deep"));
        let dotted = json!({ "realm.access.roles": "own", "realm": { "access": { "roles": ["deep"] } } });
        let caller = Caller::of(dotted.as_object().expect("an object"), &nested);
        assert!(caller.has_scope("own") && !caller.has_scope("deep"), "{caller:?}");
        let text = json!({ "realm": "access" });
        assert!(!Caller::of(text.as_object().expect("an object"), &nested).has_scope("access"));
        let claims = json!({ "rules": "one" });
        let without = Options { policies_claim: None, ..options };
        assert!(!Caller::of(claims.as_object().expect("an object"), &without).has_policy("one"));
    }
}
