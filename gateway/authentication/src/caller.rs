//! Who sends a request, as far as rules ask.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::Options;

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
    },
}

impl Caller {
    /// The bearer of a token with these claims.
    pub(crate) fn of(claims: &Map<String, Value>, options: &Options) -> Self {
        let read = |claim: &String| claims.get(claim).map(words).unwrap_or_default();
        Self::Bearer {
            scopes: read(&options.scopes_claim),
            policies: options.policies_claim.as_ref().map(read).unwrap_or_default(),
        }
    }

    /// Whether it is known who it is.
    pub fn is_authenticated(&self) -> bool {
        matches!(self, Self::Bearer { .. })
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
        let without = Options { policies_claim: None, ..options };
        assert!(!Caller::of(claims.as_object().expect("an object"), &without).has_policy("one"));
    }
}
