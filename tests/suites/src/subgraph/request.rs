//! One request to a subgraph: checked, executed, written down.

use std::fmt::Write as _;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::OperationType;
use apollo_compiler::request::RequestError;
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::ExecutionResponse;
use apollo_compiler::validation::Valid;
use octavo_executor::{SubgraphError, SubgraphRequest};
use octavo_query_plan::OperationKind;
use serde_json::json;

use super::resolve::{Call, MARK, Object};
use super::{Diary, Subgraph, locked};
use crate::json::{self, JsonMap, JsonValue};

/// A request's body, as <https://graphql.github.io/graphql-over-http/draft/#sec-Request-Parameters> has it.
struct Body {
    query: String,
    operation_name: Option<String>,
    variables: JsonMap,
}

impl Subgraph {
    /// The JSON text of the answer.
    pub(super) fn answer(&self, request: &SubgraphRequest, diary: &Diary) -> Result<String, SubgraphError> {
        let text = String::from_utf8_lossy(&request.body);
        let body = match Body::parse(&text) {
            Ok(body) => body,
            Err(message) => return Ok(self.refused(diary, &message, &text)),
        };
        diary.document(&self.name, body.query.as_str());
        let document = ExecutableDocument::parse_and_validate(
            &self.schema.schema,
            body.query.as_str(),
            "request.graphql",
        );
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                diary.request(&self.name, body.written(&body.query));
                return Ok(self.refused(diary, &error.errors.to_string(), &body.query));
            }
        };
        diary.request(&self.name, body.written(&document.to_string()));
        if let Some(failure) = self.data.get("$fail") {
            return failed(failure);
        }
        if let Err(message) = body.check(&document, request.kind) {
            return Ok(self.refused(diary, &message, &body.query));
        }
        match self.execute(&document, &body, diary) {
            Ok(response) => Ok(serde_json::to_string(&response).unwrap_or_default()),
            Err(error) => Ok(self.refused(diary, &error.message().to_string(), &text)),
        }
    }

    fn execute(
        &self,
        document: &Valid<ExecutableDocument>,
        body: &Body,
        diary: &Diary,
    ) -> Result<ExecutionResponse, RequestError> {
        let call = Call { subgraph: self, diary };
        let name = body.operation_name.as_deref();
        let root = document.operations.get(name)?.object_type().clone();
        let root = Object::root(&call, root.as_str());
        let execution = Execution::new(&self.schema.schema, document).operation_name(name)?;
        let mut response = execution.raw_variable_values(&body.variables).execute_sync(&root)?;
        for error in &mut response.errors {
            error.message = own_message(&error.message).to_owned();
            if let Some(extensions) = locked(&diary.extensions).get(&error.message) {
                error.extensions.clone_from(extensions);
            }
        }
        Ok(response)
    }

    /// The answer to a request that should not have been sent, which is remembered.
    fn refused(&self, diary: &Diary, message: &str, request: &str) -> String {
        diary.violation(format!("{}: {message}\n{request}", self.name));
        json!({ "errors": [{ "message": message }] }).to_string()
    }
}

impl Body {
    fn parse(text: &str) -> Result<Self, String> {
        let body = json::parse(text).map_err(|error| format!("the body is no JSON: {error}"))?;
        let JsonValue::Object(body) = body else { return Err("the body is no object".to_owned()) };
        let known = ["query", "operationName", "variables"];
        if let Some(key) = body.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("`{}` has no place in a body", key.as_str()));
        }
        let text = |key: &str| body.get(key).and_then(JsonValue::as_str).map(str::to_owned);
        Ok(Self {
            query: text("query").ok_or("the body has no query")?,
            operation_name: text("operationName"),
            variables: body.get("variables").and_then(JsonValue::as_object).cloned().unwrap_or_default(),
        })
    }

    /// What validation does not see: the kind of the operation, and variables that nobody declared.
    fn check(&self, document: &Valid<ExecutableDocument>, kind: OperationKind) -> Result<(), String> {
        let operation = document.operations.get(self.operation_name.as_deref());
        let operation = operation.map_err(|error| error.message().to_string())?;
        let expected = match operation.operation_type {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        };
        if kind != expected {
            return Err(format!("sent as {kind:?}, and is {expected:?}"));
        }
        let declared = |name: &str| operation.variables.iter().any(|variable| variable.name == name);
        match self.variables.keys().find(|name| !declared(name.as_str())) {
            Some(name) => Err(format!("`${}` is sent and not declared", name.as_str())),
            None => Ok(()),
        }
    }

    fn written(&self, query: &str) -> String {
        let mut text = format!("{}\n", query.trim_end());
        for (name, value) in &self.variables {
            let _ = match value {
                JsonValue::Array(items) if items.iter().any(JsonValue::is_object) => {
                    let items: Vec<String> = items.iter().map(|item| format!("    {item}\n")).collect();
                    writeln!(text, "  ${} = [\n{}  ]", name.as_str(), items.concat())
                }
                value => writeln!(text, "  ${} = {value}", name.as_str()),
            };
        }
        text
    }
}

/// The message that the data give, without what the library writes around it.
fn own_message(message: &str) -> &str {
    message.split(MARK).nth(1).unwrap_or_else(|| message.trim_start_matches("resolver error: "))
}

/// What comes of a subgraph that fails as a whole: `"down"`, `"slow"`, a status, or an object, which is its answer.
fn failed(failure: &JsonValue) -> Result<String, SubgraphError> {
    match failure {
        JsonValue::Object(_) => Ok(failure.to_string()),
        JsonValue::Number(status) => {
            let status = status.as_u64().and_then(|status| u16::try_from(status).ok());
            Err(SubgraphError::Status(status.unwrap_or(500)))
        }
        JsonValue::String(kind) if kind.as_str() == "slow" => Err(SubgraphError::Timeout),
        _ => Err(SubgraphError::Unreachable),
    }
}
