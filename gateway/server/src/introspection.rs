//! The executor's introspection port: answered by the document itself, from the client's schema.

use octavo_executor::IntrospectionPort;
use octavo_language::{CoercedVariables, ValidSchema};

use crate::planning::Planned;

/// The introspection of one request.
pub(crate) struct Introspection<'a> {
    pub(crate) schema: &'a ValidSchema,
    pub(crate) planned: &'a Planned,
    pub(crate) variables: &'a CoercedVariables,
}

impl IntrospectionPort for Introspection<'_> {
    fn introspect(&self) -> Result<String, String> {
        let document = &self.planned.document;
        let operation = document.operation().map_err(|failure| failure.to_string())?;
        let data = document.valid.introspect(self.schema, operation, self.variables);
        data.map_err(|error| error.message)
    }
}
