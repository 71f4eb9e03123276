//! Usernames that are never used again. They are kept as digests under a key of this database: who has only the
//! digests cannot try out names, and no digest says whose it was.

use argon2::password_hash::rand_core::{OsRng, RngCore};
use jsonwebtoken::{Algorithm, EncodingKey, crypto::sign};
use lms_kit::{
    StoreError,
    sql::{Sql, Tx},
};

/// Whether a user with this key has been erased.
pub(super) async fn is_erased(tx: &mut Tx, username_key: &str) -> Result<bool, StoreError> {
    // Without a key, nobody has been.
    let Some(secret) = secret(tx).await? else { return Ok(false) };
    let select = Sql::new("SELECT 1 AS found FROM erased_usernames WHERE digest = $1");
    Ok(tx.row(&select.bind(digest(username_key, &secret)?)).await?.is_some())
}

/// Sees to it that no other user ever has this key.
pub(super) async fn remember(tx: &mut Tx, username_key: &str) -> Result<(), StoreError> {
    let mut new = vec![0; 32];
    OsRng.fill_bytes(&mut new);
    // Of two services that erase at once, one makes the key and the other finds it.
    let first =
        Sql::new("INSERT INTO erasure_keys (number, secret) VALUES (1, $1) ON CONFLICT (number) DO NOTHING");
    tx.run(&first.bind(new)).await?;
    let secret = secret(tx).await?.ok_or_else(|| StoreError::corrupt("erasure key", "there is none"))?;
    let insert =
        Sql::new("INSERT INTO erased_usernames (digest) VALUES ($1) ON CONFLICT (digest) DO NOTHING");
    tx.run(&insert.bind(digest(username_key, &secret)?)).await.map(drop)
}

async fn secret(tx: &mut Tx) -> Result<Option<Vec<u8>>, StoreError> {
    let select = Sql::new("SELECT secret FROM erasure_keys WHERE number = 1");
    tx.row(&select).await?.map(|row| row.bytes("secret")).transpose()
}

/// HMAC with SHA-256, in base64url.
fn digest(username_key: &str, secret: &[u8]) -> Result<String, StoreError> {
    let signed = sign(username_key.as_bytes(), &EncodingKey::from_secret(secret), Algorithm::HS256);
    signed.map_err(|cause| StoreError::corrupt("erasure key", cause))
}
