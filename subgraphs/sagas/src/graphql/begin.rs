//! What a saga is begun with, as clients give it.

use async_graphql::{ID, InputObject};
use lms_kit::{Problem, text::TextRule};
use serde_json::{Value, json};

/// An author of a book that is catalogued: one who is there by number, or a new one by name and bio.
#[derive(InputObject)]
pub(crate) struct CataloguedAuthor {
    /// One who is there.
    author_number: Option<ID>,
    /// A new one's name, 1 to 150 characters.
    name: Option<String>,
    /// Who a new one is, 1 to 4096 characters.
    bio: Option<String>,
    /// The URL of a new one's picture.
    photo: Option<String>,
}

/// The most authors of a book.
const MAX_AUTHORS: usize = 64;

/// The authors as the saga's steps need them.
pub(crate) fn authors(given: Vec<CataloguedAuthor>) -> Result<Vec<Value>, Problem> {
    let number = given.len();
    if number == 0 || number > MAX_AUTHORS {
        let rule = format!("1..={MAX_AUTHORS} authors");
        return Err(Problem::invalid(&["authors"], rule, format!("there are {number}")));
    }
    given.into_iter().enumerate().map(|(place, author)| author.checked(place)).collect()
}

impl CataloguedAuthor {
    fn checked(self, place: usize) -> Result<Value, Problem> {
        let Self { author_number, name, bio, photo } = self;
        let number = author_number.map(|number| number.0);
        if number.is_some() == (name.is_some() || bio.is_some() || photo.is_some()) {
            let rule = "authorNumber, or name and bio";
            let message = format!("author {place} is neither one who is there nor a new one");
            return Err(Problem::invalid(&["authors", &place.to_string()], rule, message));
        }
        Ok(json!({ "authorNumber": number, "name": name, "bio": bio, "photo": photo }))
    }
}

const COMMENT: TextRule = TextRule { field: "comment", min: 1, max: 4096 };
const GRADES: std::ops::RangeInclusive<i32> = 0..=10;

/// What a student says of a book that comes back, checked before the book is back: afterwards nobody asks. First a list,
/// as the saga's step has it: the grade of one comment, or none. Then what is said, which is kept beside the saga.
pub(crate) fn comments(
    comment: Option<String>,
    grade: Option<i32>,
) -> Result<(Vec<Value>, Option<Value>), Problem> {
    match (comment, grade) {
        (None, None) => Ok((Vec::new(), None)),
        (Some(comment), Some(grade)) => {
            let comment = COMMENT.check(&comment)?;
            if !GRADES.contains(&grade) {
                return Err(Problem::invalid(&["grade"], "0..=10", format!("{grade} is not a grade")));
            }
            Ok((vec![json!({ "grade": grade })], Some(json!({ "comment": comment }))))
        }
        (None, Some(_)) => Err(incomplete("comment", "a grade")),
        (Some(_), None) => Err(incomplete("grade", "a comment")),
    }
}

fn incomplete(missing: &str, given: &str) -> Problem {
    let message = format!("{given} was given without a {missing}");
    Problem::invalid(&[missing], "comment and grade, or neither", message)
}
