//! What is done to a stack, each with the proof that it was done.

pub(crate) mod backlog;
pub(crate) mod connections;
pub(crate) mod disks;
pub(crate) mod engines;
mod growth;
pub(crate) mod kills;
pub(crate) mod messages;
pub(crate) mod places;
pub(crate) mod poison;
pub(crate) mod replicas;
pub(crate) mod restored;
pub(crate) mod topics;
pub(crate) mod wires;
