//! The same requests on every engine, and the same bytes in answer.
//!
//! A corpus file is a script of requests to one service. It is run on the embedded engine, where its transcript
//! is a checked-in snapshot, and on the real engine, where the transcript must be the same, byte for byte.
//! Time and identifiers are passed in and repeat, so nothing else can differ.

mod script;
mod transcript;

pub use script::{Script, Step};
pub use transcript::{Transcript, run};
