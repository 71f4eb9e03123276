//! The published keys of the users service, kept: tokens verify while it is away.
//!
//! 1. A key that is known and fresh is answered from memory.
//! 2. One that is known and old is answered as well, and the keys are fetched behind the answer.
//! 3. One that is not known is fetched for, at most once in [`BETWEEN`], however many ask.
//!
//! Keys that could not be fetched again for [`KEPT`] are trusted no longer: whoever revoked one may have done so.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use jsonwebtoken::{DecodingKey, jwk::JwkSet};
use tokio::sync::Mutex;

use super::fetch::{FetchError, Source};

/// For how long keys are not asked for again.
const FRESH: Duration = Duration::from_mins(5);
/// For how long keys are good while they cannot be fetched.
const KEPT: Duration = Duration::from_hours(24);
/// The least time between two attempts.
const BETWEEN: Duration = Duration::from_secs(1);

/// Published keys, and where they come from.
pub struct Keyring {
    source: Source,
    kept: RwLock<Kept>,
    /// When the last attempt began; held while one is under way.
    attempt: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Kept {
    keys: HashMap<String, DecodingKey>,
    fetched: Option<Instant>,
}

/// The keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the keys of `{place}` cannot be used: {source}")]
pub struct KeyringError {
    place: String,
    source: FetchError,
}

/// Why there is no such key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum KeyError {
    /// It is not among the published.
    Unknown,
    /// Nobody can say what is published.
    Away,
}

impl Keyring {
    /// Keys of a URL or a file. A file is read at once; a URL when the first token comes, so that services may
    /// start in any order.
    pub async fn open(place: &str) -> Result<Arc<Self>, KeyringError> {
        let wrong = |source| KeyringError { place: place.to_owned(), source };
        let source = Source::new(place).map_err(wrong)?;
        let keyring = Self { source, kept: RwLock::default(), attempt: Mutex::default() };
        if keyring.source.is_file() {
            keyring.fetch().await.map_err(wrong)?;
        }
        Ok(Arc::new(keyring))
    }

    /// The key with an id.
    pub(super) async fn key(self: &Arc<Self>, id: &str) -> Result<DecodingKey, KeyError> {
        if let Some((key, age)) = self.known(id) {
            if age > FRESH {
                let keyring = Arc::clone(self);
                tokio::spawn(async move { keyring.refresh().await });
            }
            return Ok(key);
        }
        let answered = self.refresh().await;
        match self.known(id) {
            Some((key, _)) => Ok(key),
            None if answered => Err(KeyError::Unknown),
            None => Err(KeyError::Away),
        }
    }

    fn known(&self, id: &str) -> Option<(DecodingKey, Duration)> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let age = kept.fetched?.elapsed();
        kept.keys.get(id).filter(|_| age < KEPT).map(|key| (key.clone(), age))
    }

    /// Fetches the keys unless that was just tried; whether it is known now what is published.
    async fn refresh(&self) -> bool {
        let mut attempt = self.attempt.lock().await;
        if attempt.is_none_or(|begun| begun.elapsed() >= BETWEEN) {
            *attempt = Some(Instant::now());
            if let Err(error) = self.fetch().await {
                tracing::warn!(%error, "the keys of tokens were not fetched");
            }
        }
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.fetched.is_some_and(|fetched| fetched.elapsed() < FRESH)
    }

    async fn fetch(&self) -> Result<(), FetchError> {
        let published: JwkSet = serde_json::from_slice(&self.source.fetch().await?)?;
        let named = published.keys.iter().filter_map(|key| Some((key.common.key_id.clone()?, key)));
        // Another kind of key may stand beside ours, and verifies nothing here.
        let keys = named.filter_map(|(id, key)| Some((id, DecodingKey::from_jwk(key).ok()?)));
        let kept = Kept { keys: keys.collect(), fetched: Some(Instant::now()) };
        if kept.keys.is_empty() {
            return Err(FetchError::NoKeys);
        }
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"one","alg":"EdDSA",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    #[tokio::test]
    async fn a_file_of_keys_is_read_at_once_and_again_for_a_key_that_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.json");
        let place = file.to_str().unwrap();
        for wrong in ["", "{}", "{\"keys\":[]}"] {
            std::fs::write(&file, wrong).unwrap();
            let error = Keyring::open(place).await.err().expect("no keys").to_string();
            assert!(error.contains(place), "{error}");
        }
        std::fs::write(&file, KEYS).unwrap();
        let keyring = Keyring::open(place).await.unwrap();
        assert!(keyring.key("one").await.is_ok());
        assert_eq!(keyring.key("two").await.err(), Some(KeyError::Unknown));
        std::fs::write(&file, KEYS.replace("\"one\"", "\"two\"")).unwrap();
        assert_eq!(keyring.key("two").await.err(), Some(KeyError::Unknown), "it is not asked for at once");
        tokio::time::sleep(BETWEEN).await;
        assert!(keyring.key("two").await.is_ok());
    }

    #[tokio::test]
    async fn keys_are_kept_while_nobody_answers() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let router = axum::Router::new().route("/keys", axum::routing::get(|| async { KEYS }));
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let keyring = Keyring::open(&url).await.unwrap();
        assert!(keyring.key("one").await.is_ok());
        server.abort();
        assert!(keyring.key("one").await.is_ok());

        let nobody = Keyring::open("http://127.0.0.1:9/keys").await.unwrap();
        assert_eq!(nobody.key("one").await.err(), Some(KeyError::Away));
    }

    #[tokio::test]
    async fn a_place_that_is_none_is_refused_at_once() {
        for place in ["http://", "https://example.org/keys", "/nowhere/keys.json"] {
            assert!(Keyring::open(place).await.is_err(), "{place}");
        }
    }
}
