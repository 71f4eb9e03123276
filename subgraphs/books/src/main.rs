//! The books service.

fn main() {}
