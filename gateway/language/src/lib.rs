//! GraphQL text to AST and back, with spans, limits and validation.
