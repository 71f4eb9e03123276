//! Where students, comments and the activity log are kept: the port in the domain's words, and its adapter
//! for the document engines.

mod collections;
mod commands;
mod documents;
mod erasing;
mod events;
mod import;
mod projection;
mod registering;
mod steps;

use async_trait::async_trait;
use lms_kit::{
    Problem, Refusal, StoreError,
    idempotency::Command,
    page::{Page, Window},
};

use serde::Serialize;

use crate::domain::{
    Activity, Comment, CommentChange, CommentInput, Isbn, Registration, Student, StudentChange, StudentFilter,
};

pub(crate) use collections::MIGRATIONS;
pub(crate) use documents::DocumentStudents;
pub use import::{ImportedComment, ImportedStudent};
pub(crate) use steps::StudentSteps;

/// A value for each of several owners, such as the comments on each of several books.
pub(crate) type PerOwner<T> = Vec<(String, T)>;

/// How a book was graded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grades {
    /// By how many students; never 0.
    pub(crate) count: i64,
    /// The sum of their grades.
    pub(crate) sum: i64,
}

impl Grades {
    /// The mean grade.
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 students grade a book")]
    pub(crate) fn average(&self) -> f64 {
        self.sum as f64 / self.count as f64
    }
}

/// What a change is about, at the version that the client saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Target {
    /// The key.
    pub(crate) id: String,
    /// The version that the client saw.
    pub(crate) expected_version: i32,
}

impl Target {
    fn check(&self, current: i32) -> Result<(), Problem> {
        if self.expected_version == current {
            return Ok(());
        }
        Err(Problem::version_conflict(self.expected_version, current))
    }
}

/// Keeps students. Each read costs one query, whatever its length.
#[async_trait]
pub(crate) trait StudentStore: Send + Sync {
    /// The students with these numbers, in no order; those that are not there are left out.
    async fn students(&self, numbers: &[String]) -> Result<Vec<Student>, StoreError>;

    /// The students to whom these accounts belong, each with the account.
    async fn by_users(&self, user_ids: &[String]) -> Result<PerOwner<Student>, StoreError>;

    /// A page of the students that a filter lets through, by name.
    async fn list(&self, filter: &StudentFilter, window: &Window) -> Result<Page<Student>, StoreError>;

    /// The comments with these identifiers, in no order; those that are not there are left out.
    async fn comments(&self, ids: &[String]) -> Result<Vec<Comment>, StoreError>;

    /// The number of the student whose comment this is or was.
    async fn commenter(&self, id: &str) -> Result<Option<String>, StoreError>;

    /// A page of the comments on each of these books, the newest first.
    async fn of_books(
        &self,
        isbns: &[String],
        window: &Window,
    ) -> Result<PerOwner<Page<Comment>>, StoreError>;

    /// A page of the comments of each of these students, the newest first.
    async fn of_students(
        &self,
        numbers: &[String],
        window: &Window,
    ) -> Result<PerOwner<Page<Comment>>, StoreError>;

    /// How each of these books was graded; those that were not are left out.
    async fn grades(&self, isbns: &[String]) -> Result<PerOwner<Grades>, StoreError>;

    /// A page of the log of each of these students, the newest first.
    async fn activity(
        &self,
        numbers: &[String],
        window: &Window,
    ) -> Result<PerOwner<Page<Activity>>, StoreError>;

    /// Registers a student under a new number.
    async fn register(&self, command: &Command, input: Registration) -> Result<Student, Refusal>;

    /// Changes a student who is at the expected version.
    async fn update(
        &self,
        command: &Command,
        target: &Target,
        change: StudentChange,
    ) -> Result<Student, Refusal>;

    /// Adds a student's one comment on a book.
    async fn add_comment(
        &self,
        command: &Command,
        student_number: &str,
        isbn: &Isbn,
        input: CommentInput,
    ) -> Result<Comment, Refusal>;

    /// Changes a comment that is at the expected version.
    async fn edit_comment(
        &self,
        command: &Command,
        target: &Target,
        change: CommentChange,
    ) -> Result<Comment, Refusal>;

    /// Takes back a comment that is at the expected version.
    async fn delete_comment(&self, command: &Command, target: &Target) -> Result<Comment, Refusal>;

    /// Registers many students at once under numbers of their own, those left out that are there already;
    /// how many were registered.
    async fn import_students(
        &self,
        command: &Command,
        students: Vec<ImportedStudent>,
    ) -> Result<usize, Refusal>;

    /// Adds many comments at once, those left out that are there already; how many were added.
    async fn import_comments(
        &self,
        command: &Command,
        comments: Vec<ImportedComment>,
    ) -> Result<usize, Refusal>;
}
