//! A student comes to the library together with an account. The registration itself, in users, has done the first step
//! and asks for the rest; the account is disabled until the student is registered. What is personal is in no message:
//! students take it from users.

use super::{Definition, Role, Source, Step, TIMEOUT};

pub(super) const REGISTER_STUDENT: Definition = Definition {
    kind: "RegisterStudentSaga",
    version: 1,
    asked_by: Some("users"),
    stages: &[
        &[Step {
            name: "takeUser",
            service: "users",
            operation: "take",
            role: Role::Compensable { undo: "discard" },
            each: None,
            input: &[("userId", Source::Input("/userId"))],
            timeout: TIMEOUT,
        }],
        &[Step {
            name: "registerStudent",
            service: "students",
            operation: "register",
            role: Role::Pivot,
            each: None,
            input: USER,
            timeout: TIMEOUT,
        }],
        &[Step {
            name: "activateUser",
            service: "users",
            operation: "activate",
            role: Role::Retriable,
            each: None,
            input: USER,
            timeout: TIMEOUT,
        }],
    ],
    result: &[USER[0], ("studentNumber", Source::Output("registerStudent", "/studentNumber"))],
};

/// The account.
const USER: &[(&str, Source)] = &[("userId", Source::Output("takeUser", "/userId"))];
