//! A student is erased: three steps of a saga. The first keeps anything new from beginning, the second is the point of
//! no return, and the last takes what lies in other documents: what was said of books, and the log.

use lms_kit::{
    Problem, StoreError,
    documents::{Aggregate, Decision, Documents, Find, Match, State, Written, update},
    inbox::HandleError,
    saga::{Act, ActError, Asked, Changed, Deed},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    DocumentStudents,
    collections::{ACTIVITY, AT, COMMENTS, CommentRecord, STUDENT_KEY, STUDENTS, StudentRecord},
    events::{erased_event, silenced_event},
};
use crate::domain::{ActivityKind, Student};

/// How many entries of the log are removed at once.
const AT_ONCE: u32 = 1_000;

/// Who asks, where only one account may.
#[derive(Deserialize)]
struct For {
    account: Option<String>,
}

/// Nothing new begins for the student.
pub(super) struct BeginErasure;

impl Deed<StudentRecord> for BeginErasure {
    fn act(
        &self,
        record: &StudentRecord,
        act: &Act<'_>,
    ) -> Result<(Changed<StudentRecord>, Value), ActError> {
        let For { account } = act.read()?;
        let student = record.student.erasing(act.saga(), account.as_deref())?;
        let output = json!({ "studentNumber": student.number, "userId": student.user_id });
        Ok((unsaid(record, student), output))
    }

    fn undo(
        &self,
        record: &StudentRecord,
        act: &Act<'_>,
        _: &Value,
    ) -> Result<Changed<StudentRecord>, ActError> {
        Ok(unsaid(record, record.student.kept(act.saga())))
    }
}

/// A change of which others need not hear.
fn unsaid(record: &StudentRecord, student: Student) -> Changed<StudentRecord> {
    Changed { state: StudentRecord { student, call: record.call.clone() }, event: None }
}

/// What is personal goes from the student's document, with the call that made it: its key was the client's.
pub(super) struct Anonymise;

impl Deed<StudentRecord> for Anonymise {
    fn act(
        &self,
        record: &StudentRecord,
        act: &Act<'_>,
    ) -> Result<(Changed<StudentRecord>, Value), ActError> {
        let student = record.student.erased(act.saga())?;
        let event = Some(erased_event(&student));
        Ok((Changed { state: StudentRecord { student, call: None }, event }, json!({})))
    }
}

/// What lies in other documents has gone before this is done.
pub(super) struct Forget;

impl Deed<StudentRecord> for Forget {
    fn act(&self, record: &StudentRecord, _: &Act<'_>) -> Result<(Changed<StudentRecord>, Value), ActError> {
        Ok((Changed { state: record.clone(), event: None }, json!({})))
    }
}

/// Takes the text of each of a student's comments, and then the student's log. It may be done twice.
pub(super) async fn forget(
    students: &DocumentStudents,
    number: &str,
    asked: &Asked<'_>,
) -> Result<(), HandleError> {
    let engine = students.engine().as_ref();
    for found in engine.get(&STUDENTS, &[number.to_owned()]).await? {
        still_to_log(&Aggregate::<StudentRecord>::read(found)?)?;
    }
    for found in engine.get_by(&COMMENTS, STUDENT_KEY, &[number.to_owned()]).await? {
        let comment = Aggregate::<CommentRecord>::read(found)?;
        still_to_log(&comment)?;
        if !comment.state.comment.silenced {
            silence(students, comment.state.id(), asked).await?;
        }
    }
    Ok(forget_log(engine, number).await?)
}

/// What has not left is written into the log once more when it does, so it is waited for.
fn still_to_log<S: State>(aggregate: &Aggregate<S>) -> Result<(), StoreError> {
    let is_logged = |kind: &str| ActivityKind::of_event(kind).is_some();
    if aggregate.outbox().iter().any(|event| event.topic.is_none() && is_logged(&event.kind)) {
        return Err(StoreError::Away("what the student did has not all left yet".into()));
    }
    Ok(())
}

async fn silence(students: &DocumentStudents, id: &str, asked: &Asked<'_>) -> Result<(), HandleError> {
    let (act, missing) = (asked.act(), Problem::not_found(&["id"], format!("there is no comment {id}")));
    let decide = |aggregate: &mut Aggregate<CommentRecord>| {
        let comment = aggregate.state.comment.silenced(act.command.now_ms);
        let record = CommentRecord { comment, call: None };
        if record.comment.deleted {
            aggregate.state = record;
        } else {
            let event = silenced_event(&record.comment);
            aggregate.record(record, &event, act.command);
        }
        Ok(Decision::Changed)
    };
    let written = update(students.engine().as_ref(), (id, missing), decide).await.map_err(ActError::from)?;
    if let Written::Now(aggregate) = written {
        students.outbox().written(&[*aggregate]).await;
    }
    Ok(())
}

async fn forget_log(engine: &dyn Documents, number: &str) -> Result<(), StoreError> {
    let of_student = || vec![Match::Equals(STUDENT_KEY, number.into())];
    loop {
        let found = engine.find(&ACTIVITY, &Find::first(AT, AT_ONCE, of_student())).await?;
        if found.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = found.into_iter().map(|entry| entry.id).collect();
        engine.remove(&ACTIVITY, &ids).await?;
    }
}
