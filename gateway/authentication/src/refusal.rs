//! Why it is not known who sends a request.

/// Why it is not known who sends a request. It is told to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Refusal {
    /// None of the providers issues such tokens.
    #[error("the token was issued by somebody whose tokens are not accepted here")]
    Issuer,
    /// The key that it names is not among the published.
    #[error("the token is signed with a key that is not published")]
    UnknownKey,
    /// The keys were never had, and nobody gives them.
    #[error("the token cannot be verified now: its keys are not to be had")]
    Away,
    /// The header holds something else.
    #[error("the header holds no token of the kind that is accepted here")]
    NoToken,
    /// It is not one that can be read.
    #[error("the token is not a signed JWT")]
    Malformed,
    /// It is signed in a way that is not accepted.
    #[error("the token is signed with an algorithm that is not accepted here")]
    Algorithm,
    /// It says that it must be understood in ways that nobody here knows.
    #[error("the token has critical parameters that are not known here")]
    Critical,
    /// Somebody else signed it, or it was changed.
    #[error("the token's signature is not valid")]
    Signature,
    /// It is for others.
    #[error("the token is for another audience")]
    Audience,
    /// It is not good yet.
    #[error("the token is not good yet")]
    Early,
    /// It is good no longer.
    #[error("the token has expired")]
    Expired,
    /// A claim is missing or has the wrong form.
    #[error("the token lacks a claim that it must have")]
    Claims,
}
