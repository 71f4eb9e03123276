//! From a document's text to one that may run: parse, validate, limit; and what it asks of callers.

use std::sync::Arc;

use octavo_language::{GraphqlError, Limits, ValidDocument, executable};
use octavo_operation::{BindError, Operation};
use octavo_supergraph::RequirementId;

use crate::failure::Failure;
use crate::plan_cache::DocumentKey;
use crate::request::Params;
use crate::{Options, Schema, limit};

/// How many broken rules are told of one document.
const MOST_ERRORS: usize = 100;

/// A document that may run, with the operation of it that is asked for.
pub(crate) struct Document {
    /// Tells documents of a schema apart.
    pub(crate) id: u64,
    pub(crate) valid: ValidDocument,
    name: Option<Arc<str>>,
    incremental: bool,
    /// How long its text is.
    pub(crate) length: usize,
    /// What its fields ask of callers, sorted; none if that is not enforced.
    pub(crate) requirements: Vec<RequirementId>,
}

impl Document {
    /// The operation in the document.
    pub(crate) fn operation(&self) -> Result<&executable::Operation, Failure> {
        let found = self.valid.operation(self.name.as_deref());
        found.map_err(|error| Failure::UnknownOperation(error.message))
    }

    /// The operation, bound to the schema.
    pub(crate) fn bind(&self, schema: &Schema) -> Result<Operation, Failure> {
        let bind = if self.incremental { Operation::bind_incremental } else { Operation::bind };
        bind(schema.supergraph(), &self.valid, self.operation()?).map_err(|error| unbound(&error))
    }
}

/// The document of a request: from the cache, or checked on a thread where that delays nobody else.
pub(crate) async fn document(
    schema: &Arc<Schema>,
    params: &Params<'_>,
    incremental: bool,
    options: &Options,
) -> Result<Arc<Document>, Failure> {
    let make = |key: DocumentKey| {
        let (schema, options) = (Arc::clone(schema), options.clone());
        async move {
            let making = tokio::task::spawn_blocking(move || check(&schema, key, &options));
            making.await.map_err(|error| {
                tracing::error!(%error, "checking a document failed");
                Failure::Internal
            })?
        }
    };
    // Only what has parts is planned apart from what is answered as a whole.
    let mentions = |name| params.document.contains(name);
    let incremental = incremental && (mentions("defer") || mentions("stream"));
    let about = (params.operation_name.as_deref(), incremental);
    schema.plans.document(&params.document, about, make).await
}

fn check(schema: &Schema, key: DocumentKey, options: &Options) -> Result<Arc<Document>, Failure> {
    let limits = Limits { nesting: options.limits.nesting, tokens: options.limits.tokens };
    let valid = ValidDocument::parse(schema.api(), &key.text, limits).map_err(refused)?;
    let mut document = Document {
        id: schema.plans.next_id(),
        valid,
        name: key.name,
        incremental: key.incremental,
        length: key.text.len(),
        requirements: Vec::new(),
    };
    limit::check(&document.valid, document.operation()?, options)?;
    let supergraph = schema.supergraph();
    if options.authorization.enforce && !supergraph.requirements().is_empty() {
        document.requirements = document.bind(schema)?.requirements(supergraph);
    }
    Ok(Arc::new(document))
}

fn unbound(error: &BindError) -> Failure {
    match error {
        BindError::TooManyFields
        | BindError::TooDeep
        | BindError::TooManyConditions
        | BindError::TooManyParts => {
            Failure::Limit { message: error.to_string(), code: "OPERATION_TOO_LARGE" }
        }
        BindError::Unknown(_) => Failure::Planning(error.to_string()),
    }
}

/// A text that is not GraphQL is told the first place where it is not: what follows mostly follows from it.
fn refused(mut errors: Vec<GraphqlError>) -> Failure {
    if let Some(first) = errors.iter().position(|error| error.is_syntax) {
        return Failure::Syntax(vec![errors.swap_remove(first)]);
    }
    errors.truncate(MOST_ERRORS);
    Failure::Validation(errors)
}
