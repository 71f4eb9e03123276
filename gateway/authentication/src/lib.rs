//! Who sends a request: bearer tokens (JWT, <https://www.rfc-editor.org/rfc/rfc7519>) checked against published keys.
//!
//! [`Authenticator::caller`] takes the token out of the headers → picks the providers that may have issued it → finds the key that
//! it is signed with ([`keyring`]) → checks the signature and the claims ([`token`]) → reads what the claims let the [`Caller`] do.
//! It knows no schema and no rule: who may see what is for others to decide. Keys come from a [`KeySource`]; [`HttpKeys`] is the
//! one that asks over HTTP.

mod authenticator;
mod caller;
mod http_keys;
mod keyring;
mod options;
mod refusal;
mod source;
mod token;

pub use authenticator::Authenticator;
pub use caller::Caller;
pub use http::HeaderName;
pub use http_keys::{HttpKeys, HttpKeysError};
pub use jsonwebtoken::Algorithm;
pub use keyring::KeysError;
pub use options::{InvalidTokens, Options, Provider};
pub use refusal::Refusal;
pub use source::{FetchError, KeySource};
