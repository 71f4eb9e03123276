//! The whole library and its gateway in one process.

fn main() {}
