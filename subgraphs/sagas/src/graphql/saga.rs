//! Sagas as clients see them.

use async_graphql::{Enum, ID, Interface, SimpleObject};
use lms_kit::{
    graphql::{DateTime, ProblemView, views},
    node,
};
use serde_json::Value;

use super::others::{Author, Book, Genre, Lending, Student, User};
use crate::{
    definition, machine,
    saga::{Phase, Saga as Running, Status, StepRun},
};

/// Where a saga is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Phase")]
pub(crate) enum SagaPhase {
    /// Step by step towards its end.
    Running,
    /// Back: what was done is undone.
    Compensating,
    /// At its end; there may be warnings.
    Completed,
    /// Back where it began.
    Compensated,
    /// It cannot go on by itself, and waits for somebody.
    Stuck,
}

/// Where a step is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub(crate) enum SagaStepStatus {
    /// It was not asked for yet.
    Pending,
    /// It was asked for, and there is no answer.
    Doing,
    /// There was no answer, and its service is asked whether there will be one.
    Abandoning,
    /// It is done.
    Done,
    /// It was refused: nothing of it has happened or will.
    Refused,
    /// It is being undone, whether or not it was done.
    Undoing,
    /// It is undone.
    Undone,
    /// It was tried for too long.
    Failed,
}

/// One step of a saga.
#[derive(SimpleObject)]
pub(crate) struct SagaStep {
    /// Its name, unique in the saga.
    name: String,
    /// The service that does it.
    service: String,
    /// Where it is.
    status: SagaStepStatus,
    /// How often its service was asked, in this status.
    attempts: i32,
    /// When its service was first asked.
    started_at: Option<DateTime>,
    /// When its status last changed.
    changed_at: Option<DateTime>,
    /// When it is asked again, if no answer comes.
    due_at: Option<DateTime>,
    /// Why it was refused, or has failed.
    problem: Option<ProblemView>,
}

/// Something that several services do step by step, and undo if it cannot be done.
#[expect(clippy::duplicated_attributes, reason = "two fields may have one type")]
#[derive(Interface)]
#[graphql(
    name = "Saga",
    field(name = "id", ty = "&ID", desc = "The saga's identifier in the whole graph."),
    field(name = "phase", ty = "&SagaPhase", desc = "Where it is."),
    field(name = "steps", ty = "&Vec<SagaStep>", desc = "Its steps, in their order."),
    field(name = "remaining", ty = "&Vec<String>", desc = "The steps that are still to come, by name."),
    field(name = "problem", ty = "&Option<ProblemView>", desc = "Why it turned back, or is stuck."),
    field(
        name = "warnings",
        ty = "&Vec<ProblemView>",
        desc = "What did not come about, though the saga has."
    ),
    field(name = "startedAt", method = "started_at", ty = "&DateTime", desc = "When it began."),
    field(name = "updatedAt", method = "updated_at", ty = "&DateTime", desc = "When it last changed.")
)]
pub(crate) enum Saga {
    /// A book with its authors and its genre.
    Catalogue(CatalogueBookSaga),
    /// A student takes a book.
    Lend(LendBookSaga),
    /// A student brings a book back.
    Return(ReturnBookSaga),
    /// A student goes, and what is known of whoever it was.
    Erase(EraseStudentSaga),
    /// A student comes to the library together with an account.
    Register(RegisterStudentSaga),
}

/// The types of sagas: what they have in common, and what each has come to beside that. One that is new takes its
/// place in the call below, and in the interface above.
macro_rules! sagas {
    ($($(#[$doc:meta])* $name:ident($variant:ident) { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(SimpleObject)]
            pub(crate) struct $name {
                /// The saga's identifier in the whole graph.
                id: ID,
                #[graphql(inaccessible)]
                node_key: ID,
                /// Where it is.
                phase: SagaPhase,
                /// Its steps, in their order.
                steps: Vec<SagaStep>,
                /// The steps that are still to come, by name.
                remaining: Vec<String>,
                /// Why it turned back, or is stuck.
                problem: Option<ProblemView>,
                /// What did not come about, though the saga has.
                warnings: Vec<ProblemView>,
                /// When it began.
                started_at: DateTime,
                /// When it last changed.
                updated_at: DateTime,
                $($(#[$field_doc])* $field: $type,)*
            }

            impl From<Running> for $name {
                fn from(saga: Running) -> Self {
                    let found = definition::find(definition::DEFINITIONS, &saga.kind, saga.definition);
                    let result = come_to(found, &saga);
                    let id = ID(node::global(&saga.kind, &saga.id));
                    Self {
                        $($field: Come::come(&result),)*
                        node_key: id.clone(),
                        id,
                        phase: saga.phase.into(),
                        remaining: remaining(&saga.steps, saga.phase),
                        steps: saga.steps.into_iter().map(|run| step(run, found)).collect(),
                        problem: saga.problem.map(ProblemView::from),
                        warnings: views(saga.warnings),
                        started_at: DateTime::from_ms(saga.created_at),
                        updated_at: DateTime::from_ms(saga.updated_at),
                    }
                }
            }
        )*

        impl Saga {
            /// A saga as its type; `None` for a kind that another version of this service knows.
            pub(crate) fn of(saga: Running) -> Option<Self> {
                match saga.kind.as_str() {
                    $(stringify!($name) => Some(Self::$variant(saga.into())),)*
                    _ => None,
                }
            }
        }
    };
}

sagas! {
    /// A book comes into the catalogue together with its authors and its genre.
    CatalogueBookSaga(Catalogue) {
        /// The book, once it is in the catalogue.
        book: Option<Book>,
        /// Its genre, as soon as it is there; pending until the saga is completed.
        genre: Option<Genre>,
        /// Its authors, as soon as they are there; pending until the saga is completed.
        authors: Vec<Author>,
    }
    /// A student takes a book.
    LendBookSaga(Lend) {
        /// The lending, once it is open.
        lending: Option<Lending>,
        /// The book, once it is lent.
        book: Option<Book>,
        /// Who takes it, once there is room for it.
        student: Option<Student>,
    }
    /// A student brings a book back.
    ReturnBookSaga(Return) {
        /// The lending, once it has ended.
        lending: Option<Lending>,
        /// The book, once it is back.
        book: Option<Book>,
        /// Who brought it, once it is back.
        student: Option<Student>,
    }
    /// A student goes, and what is known of whoever it was.
    EraseStudentSaga(Erase) {
        /// The student, of whom nothing but the number is left once the saga is completed.
        student: Option<Student>,
    }
    /// A student comes to the library together with an account.
    RegisterStudentSaga(Register) {
        /// The account; disabled until the saga is completed.
        user: Option<User>,
        /// The student, once registered.
        student: Option<Student>,
    }
}

/// What a saga has come to so far. One that turned back has come to nothing.
fn come_to(definition: Option<&definition::Definition>, saga: &Running) -> Value {
    let is_gone = matches!(saga.phase, Phase::Compensating | Phase::Compensated);
    definition.filter(|_| !is_gone).map(|found| machine::result(found, saga)).unwrap_or_default()
}

fn key(result: &Value, name: &str) -> Option<ID> {
    result[name].as_str().map(ID::from)
}

/// A field that is read out of what a saga has come to.
trait Come {
    fn come(result: &Value) -> Self;
}

impl Come for Option<Book> {
    fn come(result: &Value) -> Self {
        key(result, "isbn").map(|isbn| Book { isbn })
    }
}

impl Come for Option<Genre> {
    fn come(result: &Value) -> Self {
        key(result, "genreId").map(|id| Genre { id: ID(node::global("Genre", &id)) })
    }
}

impl Come for Vec<Author> {
    fn come(result: &Value) -> Self {
        let numbers = result["authorNumbers"].as_array().into_iter().flatten();
        numbers.filter_map(Value::as_str).map(|number| Author { author_number: number.into() }).collect()
    }
}

impl Come for Option<Lending> {
    fn come(result: &Value) -> Self {
        key(result, "lendingNumber").map(|lending_number| Lending { lending_number })
    }
}

impl Come for Option<Student> {
    fn come(result: &Value) -> Self {
        key(result, "studentNumber").map(|student_number| Student { student_number })
    }
}

impl Come for Option<User> {
    fn come(result: &Value) -> Self {
        key(result, "userId").map(|id| User { id: ID(node::global("User", &id)) })
    }
}

fn remaining(steps: &[StepRun], phase: Phase) -> Vec<String> {
    let is_open = |status: Status| match phase {
        Phase::Running => matches!(status, Status::Pending | Status::Doing | Status::Abandoning),
        Phase::Compensating => matches!(status, Status::Done | Status::Doing | Status::Undoing),
        Phase::Stuck => status == Status::Failed,
        Phase::Completed | Phase::Compensated => false,
    };
    steps.iter().filter(|run| is_open(run.status)).map(|run| run.name.clone()).collect()
}

fn step(run: StepRun, definition: Option<&definition::Definition>) -> SagaStep {
    let step = definition.and_then(|found| found.step(&run.step));
    SagaStep {
        name: run.name,
        service: step.map_or("", |step| step.service).to_owned(),
        status: run.status.into(),
        attempts: i32::try_from(run.attempts).unwrap_or(i32::MAX),
        started_at: run.started_at.map(DateTime::from_ms),
        changed_at: run.changed_at.map(DateTime::from_ms),
        due_at: run.due_at.map(DateTime::from_ms),
        problem: run.problem.map(ProblemView::from),
    }
}
