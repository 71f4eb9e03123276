//! What each change says to the rest of the library. No event holds a name, a telephone number, a birth date,
//! an interest or what was said: whoever needs those asks here.

use lms_kit::event::{Event, Touch};
use serde_json::{Value, json};

use crate::{
    NAME,
    domain::{ActivityKind, COMMENT, Comment, STUDENT, Student},
};

pub(super) fn student_event(kind: ActivityKind, student: &Student) -> Event {
    of_student(kind.event_type(), student, json!({}))
}

/// A change of the places that a student has for books; which lending it is about, where it is about one.
pub(super) fn slot_event(kind: &'static str, student: &Student, lending: Option<(&str, &str)>) -> Event {
    let (lending_number, isbn) = lending.unzip();
    let beside = json!({ "lendingNumber": lending_number, "isbn": isbn });
    of_student(kind, student, beside)
}

/// Each event of a student says all of the student that others may know: whoever is new hears the last one only.
fn of_student(kind: &'static str, student: &Student, mut data: Value) -> Event {
    data["studentNumber"] = json!(student.number);
    data["version"] = json!(student.version);
    data["openLoans"] = json!(student.slots.in_use());
    data["userId"] = json!(student.user_id);
    let mut touches = vec![touch(STUDENT, "studentNumber", &student.number)];
    touches.extend(student.user_id.iter().map(|id| touch("User", "id", id)));
    Event {
        service: NAME,
        aggregate_type: STUDENT,
        aggregate_id: student.number.clone(),
        kind,
        data,
        deleted: false,
        touches,
    }
}

pub(super) fn comment_event(kind: ActivityKind, comment: &Comment) -> Event {
    of_comment(kind.event_type(), comment)
}

fn of_comment(kind: &'static str, comment: &Comment) -> Event {
    let mut touches = vec![
        touch(COMMENT, "id", &comment.id),
        touch("Book", "isbn", &comment.isbn),
        touch(STUDENT, "studentNumber", &comment.student_number),
    ];
    let of_lending = comment.lending_number.iter();
    touches.extend(of_lending.map(|number| touch("Lending", "lendingNumber", number)));
    Event {
        service: NAME,
        aggregate_type: COMMENT,
        aggregate_id: comment.id.clone(),
        kind,
        data: json!({
            "id": comment.id,
            "studentNumber": comment.student_number,
            "isbn": comment.isbn,
            "lendingNumber": comment.lending_number,
            "grade": comment.grade,
            "version": comment.version,
            "deleted": comment.deleted,
        }),
        deleted: comment.deleted,
        touches,
    }
}

/// The student is erased: the last that others hear, and so without the account, which says by itself that it is gone.
pub(super) fn erased_event(student: &Student) -> Event {
    Event { deleted: true, ..of_student("StudentErased", student, json!({})) }
}

/// A comment whose student is erased says nothing any more.
pub(super) fn silenced_event(comment: &Comment) -> Event {
    of_comment("CommentSilenced", comment)
}

fn touch(type_name: &str, field: &str, key: &str) -> Touch {
    Touch::new(type_name, (field, key), NAME)
}
