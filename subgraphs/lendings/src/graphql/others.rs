//! What lendings add to the things of other services.

use async_graphql::{Context, ID, Object, Result};
use lms_kit::{
    access::Scope,
    graphql::{Connection, OwnedList, caller, connection},
    page::{CursorKind, PageArguments},
};

use super::{
    lending::{Lending, need_student},
    now_ms,
};
use crate::loaders::{IsLate, Lendings, LendingsOfBook, LendingsOfStudent};

/// A book, as far as lendings know.
pub(crate) struct Book {
    isbn: String,
}

impl Book {
    pub(crate) fn new(isbn: String) -> Self {
        Self { isbn }
    }
}

#[Object]
impl Book {
    /// The book's key.
    async fn isbn(&self) -> ID {
        self.isbn.as_str().into()
    }

    /// Who has the book or had it, the newest first; for librarians and administrators.
    async fn lendings(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<Connection<Lending>>> {
        caller(ctx).need(&Scope::STAFF)?;
        let window = PageArguments { first, after, last, before }.window(CursorKind::INSTANT)?;
        let wanted = OwnedList { owner: self.isbn.clone(), window };
        let page = ctx.data::<Lendings>()?.load_one(LendingsOfBook(wanted.clone())).await?;
        Ok(Some(connection(wanted.page(page))))
    }
}

/// A student, as far as lendings know.
pub(crate) struct Student {
    number: String,
}

impl Student {
    pub(crate) fn new(number: String) -> Self {
        Self { number }
    }
}

#[Object]
impl Student {
    /// The student's key.
    async fn student_number(&self) -> ID {
        self.number.as_str().into()
    }

    /// The books that the student has or had, the newest first; for the student, librarians and administrators.
    async fn lendings(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<Connection<Lending>>> {
        need_student(ctx, &self.number).await?;
        let window = PageArguments { first, after, last, before }.window(CursorKind::INSTANT)?;
        let wanted = OwnedList { owner: self.number.clone(), window };
        let page = ctx.data::<Lendings>()?.load_one(LendingsOfStudent(wanted.clone())).await?;
        Ok(Some(connection(wanted.page(page))))
    }

    /// Whether the student has a book that should be back; for the student, librarians and administrators.
    async fn has_overdue(&self, ctx: &Context<'_>) -> Result<Option<bool>> {
        need_student(ctx, &self.number).await?;
        let key = IsLate { student_number: self.number.clone(), now_ms: now_ms(ctx)? };
        Ok(Some(ctx.data::<Lendings>()?.load_one(key).await?.is_some()))
    }
}
