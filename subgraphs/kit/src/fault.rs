//! Places where a process may end, by name: what a simulation or a test of processes stops a service at.
//!
//! With the feature `faults` off, which is how services are built, [`at`] does nothing. With it on, a process
//! [`install`]s something that decides at each [`Place`] whether it goes on.

#[cfg(feature = "faults")]
mod decide;

#[cfg(feature = "faults")]
pub use decide::{AbortAt, Decide, Fate, UnknownPlace, at, install};

/// Goes on.
#[cfg(not(feature = "faults"))]
#[inline]
pub fn at(_: Place) -> std::future::Ready<()> {
    std::future::ready(())
}

/// Somewhere between two steps, where a process that ends must lose nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A change's rows and events are written, and not committed.
    ChangeBeforeCommit,
    /// A change is committed, and not answered.
    ChangeAfterCommit,
    /// A relay holds leases, and has sent nothing.
    RelayAfterClaim,
    /// A relay has sent, and does not look at what came of it.
    RelayAfterPublish,
    /// A relay knows what has left, and has not said so.
    RelayBeforeSettle,
    /// A relay has settled.
    RelayAfterSettle,
    /// A consumer has messages, and has neither applied nor stored them.
    ConsumerAfterReceive,
    /// A consumer has applied or stored messages, and not acknowledged them.
    ConsumerAfterStore,
    /// A consumer has acknowledged messages.
    ConsumerAfterAcknowledge,
    /// The effects of events and their marks are written, and not committed.
    InboxBeforeCommit,
    /// The effects of events and their marks are committed.
    InboxAfterCommit,
    /// A coordinator knows how a saga goes on, and has not stored it.
    CoordinatorBeforeStore,
    /// A coordinator has stored a saga and what is to be asked, and not committed them.
    CoordinatorAfterStore,
    /// A migration has run, and is not committed, or not noted.
    MigrationBeforeCommit,
    /// A participant has carried out an operation, and not noted it.
    StepAfterAct,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::ChangeBeforeCommit,
        Self::ChangeAfterCommit,
        Self::RelayAfterClaim,
        Self::RelayAfterPublish,
        Self::RelayBeforeSettle,
        Self::RelayAfterSettle,
        Self::ConsumerAfterReceive,
        Self::ConsumerAfterStore,
        Self::ConsumerAfterAcknowledge,
        Self::InboxBeforeCommit,
        Self::InboxAfterCommit,
        Self::CoordinatorBeforeStore,
        Self::CoordinatorAfterStore,
        Self::MigrationBeforeCommit,
        Self::StepAfterAct,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ChangeBeforeCommit => "change.before_commit",
            Self::ChangeAfterCommit => "change.after_commit",
            Self::RelayAfterClaim => "relay.after_claim",
            Self::RelayAfterPublish => "relay.after_publish",
            Self::RelayBeforeSettle => "relay.before_settle",
            Self::RelayAfterSettle => "relay.after_settle",
            Self::ConsumerAfterReceive => "consumer.after_receive",
            Self::ConsumerAfterStore => "consumer.after_store",
            Self::ConsumerAfterAcknowledge => "consumer.after_acknowledge",
            Self::InboxBeforeCommit => "inbox.before_commit",
            Self::InboxAfterCommit => "inbox.after_commit",
            Self::CoordinatorBeforeStore => "coordinator.before_store",
            Self::CoordinatorAfterStore => "coordinator.after_store",
            Self::MigrationBeforeCommit => "migration.before_commit",
            Self::StepAfterAct => "step.after_act",
        }
    }
}
