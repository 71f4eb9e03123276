//! Keys as bytes. Parts are written with their lengths, so that different keys never have the same bytes.

use octavo_executor::{CacheKey, CacheScope};
use sha2::{Digest, Sha256};

/// The scope, so short that it can stand in every key of a shared server. (Texts with one SHA-256 are not known to exist.)
pub(crate) fn scope_digest(scope: &CacheScope) -> [u8; 32] {
    let mut hash = Sha256::new();
    let caller = scope.caller.as_deref();
    let parts: [&[u8]; 5] = [
        &scope.generation.to_be_bytes(),
        scope.subgraph.as_bytes(),
        &scope.selection,
        &[u8::from(caller.is_some())],
        caller.unwrap_or_default(),
    ];
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The key of an entity on a shared server.
pub(crate) fn remote_key(digest: &[u8; 32], key: &CacheKey) -> Vec<u8> {
    const PREFIX: &[u8] = b"octavo:entity:2:";
    let type_name = key.type_name.as_bytes();
    let mut bytes = Vec::with_capacity(PREFIX.len() + 34 + type_name.len() + key.representation.len());
    bytes.extend_from_slice(PREFIX);
    bytes.extend_from_slice(digest);
    bytes.push(b':');
    // A name holds no colon.
    bytes.extend_from_slice(type_name);
    bytes.push(b':');
    bytes.extend_from_slice(&key.representation);
    bytes
}
