//! The records of the sample, as they are in the program.

use anyhow::{Context, Result};
use serde::{Deserialize, de::DeserializeOwned};

/// 2020-09-01 in ms, and a year's length: students register at the beginning of a year's term.
const TERM_OF_2020_MS: i64 = 1_598_918_400_000;
const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1000;

/// All records.
pub(crate) struct Records {
    pub(crate) genres: Vec<GenreRecord>,
    pub(crate) authors: Vec<AuthorRecord>,
    pub(crate) books: Vec<BookRecord>,
    pub(crate) librarians: Vec<LibrarianRecord>,
    pub(crate) students: Vec<StudentRecord>,
    pub(crate) comments: Vec<CommentRecord>,
}

/// A genre.
#[derive(Deserialize)]
pub(crate) struct GenreRecord {
    pub(crate) name: String,
}

/// An author.
#[derive(Deserialize)]
pub(crate) struct AuthorRecord {
    pub(crate) name: String,
    pub(crate) bio: String,
}

/// A book; its genre and authors are named.
#[derive(Deserialize)]
pub(crate) struct BookRecord {
    pub(crate) isbn: String,
    pub(crate) title: String,
    pub(crate) genre: String,
    pub(crate) authors: Vec<String>,
    pub(crate) description: String,
}

/// Someone who looks after the books.
#[derive(Deserialize)]
pub(crate) struct LibrarianRecord {
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) email: String,
}

/// Someone who reads them.
#[derive(Deserialize)]
pub(crate) struct StudentRecord {
    /// "YYYY/n".
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) born: String,
    pub(crate) phone: String,
    pub(crate) interests: Vec<String>,
}

impl StudentRecord {
    /// When the student registered: in the year that the number names.
    pub(crate) fn registered_at_ms(&self) -> Result<i64> {
        let year = self.number.split('/').next().and_then(|year| year.parse::<i64>().ok());
        let year = year.with_context(|| format!("`{}` is no student's number", self.number))?;
        Ok(TERM_OF_2020_MS + (year - 2020) * YEAR_MS)
    }
}

/// What a student says of a book.
#[derive(Deserialize)]
pub(crate) struct CommentRecord {
    pub(crate) isbn: String,
    pub(crate) student: String,
    pub(crate) grade: i32,
    pub(crate) comment: String,
}

impl Records {
    /// Reads what is compiled into the program.
    pub(crate) fn read() -> Result<Self> {
        Ok(Self {
            genres: lines("genres", include_str!("../../sample/genres.jsonl"))?,
            authors: lines("authors", include_str!("../../sample/authors.jsonl"))?,
            books: lines("books", include_str!("../../sample/books.jsonl"))?,
            librarians: lines("librarians", include_str!("../../sample/librarians.jsonl"))?,
            students: lines("students", include_str!("../../sample/students.jsonl"))?,
            comments: lines("comments", include_str!("../../sample/comments.jsonl"))?,
        })
    }
}

/// One record a line.
fn lines<T: DeserializeOwned>(name: &str, text: &str) -> Result<Vec<T>> {
    let record = |(number, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| format!("sample/{name}.jsonl, line {}", number + 1))
    };
    text.lines().enumerate().map(record).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_isbn_is_right_and_no_book_is_there_twice() {
        let books = Records::read().unwrap().books;
        let isbns: BTreeSet<_> = books.iter().map(|book| &book.isbn).collect();
        assert!(books.len() >= 400 && isbns.len() == books.len());
        for isbn in isbns {
            let digits: Vec<u32> = isbn.chars().filter_map(|digit| digit.to_digit(10)).collect();
            let sum: u32 =
                digits.iter().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
            assert!(digits.len() == 13 && isbn.len() == 13 && sum.is_multiple_of(10), "{isbn}");
        }
    }

    #[test]
    fn every_name_leads_to_a_record() {
        let records = Records::read().unwrap();
        let genres: BTreeSet<_> = records.genres.iter().map(|genre| &genre.name).collect();
        let authors: BTreeSet<_> = records.authors.iter().map(|author| &author.name).collect();
        let books: BTreeSet<_> = records.books.iter().map(|book| &book.isbn).collect();
        let students: BTreeSet<_> = records.students.iter().map(|student| &student.number).collect();
        for book in &records.books {
            assert!(genres.contains(&book.genre), "{}", book.genre);
            assert!(!book.authors.is_empty() && book.authors.iter().all(|name| authors.contains(name)));
        }
        assert!(
            records.students.iter().flat_map(|student| &student.interests).all(|name| genres.contains(name))
        );
        let mut said = BTreeSet::new();
        for comment in &records.comments {
            assert!(books.contains(&comment.isbn) && students.contains(&comment.student));
            assert!((0..=10).contains(&comment.grade));
            assert!(said.insert((&comment.isbn, &comment.student)), "one comment for each student and book");
        }
        assert!(said.len() >= 1500);
    }
}
