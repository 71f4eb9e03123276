//! A student is erased: three steps of a saga. The first keeps anything new from beginning, the second is the point of
//! no return, and the last takes what lies in other documents: what was said of books, and the log.

use lms_kit::{
    Problem, Refusal, StoreError,
    documents::{Aggregate, Decision, Documents, Find, Match, State, Written, update},
    idempotency::Command,
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

    fn release(&self, record: &StudentRecord, act: &Act<'_>) -> Changed<StudentRecord> {
        unsaid(record, record.student.kept(act.saga()))
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

/// Takes the text of each of a student's comments, and then the student's log. It may be done twice. What is said after
/// that, by whoever looked before, goes when it is projected ([`super::projection`]).
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
        let silenced = silence(engine, comment.state.id(), asked.act().command).await;
        if let Some(silenced) = silenced.map_err(ActError::from)? {
            students.outbox().written(&[silenced]).await;
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

/// Takes a comment's text; the comment, unless it had been taken before.
pub(super) async fn silence(
    documents: &dyn Documents,
    id: &str,
    command: &Command,
) -> Result<Option<Aggregate<CommentRecord>>, Refusal> {
    let missing = Problem::not_found(&["id"], format!("there is no comment {id}"));
    let decide = |aggregate: &mut Aggregate<CommentRecord>| {
        if aggregate.state.comment.silenced {
            return Ok(Decision::Before(aggregate.state.clone()));
        }
        let comment = aggregate.state.comment.silenced(command.now_ms);
        let record = CommentRecord { comment, call: None };
        if record.comment.deleted {
            aggregate.state = record;
        } else {
            let event = silenced_event(&record.comment);
            aggregate.record(record, &event, command);
        }
        Ok(Decision::Changed)
    };
    Ok(match update(documents, (id, missing), decide).await? {
        Written::Before(_) => None,
        Written::Now(aggregate) => Some(*aggregate),
    })
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

#[cfg(test)]
mod tests {
    use lms_kit::{
        Sources,
        access::Caller,
        documents::create,
        idempotency::Call,
        outbox::{ClaimOptions, Outbox, Settlement},
    };

    use super::*;
    use crate::{
        domain::{Comment, Standing},
        store::events::comment_event,
    };

    fn said() -> CommentRecord {
        let comment = Comment {
            id: "2024/1:9780439023481".into(),
            student_number: "2024/1".into(),
            isbn: "9780439023481".into(),
            lending_number: None,
            text: "what was said".into(),
            grade: 7,
            created_at_ms: 1,
            updated_at_ms: 1,
            version: 1,
            deleted: false,
            silenced: false,
        };
        CommentRecord { comment, call: None }
    }

    /// A comment whose student was erased after its check, and before it is stored; by a process that ends right after that,
    /// or goes on.
    #[tokio::test]
    async fn a_comment_that_is_stored_after_the_erasure_keeps_no_text() {
        for ends in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite:{}", folder.path().join("students.sqlite").display());
            let sources = Sources::system();
            let students = DocumentStudents::open(&url, &sources).await.unwrap();
            let engine = students.engine().as_ref();
            let erased = Student { standing: Standing::Erased, ..Student::absent("2024/1".into()) };
            let erased = Aggregate::new(StudentRecord { student: erased, call: None });
            create(engine, erased).await.unwrap().unwrap();

            let call = Call { caller: Caller::Local("zoe".into()), traceparent: None, sources };
            let command = Command::new(&call, "addComment", "k", &Value::Null).unwrap();
            if ends {
                let mut comment = Aggregate::new(said());
                let event = comment_event(ActivityKind::CommentAdded, &said().comment);
                comment.change(said(), &event, &command).unwrap();
                create(engine, comment).await.unwrap().unwrap();
                let all = ClaimOptions { aggregates: 9, depth: 9, lease_ms: 60_000 };
                for claim in students.outbox().claim(all).await.unwrap() {
                    let (aggregate, fence) = (claim.aggregate, claim.fence);
                    let left = Settlement { aggregate, fence, sent: claim.events.len(), failure: None };
                    students.outbox().settle(&[left]).await.unwrap();
                }
            } else {
                students.store_comment(&command, said()).await.unwrap();
            }
            let found = engine.get(&COMMENTS, &[said().comment.id]).await.unwrap().remove(0);
            assert!(!found.body.to_string().contains("what was said"), "ends: {ends}: {}", found.body);
            let comment = Aggregate::<CommentRecord>::read(found).unwrap().state.comment;
            assert!(comment.silenced && comment.grade == 7, "ends: {ends}: the grade stays");
            assert!(
                engine.scan(&ACTIVITY, None, 9).await.unwrap().is_empty(),
                "ends: {ends}: nothing is logged"
            );
        }
    }
}
