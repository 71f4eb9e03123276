//! Books and the rules that they keep, without a word of any engine.

use lms_kit::{
    Problem,
    isbn::Isbn,
    patch::Patch,
    text::{self, TextMatch, TextRule},
};
use serde::{Deserialize, Serialize};

use crate::author_number::AuthorNumber;

/// The most authors of one book.
const MAX_AUTHORS: usize = 64;
const TITLE: TextRule = TextRule { field: "title", min: 1, max: 128 };
const DESCRIPTION: TextRule = TextRule { field: "description", min: 1, max: 4096 };
const PHOTO: TextRule = TextRule { field: "photo", min: 1, max: 2048 };
const GENRE: TextRule = TextRule { field: "genreId", min: 1, max: 64 };
const AUTHORS: &str = "authorNumbers";

/// A book, without its authors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Book {
    /// Its key.
    pub(crate) isbn: Isbn,
    /// The title.
    pub(crate) title: String,
    /// What it is about.
    pub(crate) description: Option<String>,
    /// The genre, which another service holds.
    pub(crate) genre_id: Option<String>,
    /// Where a picture of the cover is.
    pub(crate) photo: Option<String>,
    /// Moves with each change that a client makes.
    pub(crate) version: i32,
}

impl Book {
    /// The key under which the title sorts and matches.
    pub(crate) fn title_key(&self) -> String {
        text::key(&self.title)
    }
}

/// A book with its authors, whom another service holds, in the order of the title page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CataloguedBook {
    /// The book.
    pub(crate) book: Book,
    /// At least one.
    pub(crate) author_numbers: Vec<AuthorNumber>,
}

/// What a new book is made of, as it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewBook {
    /// An ISBN-10 or ISBN-13.
    pub(crate) isbn: String,
    /// The title.
    pub(crate) title: String,
    /// What it is about.
    pub(crate) description: Option<String>,
    /// The genre.
    pub(crate) genre_id: Option<String>,
    /// The authors.
    pub(crate) author_numbers: Vec<String>,
    /// Where a picture of the cover is.
    pub(crate) photo: Option<String>,
}

impl NewBook {
    /// The book, or every rule that it breaks.
    pub(crate) fn check(self) -> Result<CataloguedBook, Vec<Problem>> {
        let mut problems = Vec::new();
        let isbn = keep(Isbn::parse("isbn", &self.isbn), &mut problems);
        let title = keep(TITLE.check(&self.title), &mut problems);
        let description = keep(optional(DESCRIPTION, self.description), &mut problems);
        let genre_id = keep(optional(GENRE, self.genre_id), &mut problems);
        let photo = keep(optional(PHOTO, self.photo), &mut problems);
        let authors = keep(check_authors(&self.author_numbers), &mut problems);
        match (isbn, title, description, genre_id, photo, authors) {
            (
                Some(isbn),
                Some(title),
                Some(description),
                Some(genre_id),
                Some(photo),
                Some(author_numbers),
            ) => {
                let book = Book { isbn, title, description, genre_id, photo, version: 1 };
                Ok(CataloguedBook { book, author_numbers })
            }
            _ => Err(problems),
        }
    }
}

/// What a client changes of a book; what is not named stays.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct BookChange {
    /// The title.
    pub(crate) title: Option<String>,
    /// What it is about.
    pub(crate) description: Patch<String>,
    /// The genre.
    pub(crate) genre_id: Patch<String>,
    /// All authors.
    pub(crate) author_numbers: Option<Vec<String>>,
    /// Where a picture of the cover is.
    pub(crate) photo: Patch<String>,
}

impl BookChange {
    /// The change as the rules have it, or every rule that it breaks.
    pub(crate) fn check(self) -> Result<CheckedChange, Vec<Problem>> {
        let mut problems = Vec::new();
        let title = keep(self.title.map(|title| TITLE.check(&title)).transpose(), &mut problems);
        let description = keep(self.description.check(|text| DESCRIPTION.check(text)), &mut problems);
        let genre_id = keep(self.genre_id.check(|text| GENRE.check(text)), &mut problems);
        let authors = self.author_numbers.as_deref().map(check_authors).transpose();
        let authors = keep(authors, &mut problems);
        let photo = keep(self.photo.check(|text| PHOTO.check(text)), &mut problems);
        match (title, description, genre_id, authors, photo) {
            (Some(title), Some(description), Some(genre_id), Some(author_numbers), Some(photo)) => {
                Ok(CheckedChange { title, description, genre_id, author_numbers, photo })
            }
            _ => Err(problems),
        }
    }
}

/// A change that keeps the rules.
#[derive(Debug, Clone)]
pub(crate) struct CheckedChange {
    title: Option<String>,
    description: Patch<String>,
    genre_id: Patch<String>,
    author_numbers: Option<Vec<AuthorNumber>>,
    photo: Patch<String>,
}

impl CheckedChange {
    /// The book after the change, one version on.
    pub(crate) fn apply(self, mut catalogued: CataloguedBook) -> CataloguedBook {
        let book = &mut catalogued.book;
        book.version += 1;
        if let Some(title) = self.title {
            book.title = title;
        }
        book.description = self.description.apply(book.description.take());
        book.genre_id = self.genre_id.apply(book.genre_id.take());
        book.photo = self.photo.apply(book.photo.take());
        if let Some(authors) = self.author_numbers {
            catalogued.author_numbers = authors;
        }
        catalogued
    }
}

/// Which books a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BookFilter {
    /// Those whose title has this.
    pub(crate) title: TextMatch,
    /// Those of this author.
    pub(crate) author_number: Option<AuthorNumber>,
    /// Those of this genre.
    pub(crate) genre_id: Option<String>,
}

fn keep<T>(checked: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    checked.map_err(|problem| problems.push(problem)).ok()
}

fn optional(rule: TextRule, text: Option<String>) -> Result<Option<String>, Problem> {
    text.map(|text| rule.check(&text)).transpose()
}

fn check_authors(numbers: &[String]) -> Result<Vec<AuthorNumber>, Problem> {
    let refuse = |rule: &str, message: String| Err(Problem::invalid(&[AUTHORS], rule, message));
    if numbers.is_empty() || numbers.len() > MAX_AUTHORS {
        return refuse(&format!("1..={MAX_AUTHORS} authors"), format!("there are {}", numbers.len()));
    }
    let mut checked: Vec<AuthorNumber> = Vec::with_capacity(numbers.len());
    for number in numbers {
        let number = AuthorNumber::parse(AUTHORS, number)?;
        if checked.contains(&number) {
            return refuse("each author once", format!("{number} is named twice"));
        }
        checked.push(number);
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_book() -> NewBook {
        NewBook {
            isbn: "0-306-40615-2".into(),
            title: " Über Bücher ".into(),
            description: None,
            genre_id: Some("g1".into()),
            author_numbers: vec!["7".into(), "3".into()],
            photo: None,
        }
    }

    fn broken(problems: &[Problem]) -> Vec<(String, String)> {
        let named = |problem: &Problem| match problem {
            Problem::Invalid { path, rule, .. } => (path.join("."), rule.clone()),
            other => panic!("{other:?}"),
        };
        problems.iter().map(named).collect()
    }

    #[test]
    fn a_new_book_is_normalised() {
        let checked = new_book().check().unwrap();
        assert_eq!(checked.book.isbn.as_str(), "9780306406157");
        assert_eq!(checked.book.title, "Über Bücher");
        assert_eq!(checked.author_numbers, [AuthorNumber(7), AuthorNumber(3)]);
    }

    #[test]
    fn every_broken_rule_is_named_with_its_field() {
        let wrong = NewBook {
            isbn: "0-306-40615-3".into(),
            title: "x".repeat(129),
            description: Some(String::new()),
            author_numbers: Vec::new(),
            ..new_book()
        };
        let pair = |field: &str, rule: &str| (field.to_owned(), rule.to_owned());
        assert_eq!(
            broken(&wrong.check().unwrap_err()),
            [
                pair("isbn", "check digit"),
                pair("title", "length 1..=128"),
                pair("description", "length 1..=4096"),
                pair("authorNumbers", "1..=64 authors"),
            ]
        );
        let twice = NewBook { author_numbers: vec!["7".into(), "7".into()], ..new_book() };
        assert_eq!(broken(&twice.check().unwrap_err()), [pair("authorNumbers", "each author once")]);
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let book = new_book().check().unwrap();
        let change = BookChange {
            title: None,
            description: Patch::Set("Short.".into()),
            genre_id: Patch::Clear,
            author_numbers: None,
            photo: Patch::Keep,
        };
        let book = change.check().unwrap().apply(book);
        assert_eq!(book.book.version, 2);
        assert_eq!(book.book.title, "Über Bücher");
        assert_eq!((book.book.description.as_deref(), book.book.genre_id.as_deref()), (Some("Short."), None));
        assert_eq!(book.author_numbers, [AuthorNumber(7), AuthorNumber(3)]);
    }
}
