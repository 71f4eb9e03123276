//! What is kept, under which keys, and the migrations that make the room for it.

use std::collections::BTreeMap;

use lms_kit::{
    documents::{
        ARCHIVE, ARCHIVE_BY_AGGREGATE, Collection, INBOX_ROOM, Index, KeyColumn, Migration, State, Step,
        WAITING,
    },
    migrate::Phase,
    page::SortKey,
    saga::STEPS_ROOM,
};
use serde::{Deserialize, Serialize};

use crate::domain::{Activity, Comment, Standing, Student};

/// Students by number.
pub(super) const STUDENTS: Collection = Collection {
    name: "students",
    keys: &[
        KeyColumn::text(NAME_KEY),
        KeyColumn::text(PHONE_KEY),
        KeyColumn::text(USER_KEY),
        KeyColumn::text(CALL_KEY),
        KeyColumn::integer(WAITING),
    ],
};

/// Comments by student and book.
pub(super) const COMMENTS: Collection = Collection {
    name: "comments",
    keys: &[
        KeyColumn::text(STUDENT_KEY),
        KeyColumn::text(ISBN_KEY),
        KeyColumn::integer(GRADE),
        KeyColumn::integer(CREATED_AT),
        KeyColumn::text(CALL_KEY),
        KeyColumn::integer(WAITING),
    ],
};

/// The activity log by event.
pub(super) const ACTIVITY: Collection =
    Collection { name: "activity", keys: &[KeyColumn::text(STUDENT_KEY), KeyColumn::integer(AT)] };

pub(super) const NAME_KEY: &str = "nameKey";
pub(super) const PHONE_KEY: &str = "phoneKey";
pub(super) const USER_KEY: &str = "userKey";
/// The call that created the document, by which it is found when the call is repeated.
pub(super) const CALL_KEY: &str = "callKey";
pub(super) const STUDENT_KEY: &str = "studentNumber";
pub(super) const ISBN_KEY: &str = "isbn";
pub(super) const GRADE: &str = "grade";
pub(super) const CREATED_AT: &str = "createdAt";
pub(super) const AT: &str = "happenedAt";

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "students_comments_activity", phase: Phase::Expand, steps: FIRST },
    Migration { version: 2, name: "inbox", phase: Phase::Expand, steps: INBOX_ROOM },
    Migration { version: 3, name: "saga_steps", phase: Phase::Expand, steps: STEPS_ROOM },
];

const FIRST: &[Step] = &[
    Step::Collection(STUDENTS),
    Step::Index("students", index("students_by_name", &[NAME_KEY])),
    Step::Index("students", index("students_by_phone", &[PHONE_KEY, NAME_KEY])),
    Step::Index("students", unique("students_by_user", &[USER_KEY])),
    Step::Index("students", unique("students_by_call", &[CALL_KEY])),
    Step::Index("students", index("students_waiting", &[WAITING])),
    Step::Collection(COMMENTS),
    Step::Index("comments", index("comments_by_book", &[ISBN_KEY, CREATED_AT])),
    Step::Index("comments", index("comments_by_grade", &[ISBN_KEY, GRADE])),
    Step::Index("comments", index("comments_by_student", &[STUDENT_KEY, CREATED_AT])),
    Step::Index("comments", index("comments_by_call", &[CALL_KEY])),
    Step::Index("comments", index("comments_waiting", &[WAITING])),
    Step::Collection(ACTIVITY),
    Step::Index("activity", index("activity_by_student", &[STUDENT_KEY, AT])),
    Step::Collection(ARCHIVE),
    Step::Index("events", ARCHIVE_BY_AGGREGATE),
];

const fn index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index { name, columns, unique: false }
}

const fn unique(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index { name, columns, unique: true }
}

/// A student as a document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StudentRecord {
    #[serde(flatten)]
    pub(super) student: Student,
    /// The call that registered the student, while it may be repeated.
    pub(super) call: Option<String>,
}

impl State for StudentRecord {
    const COLLECTION: &'static Collection = &STUDENTS;

    fn id(&self) -> &str {
        &self.student.number
    }

    fn keys(&self) -> BTreeMap<&'static str, SortKey> {
        // A unique key has a value in each document; a student without one has the number, which is unique.
        let call = self.call.clone().unwrap_or_else(|| format!("number {}", self.student.number));
        let user = match &self.student.user_id {
            Some(id) => user_key(id),
            None => format!("number {}", self.student.number),
        };
        let mut keys = BTreeMap::from([(USER_KEY, user.into()), (CALL_KEY, call.into())]);
        // Whoever is not there is in no list.
        if self.student.standing.is_there() {
            keys.insert(NAME_KEY, self.student.name_key().into());
            keys.insert(PHONE_KEY, self.student.phone_key().into());
        }
        keys
    }

    fn is_erased(&self) -> bool {
        self.student.standing == Standing::Erased
    }
}

pub(super) fn user_key(user_id: &str) -> String {
    format!("user {user_id}")
}

/// A comment as a document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CommentRecord {
    #[serde(flatten)]
    pub(super) comment: Comment,
    /// The call that added the comment.
    pub(super) call: Option<String>,
}

impl State for CommentRecord {
    const COLLECTION: &'static Collection = &COMMENTS;

    fn id(&self) -> &str {
        &self.comment.id
    }

    /// No list and no average finds a deleted comment, of which only is kept whose it was.
    fn keys(&self) -> BTreeMap<&'static str, SortKey> {
        let comment = &self.comment;
        let mut keys = BTreeMap::from([
            (CALL_KEY, self.call.clone().into()),
            (STUDENT_KEY, comment.student_number.as_str().into()),
        ]);
        if !comment.deleted {
            keys.insert(ISBN_KEY, comment.isbn.as_str().into());
            keys.insert(GRADE, i64::from(comment.grade).into());
            keys.insert(CREATED_AT, comment.created_at_ms.into());
        }
        keys
    }

    fn is_erased(&self) -> bool {
        self.comment.silenced
    }
}

pub(super) fn activity_keys(activity: &Activity) -> BTreeMap<&'static str, SortKey> {
    BTreeMap::from([(STUDENT_KEY, activity.student_number.as_str().into()), (AT, activity.at_ms.into())])
}
