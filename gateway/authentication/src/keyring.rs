//! The published keys of one provider, kept: tokens verify while it is away.
//!
//! 1. Keys that are known and fresh are answered from memory.
//! 2. Those that are known and old are answered as well, and the keys are fetched behind the answer.
//! 3. For a key that is not known they are fetched, at most once in [`BETWEEN`], however many ask.
//!
//! Keys that could not be fetched again for [`KEPT`] are trusted no longer: whoever revoked one may have done so.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{FetchError, KeySource, Refusal};

/// For how long keys are good while they cannot be fetched.
const KEPT: Duration = Duration::from_hours(24);
/// The least time between two attempts.
const BETWEEN: Duration = Duration::from_secs(1);

/// The keys of one provider.
pub(crate) struct Keyring {
    name: String,
    source: Arc<dyn KeySource>,
    refresh: Duration,
    kept: RwLock<Kept>,
    /// When the last attempt began; held while one is under way.
    attempt: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Kept {
    keys: Vec<Arc<Key>>,
    fetched: Option<Instant>,
}

/// A key that verifies tokens.
pub(crate) struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    pub(crate) decoding: DecodingKey,
}

/// Why a provider's keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// They cannot be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What is there is something else.
    #[error("it is not a JSON Web Key Set: {0}")]
    Malformed(#[from] serde_json::Error),
    /// No token can be verified with them.
    #[error("no key in it can verify a token")]
    NoKeys,
}

impl Keyring {
    pub(crate) fn new(name: String, source: Arc<dyn KeySource>, refresh: Duration) -> Arc<Self> {
        Arc::new(Self { name, source, refresh, kept: RwLock::default(), attempt: Mutex::default() })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The kept keys with this id (all, if a token names none) and algorithm. Keys that are old are fetched again meanwhile.
    pub(crate) fn known(self: &Arc<Self>, id: Option<&str>, algorithm: Algorithm) -> Vec<Arc<Key>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let Some(age) = kept.fetched.map(|fetched| fetched.elapsed()).filter(|age| *age < KEPT) else {
            return Vec::new();
        };
        if age > self.refresh {
            let keyring = Arc::clone(self);
            tokio::spawn(async move { keyring.refresh().await });
        }
        let fits = |key: &&Arc<Key>| {
            id.is_none_or(|id| key.id.as_deref() == Some(id)) && key.algorithms.contains(&algorithm)
        };
        kept.keys.iter().filter(fits).map(Arc::clone).collect()
    }

    /// The same, once the keys have been fetched for it.
    pub(crate) async fn fetched(
        self: &Arc<Self>,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Vec<Arc<Key>>, Refusal> {
        self.refresh().await;
        let keys = self.known(id, algorithm);
        if !keys.is_empty() {
            return Ok(keys);
        }
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let published = kept.fetched.is_some_and(|fetched| fetched.elapsed() < KEPT);
        Err(if published { Refusal::UnknownKey } else { Refusal::Away })
    }

    /// Fetches the keys unless that was just tried.
    async fn refresh(&self) {
        let mut attempt = self.attempt.lock().await;
        if attempt.is_some_and(|begun| begun.elapsed() < BETWEEN) {
            return;
        }
        *attempt = Some(Instant::now());
        if let Err(error) = self.fetch().await {
            tracing::warn!(keys = self.name, %error, "the keys of tokens were not fetched");
        }
    }

    /// Fetches the keys.
    pub(crate) async fn fetch(&self) -> Result<(), KeysError> {
        let keys = read(&self.source.fetch().await?)?;
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) =
            Kept { keys, fetched: Some(Instant::now()) };
        Ok(())
    }
}

/// The keys of a set that verify tokens. Others may stand beside them.
fn read(set: &[u8]) -> Result<Vec<Arc<Key>>, KeysError> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(set)?;
    let keys = set.keys.into_iter().filter_map(|key| Key::new(&Jwk::deserialize(key).ok()?));
    let keys: Vec<_> = keys.map(Arc::new).collect();
    if keys.is_empty() { Err(KeysError::NoKeys) } else { Ok(keys) }
}

impl Key {
    fn new(jwk: &Jwk) -> Option<Self> {
        if jwk.common.public_key_use == Some(PublicKeyUse::Encryption) {
            return None;
        }
        let mut algorithms = algorithms(&jwk.algorithm)?;
        if let Some(only) = jwk.common.key_algorithm {
            let only = Algorithm::try_from(only).ok()?;
            algorithms.retain(|algorithm| *algorithm == only);
        }
        let decoding = DecodingKey::from_jwk(jwk).ok()?;
        Some(Self { id: jwk.common.key_id.clone(), algorithms, decoding })
    }
}

/// What a key of this kind can verify: never what another kind signs, whatever a token says of itself.
fn algorithms(kind: &AlgorithmParameters) -> Option<Vec<Algorithm>> {
    Some(match kind {
        AlgorithmParameters::RSA(_) => AlgorithmFamily::Rsa.algorithms().to_vec(),
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            vec![Algorithm::EdDSA]
        }
        AlgorithmParameters::OctetKey(_) => AlgorithmFamily::Hmac.algorithms().to_vec(),
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => vec![Algorithm::ES256],
            EllipticCurve::P384 => vec![Algorithm::ES384],
            _ => return None,
        },
        _ => return None,
    })
}
