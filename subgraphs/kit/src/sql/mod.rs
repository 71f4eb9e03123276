//! One way to ask an SQL engine, whichever it is: [`Db`], [`Tx`], [`Sql`] and [`Row`].
//!
//! A store writes each statement once, in PostgreSQL's spelling with `$1` parameters; the few words that the
//! engines spell differently are translated (`dialect`). Columns are text, 64-bit integers and bytes,
//! and text that sorts or matches is stored as a key (see [`crate::text`]), so both engines answer alike.

mod db;
mod dialect;
mod owned;
mod paging;
mod postgres;
mod row;
pub(crate) mod sqlite;
mod statement;
mod tx;

pub use db::{Db, DbOptions};
pub use owned::{Owned, pages_of};
pub use paging::Order;
pub use row::Row;
pub use statement::{Sql, Value};
pub use tx::Tx;
