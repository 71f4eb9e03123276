//! The sagas of a run: the library's own that catalogues a book, and three that have what it has not.

use std::{sync::LazyLock, time::Duration};

use lms_sagas::definition::{self, Definition, Role, Source, Step};

/// All kinds.
pub(crate) static DEFINITIONS: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    let catalogue = definition::find(definition::DEFINITIONS, "CatalogueBookSaga", 1);
    catalogue.copied().into_iter().chain([WIDE, LONG, SHORT]).collect()
});

/// A kind, by number.
pub(crate) fn kind(number: usize) -> &'static str {
    DEFINITIONS[number % DEFINITIONS.len()].kind
}

const SOON: Duration = Duration::from_millis(200);
const LATER: Duration = Duration::from_secs(1);

const BASE: Step = Step {
    name: "",
    service: "genres",
    operation: "",
    role: Role::Compensable { undo: "undo" },
    each: None,
    input: &[("item", Source::Input("/name"))],
    timeout: SOON,
};

/// Stages of several steps, steps of several instances, and each role.
const WIDE: Definition = Definition {
    kind: "WideSaga",
    version: 1,
    asked_by: None,
    stages: &[
        &[
            Step { name: "a", operation: "reserve", each: Some("/authors"), input: EACH, ..BASE },
            Step { name: "b", service: "authors", operation: "reserve", ..BASE },
            Step { name: "c", service: "books", operation: "hold", ..BASE },
        ],
        &[Step { name: "p", service: "books", operation: "decide", role: Role::Pivot, ..BASE }],
        &[
            Step {
                name: "r",
                operation: "confirm",
                role: Role::Retriable,
                each: Some("/authors"),
                input: EACH,
                ..BASE
            },
            Step { name: "s", service: "authors", operation: "confirm", role: Role::Retriable, ..BASE },
            Step { name: "t", service: "authors", operation: "note", role: Role::BestEffort, ..BASE },
        ],
        &[
            Step { name: "u", service: "books", operation: "note", role: Role::BestEffort, ..BASE },
            Step {
                name: "v",
                service: "books",
                operation: "finish",
                role: Role::Retriable,
                input: OUTPUTS,
                ..BASE
            },
        ],
    ],
    result: &[("item", Source::Output("p", "/id"))],
};

const EACH: &[(&str, Source)] = &[("item", Source::Item("/name"))];
const OUTPUTS: &[(&str, Source)] =
    &[("item", Source::Output("p", "/id")), ("all", Source::Outputs("a", "/id"))];

/// One step after the other.
const LONG: Definition = Definition {
    kind: "LongSaga",
    version: 1,
    asked_by: None,
    stages: &[
        &[Step { name: "a", operation: "reserve", timeout: LATER, ..BASE }],
        &[Step { name: "b", service: "authors", operation: "reserve", ..BASE }],
        &[Step { name: "c", service: "books", operation: "hold", ..BASE }],
        &[Step {
            name: "p",
            service: "authors",
            operation: "decide",
            role: Role::Pivot,
            timeout: LATER,
            ..BASE
        }],
        &[Step { name: "r", operation: "confirm", role: Role::Retriable, ..BASE }],
        &[Step { name: "s", service: "books", operation: "note", role: Role::BestEffort, ..BASE }],
    ],
    result: &[],
};

/// Nothing before the pivot.
const SHORT: Definition = Definition {
    kind: "ShortSaga",
    version: 1,
    asked_by: None,
    stages: &[
        &[Step { name: "p", service: "books", operation: "decide", role: Role::Pivot, ..BASE }],
        &[
            Step { name: "r", operation: "confirm", role: Role::Retriable, ..BASE },
            Step { name: "n", service: "authors", operation: "note", role: Role::BestEffort, ..BASE },
        ],
    ],
    result: &[],
};

/// How many of a hundred the domain refuses.
pub(crate) fn refusals(operation: &str) -> u64 {
    match operation {
        "ensure" | "propose" | "reserve" | "hold" => 6,
        "create" | "decide" => 15,
        "note" => 25,
        _ => 2,
    }
}
