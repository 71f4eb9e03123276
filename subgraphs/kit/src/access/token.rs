//! What a token says, once its signature has been checked.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use super::{Caller, Scope, Unverified, Verified};

/// Who issues the tokens.
pub const ISSUER: &str = "library/users";
/// For whom.
pub const AUDIENCE: &str = "library";
/// How far the clocks of two services may be apart, in seconds.
const LEEWAY: i64 = 30;

#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    scope: String,
    exp: i64,
}

/// The key that a token says it is signed with.
pub(super) fn key_id(token: &str) -> Result<String, Unverified> {
    let header = decode_header(token).map_err(|_| Unverified::Invalid("the token is not a signed JWT"))?;
    header.kid.ok_or(Unverified::Invalid("the token does not name its key"))
}

/// The bearer of a token that this key has signed and that is still good.
pub(super) fn verify(token: &str, key: &DecodingKey, now_ms: i64) -> Result<Verified, Unverified> {
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_audience(&[AUDIENCE]);
    rules.set_issuer(&[ISSUER]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // It is compared with the service's own clock below.
    rules.validate_exp = false;
    let claims = decode::<Claims>(token, key, &rules);
    let Claims { sub, scope, exp } =
        claims.map_err(|_| Unverified::Invalid("the token was not issued by the users service"))?.claims;
    let until = exp.saturating_add(LEEWAY).saturating_mul(1000);
    if now_ms >= until {
        return Err(Unverified::EXPIRED);
    }
    Ok(Verified { caller: Caller::Bearer { subject: sub, scopes: Scope::read(&scope) }, until: Some(until) })
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode, jwk::Jwk};
    use serde_json::{Value, json};

    use super::*;

    /// An Ed25519 key in PKCS #8.
    fn signing_key() -> EncodingKey {
        let mut der = vec![
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
        ];
        der.extend([7; 32]);
        EncodingKey::from_ed_der(&der)
    }

    fn verified(claims: &Value, now_s: i64) -> Result<Verified, Unverified> {
        let key = signing_key();
        let public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).unwrap();
        let token = encode(&Header::new(Algorithm::EdDSA), claims, &key).unwrap();
        verify(&token, &DecodingKey::from_jwk(&public).unwrap(), now_s * 1000)
    }

    #[test]
    fn a_token_of_another_issuer_audience_or_time_is_refused() {
        let good = json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "u1", "scope": "admin", "exp": 1000 });
        let caller = Caller::Bearer { subject: "u1".into(), scopes: vec![Scope::Admin] };
        let bearer = Verified { caller, until: Some((1000 + LEEWAY) * 1000) };
        assert_eq!(verified(&good, 1000 + LEEWAY - 1), Ok(bearer));
        assert_eq!(verified(&good, 1000 + LEEWAY), Err(Unverified::EXPIRED));
        for (claim, value) in [
            ("iss", json!("another")),
            ("aud", json!("shop")),
            ("sub", Value::Null),
            ("exp", Value::Null),
            ("iss", Value::Null),
            ("aud", Value::Null),
        ] {
            let mut other = good.clone();
            other[claim] = value;
            assert!(verified(&other, 900).is_err(), "{other}");
        }
    }

    #[test]
    fn a_token_without_a_signature_is_none() {
        // {"alg":"none"} . {"sub":"u1"} .
        assert!(key_id("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSJ9.").is_err());
        assert!(key_id("nonsense").is_err());
    }
}
