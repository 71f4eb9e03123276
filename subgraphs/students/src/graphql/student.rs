//! Students and their log as clients see them.
#![expect(clippy::unused_async, reason = "a resolver is asynchronous")]

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use lms_kit::{
    Outcome, Problem,
    access::{Caller, Scope},
    graphql::{Connection, Date, DateTime, OwnedList, ProblemView, TextFilter, caller, connection, views},
    node,
    page::PageArguments,
};

use super::{
    comment::Comment,
    others::{Book, Genre, User},
};
use crate::{
    domain::{self, STUDENT, StudentFilter},
    loaders::{ActivityOf, BY_TIME, CommentsOfStudent, Students},
};

/// A student of the library.
pub(crate) struct Student(domain::Student);

impl From<domain::Student> for Student {
    fn from(student: domain::Student) -> Self {
        Self(student)
    }
}

impl Student {
    /// What is personal is for the student and for those who look after the library.
    fn personal(&self, ctx: &Context<'_>) -> Result<(), Problem> {
        caller(ctx).need_user(self.0.user_id.as_deref(), &Scope::STAFF)
    }

    fn list(&self, page: PageArguments) -> Result<OwnedList<String>> {
        Ok(OwnedList { owner: self.0.number.clone(), window: page.window(BY_TIME)? })
    }
}

/// A student of the library.
#[Object]
impl Student {
    /// The student's identifier in the whole graph.
    async fn id(&self) -> ID {
        node::global(STUDENT, &self.0.number).into()
    }

    #[graphql(inaccessible)]
    async fn node_key(&self) -> ID {
        node::global(STUDENT, &self.0.number).into()
    }

    /// The year of registration and a number within it, such as `2024/17`.
    async fn student_number(&self) -> ID {
        self.0.number.as_str().into()
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The day of birth; for the student, librarians and administrators.
    async fn birth_date(&self, ctx: &Context<'_>) -> Result<Option<Date>> {
        self.personal(ctx)?;
        Ok(Some(Date(self.0.birth_date.clone())))
    }

    /// A telephone number; for the student, librarians and administrators.
    async fn phone(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        self.personal(ctx)?;
        Ok(Some(&self.0.phone))
    }

    /// When the student registered, and consented to the processing of personal data.
    async fn registered_at(&self) -> DateTime {
        DateTime::from_ms(self.0.consented_at_ms)
    }

    /// The genres in which the student is interested.
    async fn interests(&self) -> Vec<Option<Genre>> {
        self.0.interests.iter().map(|name| Some(Genre { name: name.clone() })).collect()
    }

    /// The account that belongs to the student.
    async fn user(&self) -> Option<User> {
        self.0.user_id.clone().map(|id| User::of(id, self.0.clone()))
    }

    /// Grows with each change by a client.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// How many books the student has borrowed, or is about to; three at most.
    async fn open_loans(&self) -> i32 {
        i32::try_from(self.0.slots.in_use()).unwrap_or(i32::MAX)
    }

    /// What the student says about books, the newest first.
    async fn comments(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Comment>> {
        let comments = self.list(PageArguments { first, after, last, before })?;
        let page = ctx.data::<Students>()?.load_one(CommentsOfStudent(comments.clone())).await?;
        Ok(connection(comments.page(page)))
    }

    /// What the student did, the newest first; for the student, librarians and administrators.
    async fn activity(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<Connection<ActivityEntry>>> {
        self.personal(ctx)?;
        let entries = self.list(PageArguments { first, after, last, before })?;
        let page = ctx.data::<Students>()?.load_one(ActivityOf(entries.clone())).await?;
        Ok(Some(connection(entries.page(page))))
    }
}

/// One thing that a student did.
#[derive(SimpleObject)]
pub(crate) struct ActivityEntry {
    /// Never changes.
    id: ID,
    /// When.
    at: DateTime,
    /// What.
    kind: ActivityKind,
    /// The book that it was about.
    book: Option<Book>,
}

impl From<domain::Activity> for ActivityEntry {
    fn from(activity: domain::Activity) -> Self {
        Self {
            id: activity.id.into(),
            at: DateTime::from_ms(activity.at_ms),
            kind: activity.kind.into(),
            book: activity.isbn.map(Book::new),
        }
    }
}

/// What a student can do.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::ActivityKind")]
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

/// Which students are wanted.
#[derive(InputObject, Default)]
#[graphql(name = "StudentFilter")]
pub(crate) struct StudentFilterInput {
    /// What the name must have.
    name: Option<TextFilter>,
    /// The telephone number; spaces and punctuation do not matter. For librarians and administrators.
    phone: Option<String>,
}

impl StudentFilterInput {
    /// The filter, if the caller may know what it would tell: who is found by a number has it.
    pub(crate) fn check(self, caller: &Caller) -> Result<StudentFilter, Problem> {
        if self.phone.is_some() {
            caller.need(&Scope::STAFF)?;
        }
        Ok(StudentFilter { name: self.name.map(Into::into).unwrap_or_default(), phone: self.phone })
    }
}

/// What a mutation of a student came to.
#[derive(SimpleObject)]
pub(crate) struct StudentPayload {
    /// The student after the change.
    student: Option<Student>,
    /// Why nothing was changed.
    problems: Vec<ProblemView>,
}

impl From<Outcome<domain::Student>> for StudentPayload {
    fn from(outcome: Outcome<domain::Student>) -> Self {
        Self { student: outcome.entity.map(Student), problems: views(outcome.problems) }
    }
}
