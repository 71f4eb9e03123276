//! What a token says, and whether it may be believed.

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Refusal;
use crate::keyring::Key;

/// How far two clocks may be apart, in seconds.
pub(crate) const LEEWAY: u64 = 30;

/// What can be read of a token before it is verified: by it, the keys are chosen.
pub(crate) struct Unverified {
    pub(crate) key_id: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) issuer: Option<String>,
}

impl Unverified {
    pub(crate) fn read(token: &str) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Claims {
            iss: Option<Value>,
        }
        let malformed = |_| Refusal::Malformed;
        let Header { kid, alg, crit, .. } = decode_header(token).map_err(malformed)?;
        if crit.is_some() {
            return Err(Refusal::Critical);
        }
        let claims: Claims = jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(malformed)?;
        let issuer = claims.iss.as_ref().and_then(Value::as_str).map(str::to_owned);
        Ok(Self { key_id: kid, algorithm: alg, issuer })
    }
}

/// What a provider's tokens must say, their issuer aside.
pub(crate) fn rules(algorithms: &[Algorithm], audiences: &[String]) -> Validation {
    let mut rules = Validation {
        algorithms: algorithms.to_vec(),
        leeway: LEEWAY,
        validate_nbf: true,
        validate_aud: !audiences.is_empty(),
        ..Validation::default()
    };
    let mut required = vec!["exp"];
    if !audiences.is_empty() {
        rules.set_audience(audiences);
        required.push("aud");
    }
    rules.set_required_spec_claims(&required);
    rules
}

/// The claims of a token that this key has signed and that is good now.
pub(crate) fn verify(
    token: &str,
    key: &Key,
    algorithm: Algorithm,
    rules: &Validation,
) -> Result<Map<String, Value>, Refusal> {
    // The library wants all that is accepted to be of the key's kind.
    let rules = Validation { algorithms: vec![algorithm], ..rules.clone() };
    let verified = decode::<Map<String, Value>>(token, &key.decoding, &rules);
    Ok(verified.map_err(|error| refusal(&error))?.claims)
}

fn refusal(error: &Error) -> Refusal {
    match error.kind() {
        ErrorKind::InvalidSignature => Refusal::Signature,
        ErrorKind::ExpiredSignature => Refusal::Expired,
        ErrorKind::ImmatureSignature => Refusal::Early,
        ErrorKind::InvalidAudience => Refusal::Audience,
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => Refusal::Claims,
        ErrorKind::InvalidAlgorithm => Refusal::Algorithm,
        _ => Refusal::Malformed,
    }
}
