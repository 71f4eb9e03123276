//! A book with its authors and its genre in one process: those that are new stay pending until the book is in
//! the catalogue, and are discarded if it is refused.

use super::{Definition, Role, Source, Step, TIMEOUT};

pub(super) const CATALOGUE_BOOK: Definition = Definition {
    kind: "CatalogueBookSaga",
    version: 1,
    asked_by: None,
    stages: &[
        &[
            Step {
                name: "ensureGenre",
                service: "genres",
                operation: "ensure",
                role: Role::Compensable { undo: "discard" },
                each: None,
                input: &[("name", Source::Input("/genre"))],
                timeout: TIMEOUT,
            },
            Step {
                name: "proposeAuthor",
                service: "authors",
                operation: "propose",
                role: Role::Compensable { undo: "discard" },
                each: Some("/authors"),
                input: &[
                    ("authorNumber", Source::Item("/authorNumber")),
                    ("name", Source::Item("/name")),
                    ("bio", Source::Item("/bio")),
                    ("photo", Source::Item("/photo")),
                ],
                timeout: TIMEOUT,
            },
        ],
        &[Step {
            name: "createBook",
            service: "books",
            operation: "create",
            role: Role::Pivot,
            each: None,
            input: &[
                ("isbn", Source::Input("/isbn")),
                ("title", Source::Input("/title")),
                ("description", Source::Input("/description")),
                ("photo", Source::Input("/photo")),
                ("genreId", Source::Output("ensureGenre", "/id")),
                ("authorNumbers", Source::Outputs("proposeAuthor", "/authorNumber")),
            ],
            timeout: TIMEOUT,
        }],
        &[
            Step {
                name: "activateGenre",
                service: "genres",
                operation: "activate",
                role: Role::Retriable,
                each: None,
                input: &[("id", Source::Output("ensureGenre", "/id"))],
                timeout: TIMEOUT,
            },
            Step {
                name: "activateAuthors",
                service: "authors",
                operation: "activate",
                role: Role::Retriable,
                each: None,
                input: &[("authorNumbers", Source::Outputs("proposeAuthor", "/authorNumber"))],
                timeout: TIMEOUT,
            },
        ],
    ],
    result: &[
        ("isbn", Source::Output("createBook", "/isbn")),
        ("genreId", Source::Output("ensureGenre", "/id")),
        ("authorNumbers", Source::Outputs("proposeAuthor", "/authorNumber")),
    ],
};
