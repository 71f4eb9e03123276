//! From a request's headers to the caller.

use std::sync::Arc;

use http::HeaderMap;
use jsonwebtoken::Validation;
use serde_json::{Map, Value};

use crate::keyring::{Key, Keyring, KeysError};
use crate::token::{self, Unverified};
use crate::{Caller, InvalidTokens, Options, Provider, Refusal};

/// Tells who sends a request.
pub struct Authenticator {
    options: Options,
    issuers: Vec<Issuer>,
}

/// A provider, ready to check its tokens.
struct Issuer {
    keyring: Arc<Keyring>,
    names: Vec<String>,
    rules: Validation,
}

impl Authenticator {
    /// Takes tokens of these providers.
    pub fn new(options: Options, providers: Vec<Provider>) -> Self {
        let issuers = providers.into_iter().map(|provider| Issuer {
            keyring: Keyring::new(provider.name, provider.source, provider.refresh),
            rules: token::rules(&provider.algorithms, &provider.audiences),
            names: provider.issuers,
        });
        Self { options, issuers: issuers.collect() }
    }

    /// Fetches the keys of all providers; those that cannot be used are told by name.
    pub async fn fetch_keys(&self) -> Vec<(&str, KeysError)> {
        let fetch = |issuer: &Issuer| {
            let keyring = Arc::clone(&issuer.keyring);
            async move { keyring.fetch().await.err() }
        };
        let failed = futures::future::join_all(self.issuers.iter().map(fetch)).await;
        let named = self.issuers.iter().map(|issuer| issuer.keyring.name()).zip(failed);
        named.filter_map(|(name, error)| Some((name, error?))).collect()
    }

    /// Whoever sends a request with these headers.
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        match self.verified(headers).await {
            Ok(None) => Ok(Caller::Anonymous),
            Ok(Some(claims)) => Ok(Caller::of(&claims, &self.options)),
            Err(refusal) if self.options.on_invalid == InvalidTokens::Ignore => {
                tracing::debug!(%refusal, "a token is left out of account");
                Ok(Caller::Anonymous)
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// The claims of the request's token; `None` if it brings none.
    async fn verified(&self, headers: &HeaderMap) -> Result<Option<Map<String, Value>>, Refusal> {
        let Some(token) = self.token(headers)? else { return Ok(None) };
        let read = Unverified::read(token)?;
        let mut why = Refusal::Issuer;
        let mut keyless = Vec::new();
        for issuer in self.issuers.iter().filter(|issuer| issuer.may_have_issued(&read)) {
            if !issuer.rules.algorithms.contains(&read.algorithm) {
                why = why.max(Refusal::Algorithm);
                continue;
            }
            let keys = issuer.keyring.known(read.key_id.as_deref(), read.algorithm);
            if keys.is_empty() {
                keyless.push(issuer);
            }
            match issuer.verify(token, &keys, &read) {
                Ok(claims) => return Ok(Some(claims)),
                Err(refusal) => why = why.max(refusal),
            }
        }
        // Only when no key that is there verifies it are others asked for.
        for issuer in keyless {
            let keys = issuer.keyring.fetched(read.key_id.as_deref(), read.algorithm).await;
            match keys.and_then(|keys| issuer.verify(token, &keys, &read)) {
                Ok(claims) => return Ok(Some(claims)),
                Err(refusal) => why = why.max(refusal),
            }
        }
        Err(why)
    }

    fn token<'h>(&self, headers: &'h HeaderMap) -> Result<Option<&'h str>, Refusal> {
        let mut values = headers.get_all(&self.options.header).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let value = value.to_str().map_err(|_| Refusal::NoToken)?.trim();
        let token = if self.options.prefix.is_empty() {
            Some(value)
        } else {
            let parts =
                value.split_once(' ').filter(|(word, _)| word.eq_ignore_ascii_case(&self.options.prefix));
            parts.map(|(_, token)| token.trim())
        };
        // With two values it would be open which of them others read.
        let token = token.filter(|token| !token.is_empty() && values.next().is_none());
        token.map(Some).ok_or(Refusal::NoToken)
    }
}

impl Issuer {
    /// What is read before the token is verified is what the signature is checked for afterwards.
    fn may_have_issued(&self, token: &Unverified) -> bool {
        self.names.is_empty() || token.issuer.as_ref().is_some_and(|issuer| self.names.contains(issuer))
    }

    /// The claims of a token that one of these keys has signed.
    fn verify(
        &self,
        token: &str,
        keys: &[Arc<Key>],
        read: &Unverified,
    ) -> Result<Map<String, Value>, Refusal> {
        let mut why = Refusal::UnknownKey;
        for key in keys {
            match token::verify(token, key, read.algorithm, &self.rules) {
                Ok(claims) => return Ok(claims),
                Err(refusal) => why = why.max(refusal),
            }
        }
        Err(why)
    }
}
