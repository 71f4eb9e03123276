//! Field sets: the arguments of `@key`, `@requires` and `@provides`.

use apollo_compiler::ast;
use apollo_compiler::parser::Parser;

use crate::error::{GraphqlError, from_list};
use crate::limits::Limits;

/// Parses a field set, that is a selection set without its outer braces
/// (<https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#managing-types>).
/// Outer braces, which some tools write, are accepted.
pub fn parse_field_set(text: &str) -> Result<Vec<ast::Selection>, Vec<GraphqlError>> {
    Limits::SCHEMA.check_nesting(text)?;
    let trimmed = text.trim();
    // The end of a line ends a comment, too.
    let source = if trimmed.starts_with('{') { trimmed.to_owned() } else { format!("{{{trimmed}\n}}") };
    let document = Parser::new()
        .recursion_limit(Limits::SCHEMA.nesting * 4)
        .parse_ast(source, "field set")
        .map_err(|e| from_list(&e.errors))?;
    match document.definitions.as_slice() {
        [ast::Definition::OperationDefinition(operation)] => Ok(operation.selection_set.clone()),
        _ => Err(GraphqlError::refused(format!("`{text}` is not a field set"), None)),
    }
}
