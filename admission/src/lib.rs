//! How many requests a server works on at once, and what becomes of the others.
//!
//! A server that takes on more than it can do answers everything late, and then nothing in time. Here a request takes a
//! *place* while it is worked on. Where all are taken a few wait for one, in the order in which they came and not for long;
//! whoever finds even the waiting room full, or has waited in vain, is refused at once and told to come again. It knows no
//! HTTP and no GraphQL: what is a request, and how one is refused, is the server's to say.

mod places;

pub use places::{Admission, Limits, Load, Overloaded, Place, RETRY_AFTER};
