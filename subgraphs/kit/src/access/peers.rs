//! What a service is asked by other services, not by clients: its state.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Access, bearer};

/// The secret that the library's services share.
#[derive(Clone, Default)]
pub struct PeerToken(Option<Arc<str>>);

/// Why a request of another service is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPeer {
    /// The request does not bring the secret.
    #[error("bring the services' shared token as `Authorization: Bearer`")]
    Unknown,
    /// The service is secured, and has no secret to compare.
    #[error("this service has no shared token: give it --peer-token-file or PEER_TOKEN")]
    NoToken,
}

impl PeerToken {
    /// This secret; none if it is empty.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        let secret = secret.trim();
        Self((!secret.is_empty()).then(|| secret.into()))
    }

    /// The secret, for a request to another service.
    pub(crate) fn secret(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Whether a request with this `Authorization` comes from another service. Open services without a secret
    /// answer everyone.
    pub(crate) fn admit(&self, authorization: Option<&str>, access: &Access) -> Result<(), NoPeer> {
        match (&self.0, access) {
            (None, Access::Open) => Ok(()),
            (None, Access::Secured(_)) => Err(NoPeer::NoToken),
            (Some(secret), _) => {
                // Digests are compared, so that the time tells nothing of the secret.
                let digest = |text: &str| Sha256::digest(text.as_bytes());
                let given = authorization.and_then(bearer).map(digest);
                if given == Some(digest(secret)) { Ok(()) } else { Err(NoPeer::Unknown) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_opens_a_service_that_has_one() {
        let token = PeerToken::new(" s3cret\n");
        assert_eq!(token.admit(Some("Bearer s3cret"), &Access::Open), Ok(()));
        for wrong in [None, Some("Bearer other"), Some("s3cret"), Some("Bearer ")] {
            assert_eq!(token.admit(wrong, &Access::Open), Err(NoPeer::Unknown), "{wrong:?}");
        }
        assert_eq!(PeerToken::new(" ").admit(None, &Access::Open), Ok(()), "nobody has secured it");
    }
}
