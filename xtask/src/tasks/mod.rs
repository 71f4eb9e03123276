//! One module a task.

pub(crate) mod agreement;
pub(crate) mod bench;
pub(crate) mod chaos;
pub(crate) mod composers;
pub(crate) mod engines;
pub(crate) mod events;
pub(crate) mod load;
pub(crate) mod schema;
pub(crate) mod test;
