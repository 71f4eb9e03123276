//! What a student says about a book, with a grade; one for each student and book, and one for each lending.

use lms_kit::{Problem, text::TextRule};
use serde::{Deserialize, Serialize};

use super::Isbn;

const TEXT: TextRule = TextRule { field: "comment", min: 1, max: 4096 };
const GRADES: std::ops::RangeInclusive<i32> = 0..=10;

/// A comment as the library keeps one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Comment {
    /// Student number and ISBN, or the number of a lending.
    pub(crate) id: String,
    /// Who said it.
    pub(crate) student_number: String,
    /// About which book.
    pub(crate) isbn: String,
    /// The lending that it was said after, if it was.
    #[serde(default)]
    pub(crate) lending_number: Option<String>,
    /// What was said.
    pub(crate) text: String,
    /// From 0 to 10.
    pub(crate) grade: i32,
    /// When it was first said.
    pub(crate) created_at_ms: i64,
    /// When it was last changed.
    pub(crate) updated_at_ms: i64,
    /// Moves with each change that a client makes, from 1.
    pub(crate) version: i32,
    /// Taken back by its student: in no list and in no average.
    pub(crate) deleted: bool,
    /// Its student is erased, and with it what was said.
    #[serde(default)]
    pub(crate) silenced: bool,
}

/// The identifier of a student's comment on a book.
pub(crate) fn comment_id(student_number: &str, isbn: &Isbn) -> String {
    format!("{student_number}:{isbn}")
}

/// The identifier of the comment of a lending.
pub(crate) fn lending_comment_id(lending_number: &str) -> String {
    format!("{LENDING}{lending_number}")
}

/// What the identifiers of lendings' comments begin with; no student number does.
const LENDING: &str = "lending:";

/// The number of the student whose comment has an identifier, if that tells it.
pub(crate) fn student_of_comment(id: &str) -> Option<&str> {
    if id.starts_with(LENDING) { None } else { Some(id.rsplit_once(':').map_or(id, |(number, _)| number)) }
}

/// What a comment says, unchecked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CommentInput {
    /// What is said.
    pub text: String,
    /// From 0 to 10.
    pub grade: i32,
}

impl CommentInput {
    /// The same with its text trimmed, or every rule broken.
    pub(crate) fn check(self) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let text = TEXT.check(&self.text).unwrap_or_else(|problem| {
            problems.push(problem);
            String::new()
        });
        if !GRADES.contains(&self.grade) {
            let message = format!("{} is not a grade", self.grade);
            problems.push(Problem::invalid(&["grade"], "0..=10", message));
        }
        if problems.is_empty() { Ok(Self { text, grade: self.grade }) } else { Err(problems) }
    }
}

/// What a comment should be changed to; what is not named stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct CommentChange {
    /// What is said.
    pub(crate) text: Option<String>,
    /// From 0 to 10.
    pub(crate) grade: Option<i32>,
}

impl CommentChange {
    /// The comment after the change, one version on; or every rule broken.
    pub(crate) fn apply(self, comment: &Comment, now_ms: i64) -> Result<Comment, Vec<Problem>> {
        let text = self.text.unwrap_or_else(|| comment.text.clone());
        let input = CommentInput { text, grade: self.grade.unwrap_or(comment.grade) }.check()?;
        Ok(Comment {
            text: input.text,
            grade: input.grade,
            updated_at_ms: now_ms,
            version: comment.version + 1,
            ..comment.clone()
        })
    }
}

impl Comment {
    /// The comment once its student has taken it back.
    pub(crate) fn taken_back(&self, now_ms: i64) -> Self {
        Self { deleted: true, updated_at_ms: now_ms, version: self.version + 1, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_tells_whose_comment_it_is_or_that_it_does_not() {
        let isbn = Isbn::parse("9780141439518").unwrap();
        assert_eq!(student_of_comment(&comment_id("2024/17", &isbn)), Some("2024/17"));
        assert_eq!(student_of_comment(&lending_comment_id("2024:17")), None);
    }

    #[test]
    fn grades_and_lengths_end_where_the_rules_say() {
        for (length, grade, problems) in
            [(1, 0, 0), (4096, 10, 0), (0, 5, 1), (4097, 5, 1), (1, -1, 1), (1, 11, 1), (0, 11, 2)]
        {
            let input = CommentInput { text: "ß".repeat(length), grade };
            let found = input.check().map_or_else(|problems| problems.len(), |_| 0);
            assert_eq!(found, problems, "length {length}, grade {grade}");
        }
    }
}
