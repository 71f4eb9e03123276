//! A student takes a book: there is a free slot among the student's loans, the lending is opened, and the slot holds
//! it from then on.

use super::{Definition, Role, Source, Step, TIMEOUT};

pub(super) const LEND_BOOK: Definition = Definition {
    kind: "LendBookSaga",
    version: 1,
    asked_by: None,
    stages: &[
        &[Step {
            name: "reserveSlot",
            service: "students",
            operation: "reserveSlot",
            role: Role::Compensable { undo: "freeSlot" },
            each: None,
            input: &[("studentNumber", Source::Input("/studentNumber")), ("at", Source::BeganAt)],
            timeout: TIMEOUT,
        }],
        &[Step {
            name: "openLending",
            service: "lendings",
            operation: "open",
            role: Role::Pivot,
            each: None,
            input: &[
                ("isbn", Source::Input("/isbn")),
                ("studentNumber", Source::Output("reserveSlot", "/studentNumber")),
            ],
            timeout: TIMEOUT,
        }],
        &[Step {
            name: "confirmSlot",
            service: "students",
            operation: "confirmSlot",
            role: Role::Retriable,
            each: None,
            input: &[
                ("studentNumber", Source::Output("openLending", "/studentNumber")),
                ("lendingNumber", Source::Output("openLending", "/lendingNumber")),
                ("isbn", Source::Output("openLending", "/isbn")),
                ("title", Source::Output("openLending", "/title")),
                ("dueAt", Source::Output("openLending", "/dueAt")),
            ],
            timeout: TIMEOUT,
        }],
    ],
    result: &[
        ("lendingNumber", Source::Output("openLending", "/lendingNumber")),
        ("isbn", Source::Output("openLending", "/isbn")),
        ("studentNumber", Source::Output("reserveSlot", "/studentNumber")),
    ],
};
