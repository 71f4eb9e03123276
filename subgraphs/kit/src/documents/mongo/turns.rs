//! Turns: two writers of this process never write one document at the same time.
//!
//! MongoDB itself lets only one of two writers with the same expected revision through. Servers of the
//! protocol that check and write in two steps let both through; writers that take turns are right on those
//! too, as long as they share a process.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use tokio::sync::{Mutex, OwnedMutexGuard};

/// How many documents can be written at once; those that share a place take turns for nothing.
const PLACES: usize = 64;

pub(super) struct Turns([Arc<Mutex<()>>; PLACES]);

/// Kept until the server has answered, also by a statement for whose answer nobody waits any more.
pub(super) type Turn = OwnedMutexGuard<()>;

impl Turns {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| Arc::default()))
    }

    pub(super) async fn of(&self, id: &str) -> Turn {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        // The low bits of a hash are as good as any, whatever the width of an index.
        let place = usize::from(hasher.finish().to_le_bytes()[0]) % PLACES;
        Arc::clone(&self.0[place]).lock_owned().await
    }
}
