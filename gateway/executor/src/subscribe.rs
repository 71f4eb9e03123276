//! A subscription: the subgraph's events, each completed with what the others know
//! (<https://spec.graphql.org/draft/#sec-Subscription>).

use futures::StreamExt;
use futures::channel::mpsc;
use futures::sink::SinkExt;
use octavo_query_plan::{FetchId, OperationKind};

use crate::fetch::subgraph_request;
use crate::ports::Ports;
use crate::prepared::Prepared;
use crate::request::{ExecutionReport, ExecutionRequest};
use crate::schedule::{Event, Run};

/// Sends a response for each event, until there are no more events or nobody takes the responses.
pub(crate) async fn follow(
    prepared: &Prepared,
    request: &ExecutionRequest,
    ports: Ports<'_>,
    mut responses: mpsc::Sender<ExecutionReport>,
) {
    let Some(fetch) = followed(prepared) else {
        let run = Run::new(prepared, request, ports, false);
        run.fetch_part(None).await;
        // Whoever asked has gone, or not: this was all.
        let _ = responses.send(run.finish()).await;
        return;
    };
    let events = ports.subgraphs.subscribe(subgraph_request(prepared, request, fetch, None)).await;
    let mut events = match events {
        Ok(events) => events,
        Err(error) => futures::stream::once(std::future::ready(Err(error))).boxed(),
    };
    while let Some(event) = events.next().await {
        let is_last = event.is_err();
        let response = complete(prepared, request, ports, (fetch, event)).await;
        if responses.send(response).await.is_err() || is_last {
            return;
        }
    }
}

/// The request that is followed.
fn followed(prepared: &Prepared) -> Option<FetchId> {
    let mut fetches = prepared.plan().fetches.iter_with_ids();
    fetches.find(|(_, fetch)| fetch.kind == OperationKind::Subscription).map(|(id, _)| id)
}

async fn complete(
    prepared: &Prepared,
    request: &ExecutionRequest,
    ports: Ports<'_>,
    (fetch, event): (FetchId, Event),
) -> ExecutionReport {
    let run = Run::new(prepared, request, ports, false).with_event(fetch, event);
    run.fetch_part(None).await;
    run.finish()
}
