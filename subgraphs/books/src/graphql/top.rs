//! What is at the top, as far as books know. Other services add what they can count.

use async_graphql::{Context, Object, Result, SimpleObject};
use lms_kit::Problem;

use super::others::Genre;
use crate::loaders::Books;

/// The most entries that are asked for at once.
const MOST: u32 = 100;

/// What there is most of.
pub(crate) struct Top;

/// A genre, and how many books stand under it.
#[derive(SimpleObject)]
pub(crate) struct GenreCount {
    /// The genre.
    genre: Option<Genre>,
    /// How many books.
    books: i32,
}

/// What there is most of.
#[Object]
impl Top {
    /// The genres with the most books, the fullest first; at most 100.
    async fn genres(&self, ctx: &Context<'_>, #[graphql(default = 5)] first: i32) -> Result<Vec<GenreCount>> {
        let limit = u32::try_from(first).ok().filter(|limit| (1..=MOST).contains(limit));
        let limit = limit.ok_or_else(|| {
            Problem::invalid(&["first"], format!("1..={MOST}"), format!("{first} genres cannot be asked for"))
        })?;
        let genres = ctx.data::<Books>()?.loader().store.fullest_genres(limit).await?;
        let count = |(id, books): (String, i64)| GenreCount {
            genre: Some(Genre::new(id)),
            books: i32::try_from(books).unwrap_or(i32::MAX),
        };
        Ok(genres.into_iter().map(count).collect())
    }
}
