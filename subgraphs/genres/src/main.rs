//! The genres service.

fn main() {}
