//! Tokens: JSON Web Tokens signed with Ed25519, and the set of keys with which anyone can check them.

use argon2::password_hash::rand_core::{OsRng, RngCore};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use lms_kit::{
    StoreError,
    access::{AUDIENCE, ISSUER, Scope},
};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{Role, User};

/// How long a token is good for, in seconds.
const LIFETIME: i32 = 60 * 60;

/// What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410, section 7).
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A new private key, in the form in which it is kept.
pub(crate) fn new_private_key() -> Vec<u8> {
    let mut key = PKCS8.to_vec();
    let mut secret = [0; 32];
    OsRng.fill_bytes(&mut secret);
    key.extend(secret);
    key
}

/// Signs tokens.
pub(crate) struct Signer {
    key: EncodingKey,
    key_id: String,
}

/// A signed token.
pub(crate) struct Token {
    /// As the `Authorization: Bearer` header takes it.
    pub(crate) text: String,
    /// For how many seconds it is good.
    pub(crate) expires_in: i32,
}

#[derive(Serialize)]
struct Claims<'u> {
    iss: &'static str,
    aud: &'static str,
    sub: &'u str,
    username: &'u str,
    roles: &'u [Role],
    /// The roles as scopes, in the form in which OAuth has them.
    scope: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

impl Signer {
    /// Signs with the last of the private keys. Also the published set of all of them, in JSON.
    pub(crate) fn new(private_keys: &[Vec<u8>]) -> Result<(Self, String), StoreError> {
        let mut published = JwkSet { keys: Vec::new() };
        let mut signer = None;
        for private_key in private_keys {
            let (key, public) = read(private_key)?;
            let key_id = public.common.key_id.clone().unwrap_or_default();
            published.keys.push(public);
            signer = Some(Self { key, key_id });
        }
        let json = serde_json::to_string(&published).map_err(|cause| StoreError::corrupt("keys", cause))?;
        let signer = signer.ok_or_else(|| StoreError::corrupt("keys", "there is none"))?;
        Ok((signer, json))
    }

    /// A token for a user, good from `now_ms` on.
    pub(crate) fn sign(&self, user: &User, id: Uuid, now_ms: i64) -> Result<Token, StoreError> {
        let iat = now_ms / 1000;
        let exp = iat + i64::from(LIFETIME);
        let scopes: Vec<_> = user.roles.iter().map(|role| scope(*role)).collect();
        let claims = Claims {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: &user.id,
            username: &user.username,
            roles: &user.roles,
            scope: scopes.join(" "),
            iat,
            exp,
            jti: id,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        let text = encode(&header, &claims, &self.key).map_err(|cause| StoreError::corrupt("key", cause))?;
        Ok(Token { text, expires_in: LIFETIME })
    }
}

fn scope(role: Role) -> &'static str {
    let scope = match role {
        Role::Librarian => Scope::Librarian,
        Role::Student => Scope::Student,
        Role::Admin => Scope::Admin,
    };
    scope.word()
}

/// A private key to sign with, and its public half as it is published, named by its thumbprint (RFC 7638).
fn read(private_key: &[u8]) -> Result<(EncodingKey, Jwk), StoreError> {
    let key = EncodingKey::from_ed_der(private_key);
    let unreadable = |cause: jsonwebtoken::errors::Error| StoreError::corrupt("key", cause);
    let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).map_err(unreadable)?;
    public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256).map_err(unreadable)?);
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok((key, public))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation, decode};
    use serde_json::Value;

    use super::*;
    use crate::domain::State;

    fn user() -> User {
        let roles = vec![Role::Librarian, Role::Student];
        let (name, email) = ("Zoë".to_owned(), "zoe@example.org".to_owned());
        User { id: "u1".into(), username: "zoe".into(), name, email, roles, state: State::Active, version: 1 }
    }

    fn check(token: &str, keys: &str) -> Result<Value, jsonwebtoken::errors::Error> {
        let keys: JwkSet = serde_json::from_str(keys).unwrap();
        let key_id = jsonwebtoken::decode_header(token)?.kid.unwrap();
        let key = DecodingKey::from_jwk(keys.find(&key_id).expect("the key is published"))?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[ISSUER]);
        decode::<Value>(token, &key, &rules).map(|decoded| decoded.claims)
    }

    #[test]
    fn the_published_keys_check_a_token() {
        let keys = [new_private_key(), new_private_key()];
        let (signer, published) = Signer::new(&keys).unwrap();
        assert!(!published.contains("\"d\""), "the private half is not published");
        let now_ms = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap() * 1000;
        let token = signer.sign(&user(), Uuid::nil(), now_ms).unwrap();
        let claims = check(&token.text, &published).unwrap();
        assert_eq!(
            (claims["sub"].as_str(), claims["scope"].as_str()),
            (Some("u1"), Some("librarian student"))
        );
        assert_eq!(
            claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
            i64::from(token.expires_in)
        );

        let (_, others) = Signer::new(&[new_private_key()]).unwrap();
        let others: JwkSet = serde_json::from_str(&others).unwrap();
        let key = DecodingKey::from_jwk(&others.keys[0]).unwrap();
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[AUDIENCE]);
        assert!(decode::<Value>(&token.text, &key, &rules).is_err(), "another key refuses it");
        let late = signer.sign(&user(), Uuid::nil(), now_ms - 2000 * i64::from(LIFETIME)).unwrap();
        assert!(check(&late.text, &published).is_err(), "an old token is refused");
    }
}
