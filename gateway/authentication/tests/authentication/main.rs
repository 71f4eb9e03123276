//! Tokens as they come in headers, and keys as they are published.

mod keys;
mod kit;
mod tokens;
