//! Operations: validated documents, coerced variables, introspection.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::Operation;
use apollo_compiler::introspection::{check_max_depth, partial_execute};
use apollo_compiler::parser::Parser;
use apollo_compiler::request::{RequestError, coerce_variable_values};
use apollo_compiler::response::{JsonMap, serde_json_bytes};
use apollo_compiler::validation::Valid;

use crate::error::{GraphqlError, from_list};
use crate::limits::Limits;
use crate::one_of;
use crate::type_system::ValidSchema;

/// Variable values after <https://spec.graphql.org/draft/#CoerceVariableValues()>.
#[derive(Clone, Debug, Default)]
pub struct CoercedVariables(JsonMap);

impl CoercedVariables {
    /// The values by name, each as JSON text, in the order of the operation's definitions.
    pub fn iter(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.to_string()))
    }

    /// Whether the variable is a JSON `true`; `None` when it has no value or another kind of value.
    #[must_use]
    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(serde_json_bytes::Value::as_bool)
    }
}

/// A document that satisfies <https://spec.graphql.org/draft/#sec-Validation> for one schema.
#[derive(Debug, Clone)]
pub struct ValidDocument {
    document: Valid<ExecutableDocument>,
}

impl ValidDocument {
    /// Parses `text` and validates it against `schema`.
    pub fn parse(schema: &ValidSchema, text: &str, limits: Limits) -> Result<Self, Vec<GraphqlError>> {
        limits.check_nesting(text)?;
        let mut parser = Parser::new().recursion_limit(limits.nesting * 4).token_limit(limits.tokens);
        let document = parser
            .parse_executable(&schema.schema, text, "operation.graphql")
            .map_err(|e| from_list(&e.errors))?;
        match document.validate(&schema.schema) {
            Ok(document) => {
                // Most documents have nothing to check.
                if text.contains("stream") {
                    crate::stream::check(&document)?;
                }
                if schema.has_one_of {
                    one_of::check(&schema.schema, &document)?;
                }
                Ok(Self { document })
            }
            Err(e) => Err(from_list(&e.errors)),
        }
    }

    /// Operations and fragments.
    #[must_use]
    pub fn executable(&self) -> &ExecutableDocument {
        &self.document
    }

    /// The operation to run: `name`, or the only one. See <https://spec.graphql.org/draft/#GetOperation()>.
    pub fn operation(&self, name: Option<&str>) -> Result<&Operation, GraphqlError> {
        match self.document.operations.get(name) {
            Ok(operation) => Ok(operation),
            Err(error) => Err(request_error(&error)),
        }
    }

    /// Coerces the variables of the operation; `json` is the object that the client sent, `None` when it sent none.
    pub fn coerce_variables(
        &self,
        schema: &ValidSchema,
        operation: &Operation,
        json: Option<&str>,
    ) -> Result<CoercedVariables, GraphqlError> {
        let values: JsonMap = match json {
            None => JsonMap::new(),
            Some(text) => match serde_json_bytes::serde_json::from_str::<Option<JsonMap>>(text) {
                Ok(values) => values.unwrap_or_default(),
                Err(error) => {
                    let message = format!("`variables` must be a JSON object: {error}");
                    return Err(GraphqlError { message, location: None, is_syntax: false });
                }
            },
        };
        let coerced = coerce_variable_values(&schema.schema, operation, &values);
        let values = coerced.map_err(|e| request_error(&e))?.into_inner();
        if schema.has_one_of {
            one_of::check_values(&schema.schema, operation, &values)?;
        }
        Ok(CoercedVariables(values))
    }

    /// Executes `__schema`, `__type` and the root `__typename` of the operation, and nothing else: the `data` object as JSON text.
    pub fn introspect(
        &self,
        schema: &ValidSchema,
        operation: &Operation,
        variables: &CoercedVariables,
    ) -> Result<String, GraphqlError> {
        check_max_depth(&self.document, operation).map_err(|e| request_error(&e))?;
        let values = Valid::assume_valid_ref(&variables.0);
        let response =
            partial_execute(&schema.schema, &schema.implementers, &self.document, operation, values)
                .map_err(|e| request_error(&e))?;
        Ok(serde_json_bytes::Value::Object(response.data.unwrap_or_default()).to_string())
    }
}

fn request_error(error: &RequestError) -> GraphqlError {
    GraphqlError { message: error.message().to_string(), location: None, is_syntax: false }
}
