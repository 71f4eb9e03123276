//! The commands: each reads one aggregate, decides, writes it once, and logs its events behind itself.

use lms_kit::{
    Problem, Refusal, StoreError,
    documents::{Aggregate, Decision, Documents, State, Written, create, update},
    idempotency::Command,
};

use super::{
    DocumentStudents, Target,
    collections::{CALL_KEY, COMMENTS, CommentRecord, STUDENTS, StudentRecord, USER_KEY, user_key},
    events::{comment_event, student_event},
};
use crate::domain::{
    ActivityKind, Comment, CommentInput, Isbn, Registration, Student, StudentChange, comment_id, no_student,
    year_of,
};

/// How often a registration may lose its number or its idempotency key to another call before it gives up.
const ATTEMPTS: usize = 8;

impl DocumentStudents {
    pub(super) async fn register_student(
        &self,
        command: &Command,
        input: Registration,
    ) -> Result<Student, Refusal> {
        let call = call_key(command);
        if let Some(student) = self.registered_before(command, &call).await? {
            return Ok(student);
        }
        let student = input.check(command.now_ms)?;
        for _ in 0..ATTEMPTS {
            let number = next_student_number(self.engine.as_ref(), command.now_ms).await?;
            let student = Student { number, ..student.clone() };
            let record = StudentRecord { student: student.clone(), call: Some(call.clone()) };
            let mut aggregate = Aggregate::new(record.clone());
            aggregate.change(record, &student_event(ActivityKind::Registered, &student), command)?;
            if let Some(aggregate) = create(self.engine.as_ref(), aggregate).await? {
                self.outbox.written(&[aggregate]).await;
                return Ok(student);
            }
            // The number, the account or the idempotency key is taken: find out which.
            if let Some(student) = self.registered_before(command, &call).await? {
                return Ok(student);
            }
            self.refuse_taken_account(student.user_id.as_deref()).await?;
        }
        Err(Problem::unavailable(1).into())
    }

    async fn refuse_taken_account(&self, user_id: Option<&str>) -> Result<(), Refusal> {
        let Some(user_id) = user_id else { return Ok(()) };
        if self.engine.get_by(&STUDENTS, USER_KEY, &[user_key(user_id)]).await?.is_empty() {
            return Ok(());
        }
        let message = format!("the account {user_id} belongs to another student");
        Err(Problem::duplicate(&["userId"], message).into())
    }

    /// What an earlier registration by this call came to. One that is too old to be repeated gives up its
    /// hold on the idempotency key.
    async fn registered_before(&self, command: &Command, call: &str) -> Result<Option<Student>, Refusal> {
        let found = self.engine.get_by(&STUDENTS, CALL_KEY, &[call.to_owned()]).await?;
        let Some(found) = found.into_iter().next() else { return Ok(None) };
        let mut aggregate = Aggregate::<StudentRecord>::read(found)?;
        if let Some(record) = aggregate.replayed(command)? {
            return Ok(Some(record.student));
        }
        aggregate.state.call = None;
        // Whoever was faster has done the same, or registered anew.
        self.engine.swap(&STUDENTS, &aggregate.document()?).await?;
        Ok(None)
    }

    pub(super) async fn update_student(
        &self,
        command: &Command,
        target: &Target,
        change: StudentChange,
    ) -> Result<Student, Refusal> {
        let missing = no_student(&target.id);
        let decide = |aggregate: &mut Aggregate<StudentRecord>| {
            if let Some(before) = aggregate.replayed(command)? {
                return Ok(Decision::Before(before));
            }
            let current = &aggregate.state.student;
            current.standing.check(&current.number)?;
            target.check(current.version)?;
            let student = change.clone().apply(current)?;
            let event = student_event(ActivityKind::Updated, &student);
            let record = StudentRecord { student, call: aggregate.state.call.clone() };
            aggregate.change(record, &event, command)?;
            Ok(Decision::Changed)
        };
        let written = update(self.engine.as_ref(), (&target.id, missing), decide).await?;
        Ok(self.logged(written).await.student)
    }

    pub(super) async fn add_new_comment(
        &self,
        command: &Command,
        student_number: &str,
        isbn: &Isbn,
        input: CommentInput,
    ) -> Result<Comment, Refusal> {
        let call = call_key(command);
        for found in self.engine.get_by(&COMMENTS, CALL_KEY, std::slice::from_ref(&call)).await? {
            if let Some(record) = Aggregate::<CommentRecord>::read(found)?.replayed(command)? {
                return Ok(record.comment);
            }
        }
        let input = input.check()?;
        active(self.engine.as_ref(), student_number).await??;
        let comment = Comment {
            id: comment_id(student_number, isbn),
            student_number: student_number.to_owned(),
            isbn: isbn.to_string(),
            lending_number: None,
            text: input.text,
            grade: input.grade,
            created_at_ms: command.now_ms,
            updated_at_ms: command.now_ms,
            version: 1,
            deleted: false,
            silenced: false,
        };
        self.store_comment(command, CommentRecord { comment, call: Some(call) }).await
    }

    pub(super) async fn store_comment(
        &self,
        command: &Command,
        record: CommentRecord,
    ) -> Result<Comment, Refusal> {
        let mut aggregate = Aggregate::new(record.clone());
        aggregate.change(
            record.clone(),
            &comment_event(ActivityKind::CommentAdded, &record.comment),
            command,
        )?;
        if let Some(aggregate) = create(self.engine.as_ref(), aggregate).await? {
            self.outbox.written(&[aggregate]).await;
            return Ok(record.comment);
        }
        // The same call came first, or another one; or the student took an earlier comment back.
        let isbn = &record.comment.isbn;
        let duplicate = Problem::duplicate(&["isbn"], format!("the student has commented on {isbn}"));
        let decide = |aggregate: &mut Aggregate<CommentRecord>| {
            if let Some(before) = aggregate.replayed(command)? {
                return Ok(Decision::Before(before));
            }
            let earlier = &aggregate.state.comment;
            if !earlier.deleted || earlier.silenced {
                return Err(duplicate.clone().into());
            }
            let comment = Comment { version: earlier.version + 1, ..record.comment.clone() };
            let event = comment_event(ActivityKind::CommentAdded, &comment);
            aggregate.change(CommentRecord { comment, ..record.clone() }, &event, command)?;
            Ok(Decision::Changed)
        };
        let id = &record.comment.id;
        let written = update(self.engine.as_ref(), (id, Problem::unavailable(1)), decide).await?;
        Ok(self.logged(written).await.comment)
    }

    /// Changes a comment; the event tells whether it was edited or deleted.
    pub(super) async fn change_comment(
        &self,
        command: &Command,
        target: &Target,
        change: impl Fn(&Comment) -> Result<Comment, Vec<Problem>> + Send + Sync,
    ) -> Result<Comment, Refusal> {
        for found in self.engine.get(&COMMENTS, std::slice::from_ref(&target.id)).await? {
            let comment = Aggregate::<CommentRecord>::read(found)?.state.comment;
            active(self.engine.as_ref(), &comment.student_number).await??;
        }
        let missing = Problem::not_found(&["id"], format!("there is no comment {}", target.id));
        let gone = missing.clone();
        let decide = |aggregate: &mut Aggregate<CommentRecord>| {
            if let Some(before) = aggregate.replayed(command)? {
                return Ok(Decision::Before(before));
            }
            let current = &aggregate.state.comment;
            if current.deleted || current.silenced {
                return Err(gone.clone().into());
            }
            target.check(current.version)?;
            let comment = change(current)?;
            let kind =
                if comment.deleted { ActivityKind::CommentDeleted } else { ActivityKind::CommentEdited };
            let event = comment_event(kind, &comment);
            let record = CommentRecord { comment, call: aggregate.state.call.clone() };
            aggregate.change(record, &event, command)?;
            Ok(Decision::Changed)
        };
        let written = update(self.engine.as_ref(), (&target.id, missing), decide).await?;
        Ok(self.logged(written).await.comment)
    }

    /// What a write came to, once its events are in the log.
    async fn logged<S: State>(&self, written: Written<S>) -> S {
        match written {
            Written::Before(state) => state,
            Written::Now(aggregate) => {
                let state = aggregate.state.clone();
                self.outbox.written(&[*aggregate]).await;
                state
            }
        }
    }
}

/// What tells one call of a mutation from another; the caller's length says where the caller ends.
fn call_key(command: &Command) -> String {
    format!("{} {} {}{}", command.mutation, command.caller.len(), command.caller, command.key)
}

/// The counter of a year's students.
pub(super) fn student_counter(year: i16) -> String {
    format!("students {year}")
}

/// A new student number of this year.
pub(super) async fn next_student_number(engine: &dyn Documents, now_ms: i64) -> Result<String, StoreError> {
    let year = year_of(now_ms);
    let number = engine.take_numbers(&student_counter(year), 1).await?;
    Ok(format!("{year}/{number}"))
}

/// Whether the student with this number may do something.
pub(super) async fn active(engine: &dyn Documents, number: &str) -> Result<Result<(), Problem>, StoreError> {
    let found = engine.get(&STUDENTS, &[number.to_owned()]).await?.into_iter().next();
    let Some(found) = found else { return Ok(Err(no_student(number))) };
    Ok(Aggregate::<StudentRecord>::read(found)?.state.student.standing.check(number))
}
