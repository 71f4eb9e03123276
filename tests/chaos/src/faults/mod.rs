//! What is done to a stack, each with the proof that it was done.

pub(crate) mod engines;
pub(crate) mod messages;
pub(crate) mod wires;
