//! The log of what students did: an entry for each event that tells of it.

use serde::{Deserialize, Serialize};

/// What a student did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ActivityKind {
    /// Became a student.
    Registered,
    /// Changed name, telephone number or interests.
    Updated,
    /// Commented on a book.
    CommentAdded,
    /// Changed a comment.
    CommentEdited,
    /// Took a comment back.
    CommentDeleted,
    /// Borrowed a book.
    BookLent,
    /// Brought a book back.
    BookReturned,
}

impl ActivityKind {
    const ALL: [Self; 7] = [
        Self::Registered,
        Self::Updated,
        Self::CommentAdded,
        Self::CommentEdited,
        Self::CommentDeleted,
        Self::BookLent,
        Self::BookReturned,
    ];

    /// The kind that an event of this type tells of.
    pub(crate) fn of_event(event_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.event_type() == event_type)
    }

    /// The type of the event that tells of it.
    pub(crate) fn event_type(self) -> &'static str {
        match self {
            Self::Registered => "StudentRegistered",
            Self::Updated => "StudentUpdated",
            Self::CommentAdded => "CommentAdded",
            Self::CommentEdited => "CommentEdited",
            Self::CommentDeleted => "CommentDeleted",
            Self::BookLent => "BookLent",
            Self::BookReturned => "BookReturned",
        }
    }
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Activity {
    /// The event that it was made from.
    pub(crate) id: String,
    /// Whose log it is in.
    pub(crate) student_number: String,
    /// When it took place.
    pub(crate) at_ms: i64,
    /// What took place.
    pub(crate) kind: ActivityKind,
    /// The book that it was about.
    pub(crate) isbn: Option<String>,
}
