//! From a document to a plan that is ready to run for a caller: bind, refuse what the caller may not see, plan, prepare.

use std::sync::Arc;

use octavo_authentication::Caller;
use octavo_executor::Prepared;
use octavo_query_graph::Labels;
use octavo_query_plan::OperationKind;

use crate::authorization::{Met, Refused, met};
use crate::document::Document;
use crate::failure::Failure;
use crate::{Options, Schema};

/// An operation, ready to run.
pub(crate) struct Planned {
    pub(crate) document: Arc<Document>,
    pub(crate) kind: OperationKind,
    pub(crate) prepared: Prepared,
    /// What is null in it, since the caller may not see it.
    pub(crate) refused: Vec<Refused>,
}

/// The plan of a document for a caller: from the cache, or made on a thread where that delays nobody else. Callers who meet the
/// same of its requirements, and for whom the same override labels hold, share it.
pub(crate) async fn planned(
    schema: &Arc<Schema>,
    document: &Arc<Document>,
    caller: &Caller,
    options: &Options,
) -> Result<Arc<Planned>, Failure> {
    let make = |met: Met, labels: Labels| {
        let (schema, document, options) = (Arc::clone(schema), Arc::clone(document), options.clone());
        async move {
            let making =
                tokio::task::spawn_blocking(move || make(&schema, document, (&met, &labels), &options));
            making.await.map_err(|error| {
                tracing::error!(%error, "planning failed");
                Failure::Internal
            })?
        }
    };
    let met = met(schema.supergraph(), &document.requirements, caller);
    let labels = schema.overrides.draw(&options.override_labels);
    schema.plans.plan(document, (met, labels), make).await
}

fn make(
    schema: &Schema,
    document: Arc<Document>,
    (met, labels): (&Met, &Labels),
    options: &Options,
) -> Result<Arc<Planned>, Failure> {
    let mut bound = document.bind(schema)?;
    if met.len() < document.requirements.len() {
        bound = bound.refusing(schema.supergraph(), |requirement| met.contains(&requirement));
    }
    let refused = Refused::all(&bound);
    let graph = schema.overrides.graph(labels);
    let plan = octavo_query_planner::plan(&graph, &bound, &options.planning)
        .map_err(|error| Failure::Planning(error.to_string()))?;
    let kind = plan.kind;
    let prepared = Prepared::new(Arc::new(plan), options.execution);
    Ok(Arc::new(Planned { document, kind, prepared, refused }))
}
