//! What platform teams see of the traffic between services, and what they mend in it.
//!
//! A service tells what waits in its outbox and its inboxes ([`Traffic`]), gives out its dead letters, and lets one be
//! replayed or discarded: [`Peer`]. A service of the same process is one; [`HttpPeer`] reaches one in another, which
//! answers whoever brings the services' shared token:
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /messages` | [`Traffic`] |
//! | `GET /messages/dead` | [`Letters`](crate::inbox::Letters) |
//! | `POST /messages/replay`, [`Replay`] | `{"problem": null}`, or why nothing was done |
//! | `GET /deposits?key=KEY` | [`Deposit`](crate::deposit::Deposit) |
//! | `GET /sagas?after=SAGA` | the sagas after it that something was done for ([`Effects`](crate::saga::Effects)) |
//! | `GET /sagas/effects?of=SAGA` | what was done for it, each an [`Effect`](crate::saga::Effect) |
//! | `POST /messages/discard`, [`LetterKey`] | the same |

mod letter;
mod peer;
mod remote;
mod traffic;

pub use letter::{LetterKey, Replay};
pub(crate) use letter::{Mended, check_edited};
pub use peer::{Peer, PeerError, Peers};
pub use remote::HttpPeer;
pub use traffic::{Heard, Mark, Sent, SpokenOn, Traffic, Waiting};
