//! Who asks, and what that lets them do.
//!
//! A secured service checks the bearer token of each request against the users service's published keys:
//! [`Keyring`] keeps those, `token` reads what a token says, and resolvers ask the [`Caller`]. A service without
//! keys takes whoever reaches it for a local administrator.

mod caller;
mod fetch;
mod keyring;
mod peers;
mod token;

use std::sync::Arc;

pub use caller::{Caller, Scope};
pub use keyring::{Keyring, KeyringError};
pub use peers::PeerToken;
pub use token::{AUDIENCE, ISSUER};

use crate::service::Headers;
use keyring::KeyError;

/// Who may reach a service.
#[derive(Clone, Default)]
pub enum Access {
    /// Everyone, as a local administrator who goes by the name that a header gives.
    #[default]
    Open,
    /// Everyone as the bearer of a token that these keys verify, or as nobody in particular.
    Secured(Arc<Keyring>),
}

/// Why nobody can say who asks.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unverified {
    /// The token is not one, or is one no longer.
    #[error("{0}; log in again, or ask without `Authorization`")]
    Invalid(&'static str),
    /// There are no keys to verify it with.
    #[error("the token cannot be verified now: the users service does not answer")]
    Away,
}

impl Unverified {
    /// The token was good once.
    pub(crate) const EXPIRED: Self = Self::Invalid("the token has expired");
}

/// Who asks, and for how long that holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) caller: Caller,
    /// When the token is good no longer, in ms of the service's clock. `None`: there is none that could expire.
    pub(crate) until: Option<i64>,
}

impl From<Caller> for Verified {
    fn from(caller: Caller) -> Self {
        Self { caller, until: None }
    }
}

impl Access {
    /// Whoever sends a request with these headers at a time.
    pub(crate) async fn verify(&self, headers: &Headers, now_ms: i64) -> Result<Verified, Unverified> {
        let keyring = match self {
            Self::Open => return Ok(Caller::Local(headers.caller.clone()).into()),
            Self::Secured(keyring) => keyring,
        };
        let Some(authorization) = &headers.authorization else { return Ok(Caller::Anonymous.into()) };
        let token =
            bearer(authorization).ok_or(Unverified::Invalid("`Authorization` has no bearer token"))?;
        let key_id = token::key_id(token)?;
        let key = keyring.key(&key_id).await.map_err(|error| match error {
            KeyError::Unknown => Unverified::Invalid("the token is signed with a key that is not published"),
            KeyError::Away => Unverified::Away,
        })?;
        token::verify(token, &key, now_ms)
    }
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_of_a_token_is_written_in_any_case() {
        assert_eq!(bearer("bEARER  a.b.c "), Some("a.b.c"));
        for other in ["Basic YTpi", "Bearer", "Bearer ", "a.b.c", ""] {
            assert_eq!(bearer(other), None, "{other}");
        }
    }
}
