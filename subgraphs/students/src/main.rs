//! The students service.

fn main() {}
