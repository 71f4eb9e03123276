//! A student brings a book back: the lending ends, whatever follows; then the student's slot is free, and what the
//! student says of the book is kept if it can be.

use super::{Definition, Role, Source, Step, TIMEOUT};

pub(super) const RETURN_BOOK: Definition = Definition {
    kind: "ReturnBookSaga",
    version: 1,
    asked_by: None,
    stages: &[
        &[Step {
            name: "returnLending",
            service: "lendings",
            operation: "return",
            role: Role::Pivot,
            each: None,
            input: &[("lendingNumber", Source::Input("/lendingNumber"))],
            timeout: TIMEOUT,
        }],
        &[
            Step {
                name: "releaseSlot",
                service: "students",
                operation: "releaseSlot",
                role: Role::Retriable,
                each: None,
                input: OF_LENDING,
                timeout: TIMEOUT,
            },
            Step {
                name: "addComment",
                service: "students",
                operation: "addLendingComment",
                role: Role::BestEffort,
                each: Some("/comments"),
                input: &[
                    OF_LENDING[0],
                    OF_LENDING[1],
                    OF_LENDING[2],
                    // Null: it is kept beside the saga, for students alone. Sagas begun earlier hold it themselves.
                    ("comment", Source::Item("/comment")),
                    ("grade", Source::Item("/grade")),
                ],
                timeout: TIMEOUT,
            },
        ],
    ],
    result: OF_LENDING,
};

/// What the lending that has ended says.
const OF_LENDING: &[(&str, Source)] = &[
    ("studentNumber", Source::Output("returnLending", "/studentNumber")),
    ("lendingNumber", Source::Output("returnLending", "/lendingNumber")),
    ("isbn", Source::Output("returnLending", "/isbn")),
];
