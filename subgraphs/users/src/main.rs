//! The users service.

fn main() {}
