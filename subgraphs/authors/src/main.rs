//! The authors service.

fn main() {}
