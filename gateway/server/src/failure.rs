//! Why a request has no execution result: one closed list, with status and code beside each case.

use axum::response::Response;
use bytes::Bytes;
use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use octavo_admission::Overloaded;
use octavo_language::GraphqlError;
use serde::Serialize;

use crate::request::MediaType;
use crate::respond;

/// How many fields are told that the caller may not see.
const MOST_PATHS: usize = 100;

/// Why a request has no execution result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("answers are application/graphql-response+json or application/json; `Accept` allows neither")]
    NotAcceptable,
    #[error("the body must be application/json in UTF-8")]
    UnsupportedMediaType,
    #[error("the body is larger than {0} bytes")]
    BodyTooLarge(usize),
    #[error("the body did not arrive in time")]
    BodyTimeout,
    #[error("only GET and POST are served here")]
    MethodNotAllowed,
    #[error(
        "a GET from another site needs a header that the browser asks about first, such as `content-type: application/json`"
    )]
    CrossSite,
    #[error("{0}")]
    BadRequest(String),
    #[error("a mutation is sent by POST")]
    MutationByGet,
    #[error(
        "a subscription is answered as text/event-stream or multipart/mixed;subscriptionSpec=1.0; `Accept` allows neither"
    )]
    NoEvents,
    #[error("{0}")]
    Unauthenticated(String),
    #[error("the token cannot be verified now: its keys are not to be had")]
    KeysAway,
    #[error("you are not authorized to see what the operation asks for")]
    Unauthorized(Vec<Vec<Box<str>>>),
    #[error("persisted queries are not served: send `query`")]
    PersistedQuery,
    #[error("the document is not valid GraphQL")]
    Syntax(Vec<GraphqlError>),
    #[error("the document does not fit the schema")]
    Validation(Vec<GraphqlError>),
    #[error("{0}")]
    UnknownOperation(String),
    #[error("{0}")]
    Variables(String),
    #[error("introspection is off")]
    Introspection,
    #[error("{message}")]
    Limit { message: String, code: &'static str },
    #[error("the operation cannot be planned: {0}")]
    Planning(String),
    #[error("the request took too long")]
    Timeout,
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error("internal error")]
    Internal,
}

impl Failure {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotAcceptable | Self::NoEvents => "NOT_ACCEPTABLE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::BodyTooLarge(_) => "PAYLOAD_TOO_LARGE",
            Self::BodyTimeout => "REQUEST_TIMEOUT",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::CrossSite => "CSRF_PREVENTION_FAILED",
            Self::BadRequest(_) => "BAD_REQUEST",
            Self::MutationByGet => "MUTATION_NOT_ALLOWED_OVER_HTTP_GET",
            Self::Unauthenticated(_) => "UNAUTHENTICATED",
            Self::KeysAway => "UNAVAILABLE",
            Self::Unauthorized(_) => "UNAUTHORIZED_FIELD_OR_TYPE",
            Self::PersistedQuery => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::Syntax(_) => "GRAPHQL_PARSE_FAILED",
            Self::Validation(_) => "GRAPHQL_VALIDATION_FAILED",
            Self::UnknownOperation(_) => "OPERATION_RESOLUTION_FAILURE",
            Self::Variables(_) => "BAD_USER_INPUT",
            Self::Introspection => "INTROSPECTION_DISABLED",
            Self::Limit { code, .. } => code,
            Self::Planning(_) => "QUERY_PLANNING_FAILED",
            Self::Timeout => "GATEWAY_TIMEOUT",
            Self::Overloaded(_) => "OVERLOADED",
            Self::Internal => "INTERNAL_SERVER_ERROR",
        }
    }

    /// A well-formed request that GraphQL refuses is 400, but 200 to clients that only know `application/json`: they take any
    /// other status for a broken server and hide the errors.
    /// See <https://graphql.github.io/graphql-over-http/draft/#sec-Status-Codes>.
    fn status(&self, media: MediaType) -> StatusCode {
        match self {
            Self::NotAcceptable | Self::NoEvents => StatusCode::NOT_ACCEPTABLE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::MethodNotAllowed | Self::MutationByGet => StatusCode::METHOD_NOT_ALLOWED,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::KeysAway | Self::Overloaded(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unauthorized(_) if media == MediaType::GraphqlResponse => StatusCode::FORBIDDEN,
            Self::Unauthorized(_) => StatusCode::OK,
            Self::Internal | Self::Planning(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::PersistedQuery
            | Self::Syntax(_)
            | Self::Validation(_)
            | Self::UnknownOperation(_)
            | Self::Variables(_)
            | Self::Introspection
            | Self::Limit { .. } => match media {
                MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
                MediaType::Json | MediaType::Events => StatusCode::OK,
            },
        }
    }

    /// The response in the client's media type. There is no `data`: nothing was executed.
    pub(crate) fn respond(&self, media: MediaType) -> Response {
        let mut response = respond::json(self.status(media), media, self.json());
        let (name, value) = match self {
            Self::MutationByGet => (ALLOW, HeaderValue::from_static("POST")),
            Self::MethodNotAllowed => (ALLOW, HeaderValue::from_static("GET, POST")),
            // See <https://www.rfc-editor.org/rfc/rfc6750#section-3>.
            Self::Unauthenticated(_) => (WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Self::Overloaded(_) => (RETRY_AFTER, octavo_admission::RETRY_AFTER.into()),
            _ => return response,
        };
        response.headers_mut().insert(name, value);
        response
    }

    /// The response's JSON.
    pub(crate) fn json(&self) -> Bytes {
        serde_json::to_vec(&self.body()).unwrap_or_default().into()
    }

    fn body(&self) -> Body<'_> {
        let extensions = Extensions { code: self.code() };
        let errors = match self {
            Self::Syntax(errors) | Self::Validation(errors) => {
                errors.iter().map(|error| Entry::of(error, extensions)).collect()
            }
            Self::Unauthorized(paths) => {
                let entry = |path| Entry { path: Some(path), ..Entry::plain(self.to_string(), extensions) };
                paths.iter().take(MOST_PATHS).map(|path| entry(path.as_slice())).collect()
            }
            // The message is part of a protocol: clients compare it.
            Self::PersistedQuery => vec![Entry::plain("PersistedQueryNotSupported".to_owned(), extensions)],
            other => vec![Entry::plain(other.to_string(), extensions)],
        };
        Body { errors }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    errors: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    message: std::borrow::Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locations: Option<[Place; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a [Box<str>]>,
    extensions: Extensions,
}

impl<'a> Entry<'a> {
    fn of(error: &'a GraphqlError, extensions: Extensions) -> Self {
        let place =
            |location: octavo_language::Location| [Place { line: location.line, column: location.column }];
        let message = error.message.as_str().into();
        Self { message, locations: error.location.map(place), path: None, extensions }
    }

    fn plain(message: String, extensions: Extensions) -> Self {
        Self { message: message.into(), locations: None, path: None, extensions }
    }
}

#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
}

#[derive(Clone, Copy, Serialize)]
struct Extensions {
    code: &'static str,
}
