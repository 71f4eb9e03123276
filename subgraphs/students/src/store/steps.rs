//! What sagas ask of students: a place for a book before it is lent, and what was said of it when it is back; that a
//! student comes, or goes.

use async_trait::async_trait;
use lms_kit::{
    Problem,
    deposit::Depositories,
    inbox::HandleError,
    saga::{Act, ActError, Asked, Changed, Deed, DocumentParticipant, Target},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    DocumentStudents,
    collections::{CommentRecord, StudentRecord},
    commands::active,
    erasing::{Anonymise, BeginErasure, Forget, forget},
    events::{comment_event, slot_event},
    registering::register,
};
use crate::domain::{ActivityKind, Comment, CommentInput, Isbn, Lent, Slots, lending_comment_id, no_student};

/// The steps of sagas that students takes part in.
pub(crate) struct StudentSteps {
    students: DocumentStudents,
    depositories: Depositories,
}

impl StudentSteps {
    /// Over the documents of the service; what others keep for it is taken from there.
    pub(crate) fn new(students: DocumentStudents, depositories: Depositories) -> Self {
        Self { students, depositories }
    }

    async fn about_student(
        &self,
        asked: &Asked<'_>,
        deed: impl Deed<StudentRecord>,
    ) -> Result<(), HandleError> {
        let OfStudent { student_number } = asked.act().read()?;
        let target = Target::Kept { id: &student_number, missing: no_student(&student_number) };
        asked.of(target, &deed).await
    }

    async fn about_comment(&self, asked: &Asked<'_>) -> Result<(), HandleError> {
        let mut said: Said = asked.act().read()?;
        if said.comment.is_none() && asked.is_do() {
            let kept = self.depositories.take::<Kept>(SAGAS, asked.act().saga()).await?;
            said.comment = kept.map(|kept| kept.comment);
        }
        let standing = active(self.students.engine().as_ref(), &said.student_number).await?;
        let nothing = said.nothing();
        asked.of(Target::Made { nothing }, &AddComment { said, standing }).await
    }
}

#[async_trait]
impl DocumentParticipant for StudentSteps {
    async fn answer(&self, asked: &Asked<'_>) -> Result<(), HandleError> {
        match asked.act().operation {
            "reserveSlot" | "freeSlot" => self.about_student(asked, ReserveSlot).await,
            "confirmSlot" => self.about_student(asked, ConfirmSlot).await,
            "releaseSlot" => self.about_student(asked, ReleaseSlot).await,
            "addLendingComment" => self.about_comment(asked).await,
            "register" => register((self.students.engine().as_ref(), &self.depositories), asked).await,
            "beginErasure" | "endErasure" => self.about_student(asked, BeginErasure).await,
            "anonymise" => self.about_student(asked, Anonymise).await,
            "forget" => {
                let OfStudent { student_number } = asked.act().read()?;
                forget(&self.students, &student_number, asked).await?;
                self.about_student(asked, Forget).await
            }
            _ => Err(asked.act().unknown().into()),
        }
    }
}

/// Whom it is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfStudent {
    student_number: String,
}

/// When a book is asked for.
#[derive(Deserialize)]
struct AskedAt {
    at: i64,
}

/// What is brought back.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Returned {
    lending_number: String,
    isbn: String,
}

/// What is said of a book that is brought back.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    student_number: String,
    lending_number: String,
    isbn: String,
    /// What is said, where the saga was begun by one that said it itself.
    comment: Option<String>,
    grade: i32,
}

/// What sagas keep of it otherwise.
#[derive(Deserialize)]
struct Kept {
    comment: String,
}

/// Who keeps what was said.
const SAGAS: &str = "sagas";

impl Said {
    /// The comment before it is made: in no list, as one that was taken back.
    fn nothing(&self) -> CommentRecord {
        let comment = Comment {
            id: lending_comment_id(&self.lending_number),
            student_number: self.student_number.clone(),
            isbn: self.isbn.clone(),
            lending_number: Some(self.lending_number.clone()),
            text: String::new(),
            grade: 0,
            created_at_ms: 0,
            updated_at_ms: 0,
            version: 0,
            deleted: true,
            silenced: false,
        };
        CommentRecord { comment, call: None }
    }
}

/// The student with other slots, of which others hear; as before if there are none.
fn with_slots(
    record: &StudentRecord,
    slots: Option<Slots>,
    (kind, lending): (&'static str, Option<(&str, &str)>),
) -> Changed<StudentRecord> {
    let mut state = record.clone();
    let event = slots.map(|slots| {
        state.student.slots = slots;
        slot_event(kind, &state.student, lending)
    });
    Changed { state, event }
}

/// A place for a book, if the student may have one more.
struct ReserveSlot;

impl Deed<StudentRecord> for ReserveSlot {
    fn act(
        &self,
        record: &StudentRecord,
        act: &Act<'_>,
    ) -> Result<(Changed<StudentRecord>, Value), ActError> {
        let AskedAt { at } = act.read()?;
        let student = &record.student;
        student.standing.check(&student.number)?;
        let slots = student.slots.reserved(act.saga(), at)?;
        let output = json!({ "studentNumber": student.number });
        Ok((with_slots(record, slots, ("SlotReserved", None)), output))
    }

    fn undo(
        &self,
        record: &StudentRecord,
        act: &Act<'_>,
        _: &Value,
    ) -> Result<Changed<StudentRecord>, ActError> {
        let slots = record.student.slots.freed(act.saga());
        Ok(with_slots(record, slots, ("SlotFreed", None)))
    }

    fn release(&self, record: &StudentRecord, act: &Act<'_>) -> Changed<StudentRecord> {
        with_slots(record, record.student.slots.let_go(act.saga()), ("SlotFreed", None))
    }
}

/// The book is lent: the place is the lending's.
struct ConfirmSlot;

impl Deed<StudentRecord> for ConfirmSlot {
    fn act(
        &self,
        record: &StudentRecord,
        act: &Act<'_>,
    ) -> Result<(Changed<StudentRecord>, Value), ActError> {
        let lent: Lent = act.read()?;
        let slots = record.student.slots.confirmed(act.saga(), &lent)?;
        let lending = Some((lent.lending_number.as_str(), lent.isbn.as_str()));
        Ok((with_slots(record, slots, (ActivityKind::BookLent.event_type(), lending)), json!({})))
    }
}

/// The book is back: the place is free.
struct ReleaseSlot;

impl Deed<StudentRecord> for ReleaseSlot {
    fn act(
        &self,
        record: &StudentRecord,
        act: &Act<'_>,
    ) -> Result<(Changed<StudentRecord>, Value), ActError> {
        let Returned { lending_number, isbn } = act.read()?;
        let slots = record.student.slots.released(&lending_number);
        let lending = Some((lending_number.as_str(), isbn.as_str()));
        Ok((with_slots(record, slots, (ActivityKind::BookReturned.event_type(), lending)), json!({})))
    }
}

/// The one comment of a lending.
struct AddComment {
    /// What is said.
    said: Said,
    /// Whether there is such a student, who may say something.
    standing: Result<(), Problem>,
}

impl Deed<CommentRecord> for AddComment {
    fn act(
        &self,
        record: &CommentRecord,
        act: &Act<'_>,
    ) -> Result<(Changed<CommentRecord>, Value), ActError> {
        let said = self.said.clone();
        let isbn = Isbn::parse(&said.isbn)?;
        let gone = || Problem::not_found(&["comment"], "what was said is not kept any more");
        let input = CommentInput { text: said.comment.ok_or_else(gone)?, grade: said.grade }.check()?;
        self.standing.clone()?;
        if !record.comment.deleted {
            let message = format!("lending {} has a comment", said.lending_number);
            return Err(Problem::duplicate(&["lendingNumber"], message).into());
        }
        let comment = Comment {
            id: record.comment.id.clone(),
            student_number: said.student_number,
            isbn: isbn.to_string(),
            lending_number: Some(said.lending_number),
            text: input.text,
            grade: input.grade,
            created_at_ms: act.command.now_ms,
            updated_at_ms: act.command.now_ms,
            version: record.comment.version + 1,
            deleted: false,
            silenced: false,
        };
        let output = json!({ "commentId": comment.id });
        let event = Some(comment_event(ActivityKind::CommentAdded, &comment));
        Ok((Changed { state: CommentRecord { comment, call: None }, event }, output))
    }
}
