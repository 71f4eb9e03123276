//! What is at the top, as far as lendings know. Other services add what they can count.

use async_graphql::{Context, Object, Result, SimpleObject};
use lms_kit::{Problem, access::Scope, graphql::caller};

use super::others::{Book, Student};
use crate::{
    loaders::Lendings,
    store::{PerOwner, Ranked},
};

/// The most entries that are asked for at once.
const MOST: u32 = 100;

/// What there is most of.
pub(crate) struct Top;

/// A book, and how often it was lent.
#[derive(SimpleObject)]
pub(crate) struct BookCount {
    /// The book.
    book: Option<Book>,
    /// How often.
    lendings: i32,
}

/// A student, and how many books were lent.
#[derive(SimpleObject)]
pub(crate) struct StudentCount {
    /// The student.
    student: Option<Student>,
    /// How many.
    lendings: i32,
}

/// What there is most of.
#[Object]
impl Top {
    /// The books that were lent most often; at most 100.
    async fn books(&self, ctx: &Context<'_>, #[graphql(default = 5)] first: i32) -> Result<Vec<BookCount>> {
        let books = most(ctx, Ranked::Books, first).await?;
        let count = |(isbn, number)| BookCount { book: Some(Book::new(isbn)), lendings: whole(number) };
        Ok(books.into_iter().map(count).collect())
    }

    /// The students who have lent most books; at most 100; for librarians and administrators.
    async fn students(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 5)] first: i32,
    ) -> Result<Option<Vec<StudentCount>>> {
        caller(ctx).need(&Scope::STAFF)?;
        let students = most(ctx, Ranked::Students, first).await?;
        let count = |(number, lendings)| StudentCount {
            student: Some(Student::new(number)),
            lendings: whole(lendings),
        };
        Ok(Some(students.into_iter().map(count).collect()))
    }
}

async fn most(ctx: &Context<'_>, what: Ranked, first: i32) -> Result<PerOwner<i64>> {
    let limit = u32::try_from(first).ok().filter(|limit| (1..=MOST).contains(limit));
    let limit = limit.ok_or_else(|| {
        Problem::invalid(&["first"], format!("1..={MOST}"), format!("{first} entries cannot be asked for"))
    })?;
    Ok(ctx.data::<Lendings>()?.loader().store.most_lent(what, limit).await?)
}

fn whole(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
