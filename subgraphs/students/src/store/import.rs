//! Loading many students and comments at once: the same rules, documents and events as one by one, in a few
//! large writes.

use std::collections::{BTreeMap, BTreeSet};

use lms_kit::{
    Problem, Refusal, StoreError,
    documents::{Aggregate, State},
    idempotency::Command,
};

use super::{
    DocumentStudents,
    collections::{CommentRecord, STUDENTS, StudentRecord},
    commands::student_counter,
    events::{comment_event, student_event},
};
use crate::domain::{
    ActivityKind, Comment, CommentInput, Isbn, Registration, Student, comment_id, no_student,
    parse_student_number,
};

/// A student to load.
#[derive(Debug, Clone)]
pub struct ImportedStudent {
    /// "YYYY/n".
    pub number: String,
    /// When the student was registered, in ms.
    pub at_ms: i64,
    /// What the registration says.
    pub registration: Registration,
}

/// A comment to load.
#[derive(Debug, Clone)]
pub struct ImportedComment {
    /// Who said it.
    pub student_number: String,
    /// About which book.
    pub isbn: String,
    /// When, in ms.
    pub at_ms: i64,
    /// What was said.
    pub input: CommentInput,
}

impl DocumentStudents {
    pub(super) async fn load_students(
        &self,
        command: &Command,
        students: Vec<ImportedStudent>,
    ) -> Result<usize, Refusal> {
        let mut aggregates = Vec::with_capacity(students.len());
        let mut greatest: BTreeMap<String, i64> = BTreeMap::new();
        for imported in students {
            let (year, place) = parse_student_number(&imported.number)?;
            let last = greatest.entry(student_counter(year)).or_default();
            *last = place.max(*last);
            let student = imported.registration.check(imported.at_ms)?;
            let student = Student { number: imported.number, ..student };
            let event = student_event(ActivityKind::Registered, &student);
            let record = StudentRecord { student, call: None };
            let mut aggregate = Aggregate::new(record.clone());
            aggregate.record(record, &event, &Command { now_ms: imported.at_ms, ..command.clone() });
            aggregates.push(aggregate);
        }
        for (counter, last) in greatest {
            self.pass_number(&counter, last).await?;
        }
        Ok(self.store_all(aggregates).await?)
    }

    /// Sees to it that a counter never gives out this number or one before it.
    async fn pass_number(&self, counter: &str, number: i64) -> Result<(), StoreError> {
        let last = self.engine.take_numbers(counter, 0).await?;
        if last < number {
            self.engine.take_numbers(counter, number - last).await?;
        }
        Ok(())
    }

    pub(super) async fn load_comments(
        &self,
        command: &Command,
        comments: Vec<ImportedComment>,
    ) -> Result<usize, Refusal> {
        let mut aggregates = Vec::with_capacity(comments.len());
        let mut problems = self.unknown_students(&comments).await?;
        for imported in comments {
            let at_ms = imported.at_ms;
            match checked(imported) {
                Err(broken) => problems.extend(broken),
                Ok(comment) => {
                    let event = comment_event(ActivityKind::CommentAdded, &comment);
                    let record = CommentRecord { comment, call: None };
                    let mut aggregate = Aggregate::new(record.clone());
                    aggregate.record(record, &event, &Command { now_ms: at_ms, ..command.clone() });
                    aggregates.push(aggregate);
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems.into());
        }
        Ok(self.store_all(aggregates).await?)
    }

    async fn unknown_students(&self, comments: &[ImportedComment]) -> Result<Vec<Problem>, StoreError> {
        let named: BTreeSet<&str> = comments.iter().map(|comment| comment.student_number.as_str()).collect();
        let numbers: Vec<String> = named.iter().map(|&number| number.to_owned()).collect();
        let found = self.engine.get(&STUDENTS, &numbers).await?;
        let known: BTreeSet<&str> = found.iter().map(|student| student.id.as_str()).collect();
        let unknown = named.difference(&known);
        Ok(unknown.map(|number| no_student(number)).collect())
    }

    /// Stores those that are not there yet, and logs their events. Those of the others were logged under other identifiers.
    async fn store_all<S: State>(&self, aggregates: Vec<Aggregate<S>>) -> Result<usize, StoreError> {
        let documents = aggregates.iter().map(Aggregate::document).collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<String> = documents.iter().map(|document| document.id.clone()).collect();
        let there = self.engine.get(S::COLLECTION, &ids).await?;
        let there: BTreeSet<String> = there.into_iter().map(|found| found.id).collect();
        let new = aggregates.into_iter().zip(documents).filter(|(_, document)| !there.contains(&document.id));
        let (aggregates, documents): (Vec<_>, Vec<_>) = new.unzip();
        let stored = self.engine.insert_missing(S::COLLECTION, &documents).await?;
        self.outbox.written(&aggregates).await;
        Ok(stored)
    }
}

fn checked(imported: ImportedComment) -> Result<Comment, Vec<Problem>> {
    let isbn = Isbn::parse(&imported.isbn).map_err(|problem| vec![problem])?;
    let input = imported.input.check()?;
    Ok(Comment {
        id: comment_id(&imported.student_number, &isbn),
        student_number: imported.student_number,
        isbn: isbn.to_string(),
        lending_number: None,
        text: input.text,
        grade: input.grade,
        created_at_ms: imported.at_ms,
        updated_at_ms: imported.at_ms,
        version: 1,
        deleted: false,
        silenced: false,
    })
}
