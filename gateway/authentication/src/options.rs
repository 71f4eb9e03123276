//! How tokens are found and checked.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use jsonwebtoken::Algorithm;

use crate::KeySource;

/// How tokens are found and read.
#[derive(Clone, Debug)]
pub struct Options {
    /// The header that holds the token.
    pub header: HeaderName,
    /// The word before the token, in any case; empty: the header holds nothing else.
    pub prefix: String,
    /// What becomes of a request whose token is not valid.
    pub on_invalid: InvalidTokens,
    /// The claim that holds the caller's scopes: a list, or a text with spaces between them. A name, or a path such as
    /// `realm_access.roles`.
    pub scopes_claim: String,
    /// The claim that holds the policies that hold for the caller, in the same way; `None`: none ever holds.
    pub policies_claim: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            header: http::header::AUTHORIZATION,
            prefix: "Bearer".to_owned(),
            on_invalid: InvalidTokens::Refuse,
            scopes_claim: "scope".to_owned(),
            policies_claim: None,
        }
    }
}

/// What becomes of a request whose token is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidTokens {
    /// It is refused.
    Refuse,
    /// It is answered as one without a token.
    Ignore,
}

/// Who issues tokens, and where its keys are published.
pub struct Provider {
    /// Where the keys are, for messages.
    pub name: String,
    /// Where the keys are.
    pub source: Arc<dyn KeySource>,
    /// What `iss` may be; empty: anything.
    pub issuers: Vec<String>,
    /// What `aud` may be; empty: anything.
    pub audiences: Vec<String>,
    /// What tokens may be signed with.
    pub algorithms: Vec<Algorithm>,
    /// Keys that are older are fetched again.
    pub refresh: Duration,
}
