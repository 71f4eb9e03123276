//! The reports.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};
use lms_kit::{Problem, Sources, access::Scope, graphql::caller};

use super::{
    others::{Book, Genre, Student},
    scalars::{Date, Month},
};
use crate::{
    domain::{Grades, Months, Period, limit},
    store::{Graded, Lent, ReportStore},
};

/// What was lent, and what is thought of it, in numbers.
pub(crate) struct Reports;

/// A book, and how often it was lent.
#[derive(SimpleObject)]
pub(crate) struct LentBook {
    /// The book; null if it is not in the catalogue any more.
    book: Option<Book>,
    /// How often.
    lendings: i32,
}

/// A genre, and how often its books were lent.
#[derive(SimpleObject)]
pub(crate) struct LentGenre {
    /// The genre.
    genre: Option<Genre>,
    /// How often.
    lendings: i32,
}

/// A student, and how many books were lent.
#[derive(SimpleObject)]
pub(crate) struct LentStudent {
    /// The student.
    student: Option<Student>,
    /// How many.
    lendings: i32,
}

/// A month, and how many lendings began in it.
#[derive(SimpleObject)]
pub(crate) struct MonthlyLendings {
    /// The month, by UTC.
    month: Month,
    /// How many; 0 if none did.
    lendings: i32,
}

/// A book, and what its readers think of it.
#[derive(SimpleObject)]
pub(crate) struct GradedBook {
    /// The book.
    book: Option<Book>,
    /// From 0 to 10.
    average_grade: f64,
    /// How many grades it was given.
    grades: i32,
}

/// A genre, and what is thought of its books.
#[derive(SimpleObject)]
pub(crate) struct GradedGenre {
    /// The genre.
    genre: Option<Genre>,
    /// From 0 to 10, each grade of each book counted once.
    average_grade: f64,
    /// How many grades its books were given.
    grades: i32,
}

/// What was lent, and what is thought of it, in numbers. They are as new as what this service has heard.
#[Object]
impl Reports {
    /// The books that were lent most often from one day to another, both counted; at most 100.
    async fn top_books(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 5)] first: i32,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Option<Vec<LentBook>>> {
        let lent = most_lent(ctx, Lent::Books, first, (from, to)).await?.into_iter();
        let entry = |(isbn, number)| LentBook { book: Some(Book::new(isbn)), lendings: whole(number) };
        Ok(Some(lent.map(entry).collect()))
    }

    /// The genres whose books were lent most often from one day to another, both counted; at most 100.
    async fn top_genres(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 5)] first: i32,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Option<Vec<LentGenre>>> {
        let lent = most_lent(ctx, Lent::Genres, first, (from, to)).await?.into_iter();
        let entry = |(id, number)| LentGenre { genre: Some(Genre::new(id)), lendings: whole(number) };
        Ok(Some(lent.map(entry).collect()))
    }

    /// The students who have lent most books from one day to another, both counted; at most 100; for librarians and
    /// administrators.
    async fn top_students(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 5)] first: i32,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Option<Vec<LentStudent>>> {
        caller(ctx).need(&Scope::STAFF)?;
        let lent = most_lent(ctx, Lent::Students, first, (from, to)).await?.into_iter();
        let entry = |(number, lendings)| LentStudent {
            student: Some(Student::new(number)),
            lendings: whole(lendings),
        };
        Ok(Some(lent.map(entry).collect()))
    }

    /// How many lendings began in each month from one to another, both counted; at most 600. Without a last one that is
    /// this month, without a first one they are twelve.
    async fn monthly_lendings(
        &self,
        ctx: &Context<'_>,
        from: Option<Month>,
        to: Option<Month>,
    ) -> Result<Option<Vec<MonthlyLendings>>> {
        let now_ms = ctx.data::<Sources>()?.clock.now_ms();
        let months = Months::new(from.map(|month| month.0), to.map(|month| month.0), now_ms)?;
        let monthly = store(ctx)?.monthly(months).await?.into_iter();
        let entry = |(month, number)| MonthlyLendings { month: Month(month), lendings: whole(number) };
        Ok(Some(monthly.map(entry).collect()))
    }

    /// The books with the best average grade among those that have so many grades at least; at most 100.
    async fn graded_books(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 5)] first: i32,
        #[graphql(default = 1)] min_grades: i32,
    ) -> Result<Option<Vec<GradedBook>>> {
        let graded = best_graded(ctx, Graded::Books, first, min_grades).await?.into_iter();
        let entry = |(isbn, grades): (String, Grades)| GradedBook {
            book: Some(Book::new(isbn)),
            average_grade: grades.average(),
            grades: whole(grades.number),
        };
        Ok(Some(graded.map(entry).collect()))
    }

    /// The genres with the best average grade among those that have so many grades at least; at most 100.
    async fn graded_genres(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 5)] first: i32,
        #[graphql(default = 1)] min_grades: i32,
    ) -> Result<Option<Vec<GradedGenre>>> {
        let graded = best_graded(ctx, Graded::Genres, first, min_grades).await?.into_iter();
        let entry = |(id, grades): (String, Grades)| GradedGenre {
            genre: Some(Genre::new(id)),
            average_grade: grades.average(),
            grades: whole(grades.number),
        };
        Ok(Some(graded.map(entry).collect()))
    }
}

fn store<'c>(ctx: &Context<'c>) -> Result<&'c Arc<dyn ReportStore>> {
    ctx.data()
}

async fn most_lent(
    ctx: &Context<'_>,
    what: Lent,
    first: i32,
    (from, to): (Option<Date>, Option<Date>),
) -> Result<Vec<(String, i64)>> {
    let period = Period::new(from.map(|day| day.0), to.map(|day| day.0))?;
    Ok(store(ctx)?.lent(what, period, limit(first)?).await?)
}

async fn best_graded(
    ctx: &Context<'_>,
    what: Graded,
    first: i32,
    min_grades: i32,
) -> Result<Vec<(String, Grades)>> {
    if min_grades < 1 {
        let message = format!("{min_grades} grades have no average");
        return Err(Problem::invalid(&["minGrades"], "1 or more", message).into());
    }
    Ok(store(ctx)?.graded(what, min_grades.into(), limit(first)?).await?)
}

fn whole(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
