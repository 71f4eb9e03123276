//! Passwords: argon2id hashes, made and checked away from the threads that answer requests.

use std::sync::{Arc, OnceLock};

use argon2::{
    Argon2, PasswordHasher, PasswordVerifier,
    password_hash::{PasswordHash, SaltString, rand_core::OsRng},
};
use lms_kit::{Problem, StoreError};
use tokio::sync::Semaphore;

/// A hash takes 19 MB of memory while it is made, so only so many are made at once.
const AT_ONCE: usize = 4;
const MIN_CHARACTERS: usize = 8;
const MAX_CHARACTERS: usize = 128;

/// A password that keeps the rule; it is in no log.
pub(crate) struct Password(String);

impl Password {
    /// 8 to 128 characters, just as they came.
    pub(crate) fn new(text: String) -> Result<Self, Problem> {
        let length = text.chars().count();
        if !(MIN_CHARACTERS..=MAX_CHARACTERS).contains(&length) {
            let rule = format!("length {MIN_CHARACTERS}..={MAX_CHARACTERS}");
            return Err(Problem::invalid(&["password"], rule, format!("password has {length} characters")));
        }
        Ok(Self(text))
    }

    /// The password itself.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// What a login gives: any text may be tried.
    pub(crate) fn tried(text: String) -> Self {
        Self(text)
    }
}

/// Makes and checks hashes.
#[derive(Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    /// The hash of nobody's password: checking against it takes as long as checking a user's.
    nobody: Arc<OnceLock<String>>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), nobody: Arc::default() }
    }

    /// The hash of a password, in the PHC format, with a salt of its own.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, StoreError> {
        self.work(move || hash(&password.0)).await?
    }

    /// Whether a password is the one of a hash. Without a hash it is not, and that is known no sooner.
    pub(crate) async fn matches(&self, password: Password, hash: Option<String>) -> Result<bool, StoreError> {
        let nobody = Arc::clone(&self.nobody);
        self.work(move || verify(&password.0, hash.as_deref(), &nobody)).await?
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let _turn = self.turns.acquire().await.map_err(|closed| StoreError::Away(closed.into()))?;
        tokio::task::spawn_blocking(work).await.map_err(|ended| StoreError::Away(ended.into()))
    }
}

fn hash(password: &str) -> Result<String, StoreError> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    Ok(hash.map_err(|cause| StoreError::corrupt("password", cause))?.to_string())
}

fn verify(password: &str, stored: Option<&str>, nobody: &OnceLock<String>) -> Result<bool, StoreError> {
    let known = stored.is_some();
    let text = match (stored, nobody.get()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(text)) => text.clone(),
        (None, None) => {
            let fresh = hash("nobody's password")?;
            nobody.get_or_init(|| fresh).clone()
        }
    };
    let parsed = PasswordHash::new(&text).map_err(|cause| StoreError::corrupt("password hash", cause))?;
    Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_of_a_hash_matches_it() {
        let passwords = Passwords::new();
        let secret = || Password::new("ein Geheimnis 🔑".to_owned()).unwrap();
        let hash = passwords.hash(secret()).await.unwrap();
        assert!(hash.starts_with("$argon2id$") && !hash.contains("Geheimnis"));
        assert_ne!(hash, passwords.hash(secret()).await.unwrap(), "each hash has a salt of its own");
        assert!(passwords.matches(secret(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.matches(Password::tried("Ein Geheimnis 🔑".into()), Some(hash)).await.unwrap());
        assert!(!passwords.matches(secret(), None).await.unwrap());
        assert!(!passwords.matches(Password::tried("nobody's password".into()), None).await.unwrap());
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(Password::new("ß".repeat(8)).is_ok() && Password::new("ß".repeat(128)).is_ok());
        assert!(Password::new("ß".repeat(7)).is_err() && Password::new("ß".repeat(129)).is_err());
    }
}
