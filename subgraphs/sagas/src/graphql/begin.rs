//! What a saga is begun with, as clients give it.

use async_graphql::{ID, InputObject};
use lms_kit::Problem;
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
