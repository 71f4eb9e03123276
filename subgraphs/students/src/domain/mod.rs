//! The domain: students, their comments on books, and the log of what they did. Types and rules, no driver.

mod activity;
mod comment;
mod erasure;
mod isbn;
mod slot;
mod standing;
mod student;

pub(crate) use activity::{Activity, ActivityKind};
pub use comment::CommentInput;
pub(crate) use comment::{Comment, CommentChange, comment_id, lending_comment_id, student_of_comment};
pub(crate) use isbn::Isbn;
pub(crate) use slot::{Lent, Slots};
pub(crate) use standing::{Standing, no_student};
pub use student::Registration;
pub(crate) use student::{Student, StudentChange, StudentFilter, parse_student_number, phone_key, year_of};

/// What students and their comments are told apart by in events and in the graph.
pub(crate) const STUDENT: &str = "Student";
pub(crate) const COMMENT: &str = "Comment";
