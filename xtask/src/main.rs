//! The tasks of the repository: test, schema, bench.

fn main() {}
