//! A student goes, and what is known of whoever it was: first nothing new can begin, neither a lending nor a login; then
//! the student's own record loses what is personal, and from there on there is no way back.

use super::{Definition, Role, Source, Step, TIMEOUT};

pub(super) const ERASE_STUDENT: Definition = Definition {
    kind: "EraseStudentSaga",
    version: 1,
    asked_by: None,
    stages: &[
        &[Step {
            name: "beginErasure",
            service: "students",
            operation: "beginErasure",
            role: Role::Compensable { undo: "endErasure" },
            each: None,
            input: &[
                ("studentNumber", Source::Input("/studentNumber")),
                ("account", Source::Input("/account")),
            ],
            timeout: TIMEOUT,
        }],
        &[Step {
            name: "disableUser",
            service: "users",
            operation: "disable",
            role: Role::Compensable { undo: "restore" },
            each: None,
            input: USER,
            timeout: TIMEOUT,
        }],
        &[Step {
            name: "anonymiseStudent",
            service: "students",
            operation: "anonymise",
            role: Role::Pivot,
            each: None,
            input: STUDENT,
            timeout: TIMEOUT,
        }],
        &[
            Step {
                name: "forgetWhatWasSaid",
                service: "students",
                operation: "forget",
                role: Role::Retriable,
                each: None,
                input: STUDENT,
                timeout: TIMEOUT,
            },
            Step {
                name: "eraseUser",
                service: "users",
                operation: "erase",
                role: Role::Retriable,
                each: None,
                input: USER,
                timeout: TIMEOUT,
            },
        ],
    ],
    result: STUDENT,
};

/// The student's number, which stays.
const STUDENT: &[(&str, Source)] = &[("studentNumber", Source::Output("beginErasure", "/studentNumber"))];

/// The student's account, if there is one.
const USER: &[(&str, Source)] = &[("userId", Source::Output("beginErasure", "/userId"))];
