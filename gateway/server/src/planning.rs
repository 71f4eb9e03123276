//! From a document's text to a plan that is ready to run: parse, validate, limit, bind, plan, prepare.

use std::sync::Arc;

use octavo_executor::Prepared;
use octavo_language::executable;
use octavo_language::{GraphqlError, Limits, ValidDocument};
use octavo_operation::{BindError, Operation};
use octavo_query_plan::OperationKind;

use crate::failure::Failure;
use crate::plan_cache::PlanKey;
use crate::request::Params;
use crate::{Options, Schema, limit};

/// How many broken rules are told of one document.
const MOST_ERRORS: usize = 100;

/// An operation, ready to run.
pub(crate) struct Planned {
    pub(crate) document: ValidDocument,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) kind: OperationKind,
    pub(crate) prepared: Prepared,
}

impl Planned {
    /// The operation in the document.
    pub(crate) fn operation(&self) -> Result<&executable::Operation, Failure> {
        find(&self.document, self.name.as_deref())
    }
}

/// The plan for a request: from the cache, or made on a thread where it delays nobody else.
pub(crate) async fn planned(
    schema: &Arc<Schema>,
    params: &Params<'_>,
    incremental: bool,
    options: &Options,
) -> Result<Arc<Planned>, Failure> {
    let make = |key: PlanKey| {
        let (schema, options) = (Arc::clone(schema), options.clone());
        async move {
            let making = tokio::task::spawn_blocking(move || make(&schema, &key, &options));
            making.await.map_err(|error| {
                tracing::error!(%error, "planning failed");
                Failure::Internal
            })?
        }
    };
    // Only what has parts is planned apart from what is answered as a whole.
    let mentions = |name| params.document.contains(name);
    let incremental = incremental && (mentions("defer") || mentions("stream"));
    let about = (params.operation_name.as_deref(), incremental);
    schema.plans.get_or_make(&params.document, about, make).await
}

fn make(schema: &Schema, key: &PlanKey, options: &Options) -> Result<Arc<Planned>, Failure> {
    let limits = Limits { nesting: options.limits.nesting, tokens: options.limits.tokens };
    let document = ValidDocument::parse(schema.api(), &key.document, limits).map_err(refused)?;
    let operation = find(&document, key.name.as_deref())?;
    limit::check(&document, operation, options)?;
    let bind = if key.incremental { Operation::bind_incremental } else { Operation::bind };
    let bound = bind(schema.graph.supergraph(), &document, operation).map_err(|error| unbound(&error))?;
    let plan = octavo_query_planner::plan(&schema.graph, &bound, &options.planning)
        .map_err(|error| Failure::Planning(error.to_string()))?;
    let kind = plan.kind;
    let prepared = Prepared::new(Arc::new(plan), options.execution);
    Ok(Arc::new(Planned { document, name: key.name.clone(), kind, prepared }))
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

fn find<'d>(document: &'d ValidDocument, name: Option<&str>) -> Result<&'d executable::Operation, Failure> {
    document.operation(name).map_err(|error| Failure::UnknownOperation(error.message))
}

/// A text that is not GraphQL is told the first place where it is not: what follows mostly follows from it.
fn refused(mut errors: Vec<GraphqlError>) -> Failure {
    if let Some(first) = errors.iter().position(|error| error.is_syntax) {
        return Failure::Syntax(vec![errors.swap_remove(first)]);
    }
    errors.truncate(MOST_ERRORS);
    Failure::Validation(errors)
}
