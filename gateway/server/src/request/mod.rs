//! From an HTTP request to a GraphQL request.

mod accept;
mod guard;
mod params;
mod receive;

pub(crate) use accept::{EventFormat, MediaType, incremental, wants_page};
pub(crate) use guard::check;
pub(crate) use params::{Params, parse};
pub(crate) use receive::receive;
