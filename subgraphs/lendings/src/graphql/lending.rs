//! Lendings as clients see them.
#![expect(clippy::unused_async, reason = "a resolver is asynchronous")]

use async_graphql::{Context, ID, InputObject, Object, Result};
use lms_kit::{
    Problem,
    access::Scope,
    graphql::{DateTime, caller},
    isbn::Isbn,
    node,
};

use super::{
    now_ms,
    others::{Book, Student},
};
use crate::{
    domain::{self, LENDING},
    loaders::{AccountOf, Lendings},
    store::LendingFilter,
};

/// A book that a student has, or has had.
pub(crate) struct Lending(domain::Lending);

impl From<domain::Lending> for Lending {
    fn from(lending: domain::Lending) -> Self {
        Self(lending)
    }
}

/// A book that a student has, or has had; for the student, librarians and administrators.
#[Object]
impl Lending {
    /// The lending's identifier in the whole graph.
    async fn id(&self) -> ID {
        node::global(LENDING, &self.0.number).into()
    }

    #[graphql(inaccessible)]
    async fn node_key(&self) -> ID {
        node::global(LENDING, &self.0.number).into()
    }

    /// The year and a number within it, such as `2026/17`.
    async fn lending_number(&self) -> ID {
        self.0.number.as_str().into()
    }

    /// The book.
    async fn book(&self) -> Option<Book> {
        Some(Book::new(self.0.isbn.clone()))
    }

    /// The book's title when it was lent: it stays, whatever becomes of the book.
    async fn title_when_lent(&self) -> &str {
        &self.0.title
    }

    /// Who has the book, or had it.
    async fn student(&self) -> Option<Student> {
        Some(Student::new(self.0.student_number.clone()))
    }

    /// When the book was lent.
    async fn lent_at(&self) -> DateTime {
        DateTime::from_ms(self.0.lent_at)
    }

    /// Until when the book may be kept: fifteen days.
    async fn due_at(&self) -> DateTime {
        DateTime::from_ms(self.0.due_at)
    }

    /// When the book came back; null while it is out.
    async fn returned_at(&self) -> Option<DateTime> {
        self.0.returned_at.map(DateTime::from_ms)
    }

    /// Whether the book is out, and should not be any more.
    async fn is_overdue(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.0.is_overdue(now_ms(ctx)?))
    }

    /// What being late costs, in cents: 200 for each day that has begun; so far, while the book is out.
    async fn fine_cents(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(i32::try_from(self.0.fine_cents(now_ms(ctx)?)).unwrap_or(i32::MAX))
    }
}

/// A student's lendings are for the student and for those who look after the library.
pub(crate) async fn need_student(ctx: &Context<'_>, number: &str) -> Result<()> {
    let asks = caller(ctx);
    if !asks.has_any(&Scope::STAFF) {
        let account = ctx.data::<Lendings>()?.load_one(AccountOf(number.to_owned())).await?;
        asks.need_user(account.as_deref(), &Scope::STAFF)?;
    }
    Ok(())
}

/// A lending, if it is one that the caller may see.
pub(crate) async fn visible(ctx: &Context<'_>, number: &str) -> Result<Option<Lending>> {
    let key = crate::loaders::LendingNumber(number.to_owned());
    let lending = ctx.data::<Lendings>()?.load_one(key).await?;
    if let Some(lending) = &lending {
        need_student(ctx, &lending.student_number).await?;
    }
    Ok(lending.map(Lending))
}

/// Which lendings are wanted.
#[derive(InputObject, Default)]
#[graphql(name = "LendingFilter")]
pub(crate) struct LendingFilterInput {
    /// The book that was lent.
    isbn: Option<ID>,
    /// Who has it, or had it.
    student_number: Option<ID>,
    /// Whether it is still out.
    open: Option<bool>,
}

impl LendingFilterInput {
    /// The filter, or which part of it cannot be.
    pub(crate) fn check(self) -> Result<LendingFilter, Problem> {
        let isbn = self.isbn.map(|isbn| Isbn::parse("isbn", &isbn)).transpose()?;
        let student_number = self.student_number.map(|number| number.0);
        Ok(LendingFilter { isbn: isbn.map(|isbn| isbn.to_string()), student_number, open: self.open })
    }
}
