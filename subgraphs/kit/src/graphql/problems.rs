//! `interface Problem` and its types, the same in every subgraph.

use async_graphql::{Enum, Error, ErrorExtensionValues, Interface, SimpleObject};

use crate::problem::Problem;

/// What kind of problem it is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemCode {
    /// Nothing is there under that key.
    NotFound,
    /// Someone else changed it first.
    VersionConflict,
    /// An input breaks a rule.
    Invalid,
    /// Something unique is taken.
    Duplicate,
    /// The service cannot answer now.
    Unavailable,
    /// It is not for everyone, and nobody said who asks.
    Unauthenticated,
    /// It is for others than whoever asks.
    Forbidden,
    /// The idempotency key was used with another input.
    IdempotencyMismatch,
}

/// Nothing is there under that key.
#[derive(SimpleObject)]
#[graphql(shareable)]
pub struct NotFound {
    /// What kind of problem it is.
    code: ProblemCode,
    /// The problem in words.
    message: String,
    /// The input's field that it is about.
    path: Vec<String>,
}

/// Someone else changed it first: read it again, and decide anew.
#[derive(SimpleObject)]
#[graphql(shareable)]
pub struct VersionConflict {
    /// What kind of problem it is.
    code: ProblemCode,
    /// The problem in words.
    message: String,
    /// The input's field that it is about.
    path: Vec<String>,
    /// The version that it has now.
    current: i32,
}

/// An input breaks a rule.
#[derive(SimpleObject)]
#[graphql(shareable)]
pub struct Invalid {
    /// What kind of problem it is.
    code: ProblemCode,
    /// The problem in words.
    message: String,
    /// The input's field that it is about.
    path: Vec<String>,
    /// The rule, in the same words each time.
    rule: String,
}

/// Something unique is taken.
#[derive(SimpleObject)]
#[graphql(shareable)]
pub struct Duplicate {
    /// What kind of problem it is.
    code: ProblemCode,
    /// The problem in words.
    message: String,
    /// The input's field that it is about.
    path: Vec<String>,
}

/// The service cannot answer now; nothing was changed.
#[derive(SimpleObject)]
#[graphql(shareable)]
pub struct Unavailable {
    /// What kind of problem it is.
    code: ProblemCode,
    /// The problem in words.
    message: String,
    /// The input's field that it is about.
    path: Vec<String>,
    /// Seconds after which it is worth trying again.
    retry_after: i32,
}

/// It is not for everyone, and there is no token that says who asks.
#[derive(SimpleObject)]
#[graphql(shareable)]
pub struct Unauthenticated {
    /// What kind of problem it is.
    code: ProblemCode,
    /// The problem in words.
    message: String,
    /// The input's field that it is about.
    path: Vec<String>,
}

/// It is for others than the token's user.
#[derive(SimpleObject)]
#[graphql(shareable)]
pub struct Forbidden {
    /// What kind of problem it is.
    code: ProblemCode,
    /// The problem in words.
    message: String,
    /// The input's field that it is about.
    path: Vec<String>,
}

/// The idempotency key was used before, with another input.
#[derive(SimpleObject)]
#[graphql(shareable)]
pub struct IdempotencyMismatch {
    /// What kind of problem it is.
    code: ProblemCode,
    /// The problem in words.
    message: String,
    /// The input's field that it is about.
    path: Vec<String>,
}

/// Why a mutation did not do what was asked.
#[derive(Interface)]
#[graphql(
    name = "Problem",
    field(name = "code", ty = "&ProblemCode", desc = "What kind of problem it is."),
    field(name = "message", ty = "&String", desc = "The problem in words."),
    field(name = "path", ty = "&Vec<String>", desc = "The input's field that it is about.")
)]
pub enum ProblemView {
    /// Nothing is there under that key.
    NotFound(NotFound),
    /// Someone else changed it first.
    VersionConflict(VersionConflict),
    /// An input breaks a rule.
    Invalid(Invalid),
    /// Something unique is taken.
    Duplicate(Duplicate),
    /// The service cannot answer now.
    Unavailable(Unavailable),
    /// It is not for everyone, and nobody said who asks.
    Unauthenticated(Unauthenticated),
    /// It is for others than whoever asks.
    Forbidden(Forbidden),
    /// The idempotency key was used with another input.
    IdempotencyMismatch(IdempotencyMismatch),
}

impl From<Problem> for ProblemView {
    fn from(problem: Problem) -> Self {
        use ProblemCode as Code;
        match problem {
            Problem::NotFound { message, path } => {
                Self::NotFound(NotFound { code: Code::NotFound, message, path })
            }
            Problem::VersionConflict { message, path, current } => {
                Self::VersionConflict(VersionConflict { code: Code::VersionConflict, message, path, current })
            }
            Problem::Invalid { message, path, rule } => {
                Self::Invalid(Invalid { code: Code::Invalid, message, path, rule })
            }
            Problem::Duplicate { message, path } => {
                Self::Duplicate(Duplicate { code: Code::Duplicate, message, path })
            }
            Problem::Unavailable { message, path, retry_after } => {
                Self::Unavailable(Unavailable { code: Code::Unavailable, message, path, retry_after })
            }
            Problem::Unauthenticated { message, path } => {
                Self::Unauthenticated(Unauthenticated { code: Code::Unauthenticated, message, path })
            }
            Problem::Forbidden { message, path } => {
                Self::Forbidden(Forbidden { code: Code::Forbidden, message, path })
            }
            Problem::IdempotencyMismatch { message, path } => {
                Self::IdempotencyMismatch(IdempotencyMismatch {
                    code: Code::IdempotencyMismatch,
                    message,
                    path,
                })
            }
        }
    }
}

/// The problems of a payload.
#[must_use]
pub fn views(problems: Vec<Problem>) -> Vec<ProblemView> {
    problems.into_iter().map(ProblemView::from).collect()
}

/// A problem of a query, which has no payload, is an error with the same code, path and rule.
impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let (code, message, path, rule) = match problem {
            Problem::Invalid { message, path, rule } => ("INVALID", message, path, Some(rule)),
            Problem::NotFound { message, path } => ("NOT_FOUND", message, path, None),
            Problem::VersionConflict { message, path, .. } => ("VERSION_CONFLICT", message, path, None),
            Problem::Duplicate { message, path } => ("DUPLICATE", message, path, None),
            Problem::Unavailable { message, path, .. } => ("UNAVAILABLE", message, path, None),
            Problem::Unauthenticated { message, path } => ("UNAUTHENTICATED", message, path, None),
            Problem::Forbidden { message, path } => ("FORBIDDEN", message, path, None),
            Problem::IdempotencyMismatch { message, path } => ("IDEMPOTENCY_MISMATCH", message, path, None),
        };
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code);
        extensions.set("argument", path);
        if let Some(rule) = rule {
            extensions.set("rule", rule);
        }
        Self { extensions: Some(extensions), ..Self::new(message) }
    }
}
