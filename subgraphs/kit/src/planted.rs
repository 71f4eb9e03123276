//! Mistakes that can be made on purpose, one at a time and in one thread, to see that the simulation finds them.
//!
//! With the feature `planted` off, which is how services are built, [`is`] is `false` where it is compiled.

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bug {
    /// A consumer acknowledges what it has not stored.
    AcknowledgeFirst,
    /// An undo of what was not done leaves nothing behind.
    NoTombstone,
    /// A relay settles under a fence that stands no more.
    NoFence,
    /// Events are applied as they come.
    NoOrder,
    /// A relay settles before it sends.
    SettleFirst,
    /// A pivot whose outcome is not known counts as not done.
    NoAbandon,
    /// An answer is taken whichever generation it answers.
    AnyGeneration,
    /// An answer is taken again when it comes again.
    AnswerTwice,
    /// An effect and the mark that it was applied are two transactions.
    MarkApart,
    /// A relay settles what failed as sent.
    FailedIsSent,
    /// What is due when is told by the process's clock.
    ProcessClock,
    /// A step is asked again under another name.
    NewStepName,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::AcknowledgeFirst,
        Self::NoTombstone,
        Self::NoFence,
        Self::NoOrder,
        Self::SettleFirst,
        Self::NoAbandon,
        Self::AnyGeneration,
        Self::AnswerTwice,
        Self::MarkApart,
        Self::FailedIsSent,
        Self::ProcessClock,
        Self::NewStepName,
    ];
}

#[cfg(feature = "planted")]
std::thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Makes this mistake from now on in this thread, or none.
#[cfg(feature = "planted")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

/// Whether this mistake is made here.
#[cfg(feature = "planted")]
#[must_use]
pub fn is(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Whether this mistake is made here: none is.
#[cfg(not(feature = "planted"))]
#[must_use]
#[inline]
pub const fn is(_: Bug) -> bool {
    false
}
