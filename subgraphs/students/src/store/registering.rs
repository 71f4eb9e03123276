//! A student who comes together with an account: a step of a saga, and no particulars in what asks for it. Users keep
//! those until the saga has settled.

use lms_kit::{
    Problem, StoreError,
    deposit::Depositories,
    documents::{Aggregate, Documents},
    inbox::HandleError,
    saga::{Act, ActError, Asked, Changed, Deed, Target},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    collections::{CALL_KEY, STUDENTS, StudentRecord, USER_KEY, user_key},
    commands::next_student_number,
    events::student_event,
};
use crate::domain::{ActivityKind, Registration, Standing, Student};

/// Who keeps particulars.
const USERS: &str = "users";

/// What the step is asked with.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfUser {
    user_id: String,
}

/// What users keep of a registration.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Particulars {
    name: String,
    birth_date: String,
    phone: String,
    gdpr_consent: bool,
    interests: Vec<String>,
}

/// Answers a request to register a student, in the document that was made for its saga.
pub(super) async fn register(
    (engine, depositories): (&dyn Documents, &Depositories),
    asked: &Asked<'_>,
) -> Result<(), HandleError> {
    let (act, OfUser { user_id }) = (asked.act(), asked.act().read::<OfUser>()?);
    let nothing = kept_for(engine, act.saga(), act.command.now_ms).await?;
    // What is done, or never will be, needs no particulars; they may be gone.
    let registration = if asked.is_do() && nothing.student.standing == Standing::Absent {
        let kept = depositories.take::<Particulars>(USERS, act.saga()).await?;
        kept.map(|kept| kept.of(user_id.clone()))
    } else {
        None
    };
    let is_taken = belongs_to_another(engine, &user_id, &nothing.student.number).await?;
    asked.of(Target::Made { nothing }, &Register { registration, is_taken }).await
}

/// The document that a saga's student is in, or that it comes into under a new number. Its saga is its call.
async fn kept_for(engine: &dyn Documents, saga: &str, now_ms: i64) -> Result<StudentRecord, StoreError> {
    let call = format!("saga {saga}");
    let found = engine.get_by(&STUDENTS, CALL_KEY, std::slice::from_ref(&call)).await?.into_iter().next();
    if let Some(found) = found {
        return Ok(Aggregate::<StudentRecord>::read(found)?.state);
    }
    let number = next_student_number(engine, now_ms).await?;
    Ok(StudentRecord { student: Student::absent(number), call: Some(call) })
}

async fn belongs_to_another(engine: &dyn Documents, user_id: &str, number: &str) -> Result<bool, StoreError> {
    let found = engine.get_by(&STUDENTS, USER_KEY, &[user_key(user_id)]).await?;
    Ok(found.iter().any(|student| student.id != number))
}

impl Particulars {
    fn of(self, user_id: String) -> Registration {
        let Self { name, birth_date, phone, gdpr_consent, interests } = self;
        Registration { name, birth_date, phone, gdpr_consent, interests, user_id: Some(user_id) }
    }
}

/// The student comes to be.
struct Register {
    /// What users keep, if they still do.
    registration: Option<Registration>,
    /// Whether the account belongs to another student.
    is_taken: bool,
}

impl Deed<StudentRecord> for Register {
    fn act(
        &self,
        record: &StudentRecord,
        act: &Act<'_>,
    ) -> Result<(Changed<StudentRecord>, Value), ActError> {
        let Some(registration) = self.registration.clone() else {
            let message = "the registration is not there any more";
            return Err(Problem::not_found(&["idempotencyKey"], message).into());
        };
        if self.is_taken {
            return Err(Problem::duplicate(&["userId"], "the account belongs to another student").into());
        }
        let checked = registration.check(act.command.now_ms);
        let student = checked.map_err(|broken| broken.into_iter().map(without_value).collect::<Vec<_>>())?;
        let student = Student { number: record.student.number.clone(), ..student };
        let event = Some(student_event(ActivityKind::Registered, &student));
        let output = json!({ "studentNumber": student.number });
        Ok((Changed { state: StudentRecord { student, call: record.call.clone() }, event }, output))
    }
}

/// A problem as messages and sagas may hold it: the field and the rule, and not what was given.
fn without_value(problem: Problem) -> Problem {
    match problem {
        Problem::Invalid { path, rule, .. } => {
            let message = format!("{} breaks the rule: {rule}", path.join("."));
            Problem::Invalid { message, path, rule }
        }
        problem => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_a_rule_is_in_no_message() {
        let given = Registration {
            name: "n".repeat(200),
            birth_date: "2022-02-03".into(),
            phone: "phone of Zoë".into(),
            gdpr_consent: true,
            interests: vec!["i".repeat(200)],
            user_id: None,
        };
        let broken = given.check(1_700_000_000_000).unwrap_err();
        assert_eq!(broken.len(), 4);
        let told = serde_json::to_string(&broken.into_iter().map(without_value).collect::<Vec<_>>()).unwrap();
        for given in ["nnn", "2022", "Zo", "iii"] {
            assert!(!told.contains(given), "{told}");
        }
        assert!(told.contains("age >= 12"), "{told}");
    }
}
