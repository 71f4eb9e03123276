//! Errors on their way into the response: what is said, and beneath which null it belongs.

use std::collections::HashSet;
use std::sync::Arc;

use octavo_index::Id;
use serde_json::{Map, Value};

use octavo_query_plan::SelectionId;

use crate::answer::PathPart;
use crate::arena::RowId;
use crate::ports::SubgraphError;
use crate::scan::Malformed;

octavo_index::define_ids! {
    /// Names a [`Message`].
    MessageId,
    /// Names a [`Failure`].
    FailureId,
}

/// Codes of errors that arise here, in `extensions.code`.
pub(crate) mod code {
    /// A subgraph's own error that came without a code.
    pub(crate) const DOWNSTREAM: &str = "DOWNSTREAM_SERVICE_ERROR";
    /// A subgraph could not be asked.
    pub(crate) const HTTP: &str = "SUBREQUEST_HTTP_ERROR";
    /// A subgraph's answer cannot be used.
    pub(crate) const MALFORMED: &str = "SUBREQUEST_MALFORMED_RESPONSE";
    /// A subgraph did not answer in time.
    pub(crate) const TIMEOUT: &str = "SUBGRAPH_REQUEST_TIMEOUT";
    /// A subgraph refuses for now to take on more.
    pub(crate) const OVERLOADED: &str = "OVERLOADED";
    /// A value does not fit the client's schema.
    pub(crate) const INVALID: &str = "RESPONSE_VALIDATION_FAILED";
    /// The caller may not see a field.
    pub(crate) const UNAUTHORIZED: &str = "UNAUTHORIZED_FIELD_OR_TYPE";
    /// Introspection was refused or failed.
    pub(crate) const INTROSPECTION: &str = "INTROSPECTION_FAILED";
}

/// What an error says, as JSON text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The message, quoted.
    pub(crate) text: String,
    /// The object of the extensions.
    pub(crate) extensions: String,
}

impl Message {
    pub(crate) fn new(text: &str, code: &str, service: Option<&str>) -> Self {
        Self::with_extensions(text, Map::new(), code, service)
    }

    /// A subgraph's own error. Of its extensions, those are left out in which servers put their insides.
    pub(crate) fn of_subgraph(text: &str, mut extensions: Map<String, Value>, service: &str) -> Self {
        for private in ["exception", "stacktrace"] {
            extensions.remove(private);
        }
        let code = match extensions.get("code") {
            Some(Value::String(code)) => code.clone(),
            _ => code::DOWNSTREAM.to_owned(),
        };
        Self::with_extensions(text, extensions, &code, Some(service))
    }

    pub(crate) fn of_call(error: SubgraphError, service: &str) -> Self {
        let code = match error {
            SubgraphError::Timeout => code::TIMEOUT,
            SubgraphError::Overloaded => code::OVERLOADED,
            _ => code::HTTP,
        };
        Self::new(&format!("the subgraph \"{service}\" gave no answer: {error}"), code, Some(service))
    }

    pub(crate) fn of_answer(error: Malformed, service: &str) -> Self {
        let text = format!("the answer of the subgraph \"{service}\" cannot be used: {error}");
        Self::new(&text, code::MALFORMED, Some(service))
    }

    fn with_extensions(
        text: &str,
        mut extensions: Map<String, Value>,
        code: &str,
        service: Option<&str>,
    ) -> Self {
        extensions.insert("code".to_owned(), code.into());
        if let Some(service) = service {
            extensions.insert("service".to_owned(), service.into());
        }
        Self { text: Value::from(text).to_string(), extensions: Value::Object(extensions).to_string() }
    }
}

/// A step of an error's path beneath the position that became null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// A response key of the client, quoted.
    Key(Arc<str>),
    Index(u64),
}

/// One message at the positions that share it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: MessageId,
    /// Where the error happened, from the position that became null.
    pub(crate) beneath: Box<[Segment]>,
    /// Another one at the same position, which came before.
    pub(crate) before: Option<FailureId>,
}

/// An error that has found its position, and how it was found.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) message: MessageId,
    pub(crate) rows: Vec<RowId>,
    pub(crate) selection: SelectionId,
    pub(crate) path: Vec<PathPart>,
}

/// All errors of one request that came up before its response is written.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    messages: Vec<Message>,
    all: Vec<Failure>,
    pub(crate) kept: Vec<Kept>,
    /// Messages that say again what a position says already.
    pub(crate) known: Vec<MessageId>,
}

impl Failures {
    pub(crate) fn say(&mut self, message: Message) -> MessageId {
        self.messages.push(message);
        Id::new(self.messages.len() - 1)
    }

    pub(crate) fn fail(&mut self, message: MessageId, beneath: Box<[Segment]>) -> FailureId {
        self.fail_after(None, message, beneath)
    }

    /// A failure at a position that failed before.
    pub(crate) fn fail_after(
        &mut self,
        before: Option<FailureId>,
        message: MessageId,
        beneath: Box<[Segment]>,
    ) -> FailureId {
        self.all.push(Failure { message, beneath, before });
        Id::new(self.all.len() - 1)
    }

    /// A failure and those before it at the same position, the last first.
    pub(crate) fn chain(&self, last: FailureId) -> impl Iterator<Item = &Failure> {
        std::iter::successors(Some(self.failure(last)), |failure| Some(self.failure(failure.before?)))
    }

    pub(crate) fn failure(&self, id: FailureId) -> &Failure {
        &self.all[id.index()]
    }

    pub(crate) fn message(&self, id: MessageId) -> &Message {
        &self.messages[id.index()]
    }

    /// The messages that some position is null for.
    pub(crate) fn placed(&self) -> HashSet<MessageId> {
        self.all.iter().map(|failure| failure.message).collect()
    }

    /// Every message, in the order in which they came up.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (MessageId, &Message)> {
        self.messages.iter().enumerate().map(|(index, message)| (Id::new(index), message))
    }

    pub(crate) fn mark(&self) -> (usize, usize) {
        (self.messages.len(), self.all.len())
    }

    pub(crate) fn reset(&mut self, (messages, failures): (usize, usize)) {
        self.messages.truncate(messages);
        self.all.truncate(failures);
    }
}
