//! One fetch: asked of the cache where it may be, sent, read, and its errors brought to their positions.

use std::borrow::Cow;
use std::sync::Arc;

use futures::future::join_all;
use octavo_query_plan::{DeferId, EntityGroup, Fetch, FetchContent, FetchId, RootFields, copied};

use crate::answer::{Asked, Wanted, read_answer};
use crate::arena::RowId;
use crate::attach::{attach_again, attach_errors, attach_everywhere};
use crate::body::{entity_head, root_body};
use crate::failure::Message;
use crate::keep::Keep;
use crate::ports::{EntityCall, EntityCallGroup, SubgraphError, SubgraphRequest, SubgraphResponse};
use crate::prepared::Prepared;
use crate::represent::Representations;
use crate::request::ExecutionRequest;
use crate::rows::Rows;
use crate::scan::Span;
use crate::schedule::Run;

/// Runs one fetch of a part to its end.
pub(crate) async fn run_fetch(run: &Run<'_>, id: FetchId, part: Option<DeferId>) {
    let fetch = &run.prepared.plan().fetches[id];
    match &fetch.content {
        FetchContent::Root(root) => run_root(run, (id, fetch), root, part).await,
        FetchContent::Entities(groups) => run_entities(run, (id, fetch), groups, part).await,
    }
}

async fn run_root(run: &Run<'_>, (id, fetch): (FetchId, &Fetch), root: &RootFields, part: Option<DeferId>) {
    let rows: Vec<RowId> = {
        let state = run.state();
        let rows = Rows { prepared: run.prepared, arena: &state.arena, parts: &run.parts, part };
        let (rows, _) = rows.at(run.root, &root.path);
        rows.into_iter().filter(|row| root.types.contains(state.arena.ty(*row))).collect()
    };
    if rows.is_empty() {
        return;
    }
    let event = run.take_event(id);
    let answer = match event {
        Some(event) => event,
        None => send(run, id, None).await,
    };
    apply(run, fetch, &Wanted::Root(rows, root.selection), &answer);
}

async fn run_entities(
    run: &Run<'_>,
    (id, fetch): (FetchId, &Fetch),
    groups: &[EntityGroup],
    part: Option<DeferId>,
) {
    let represented: Vec<Representations<'_>> = {
        let state = run.state();
        let rows = Rows { prepared: run.prepared, arena: &state.arena, parts: &run.parts, part };
        let collect = |group| Representations::collect(&rows, run.root, group);
        groups.iter().map(collect).collect()
    };
    let all = groups.iter().zip(&represented).enumerate();
    let asks = all.flat_map(|(number, (group, all))| {
        let ask = move |(values, sent)| {
            let key = Cow::Borrowed(&*group.key);
            ask_cache(run, (id, fetch), Asked { group, number, all, values, copy: 0, key, sent })
        };
        all.by_values().into_iter().enumerate().map(ask)
    });
    let (asked, keeps): (Vec<Asked<'_>>, Vec<Option<Keep<'_>>>) =
        number_copies(join_all(asks).await).into_iter().unzip();
    if asked.iter().all(|asked| asked.sent.is_empty()) {
        return;
    }
    let answer = send(run, id, Some(&asked)).await;
    let clean = apply(run, fetch, &Wanted::Entities(&asked), &answer);
    let (Some(clean), Ok(answer)) = (clean, &answer) else { return };
    for ((keep, asked), entities) in keeps.iter().zip(&asked).zip(&clean) {
        if let Some(keep) = keep {
            keep.put(answer, asked, entities);
        }
    }
}

/// Takes from the cache what it has of the entities with one set of values; what is left is to be sent.
async fn ask_cache<'a>(
    run: &'a Run<'_>,
    fetch: (FetchId, &Fetch),
    asked: Asked<'a>,
) -> (Asked<'a>, Option<Keep<'a>>) {
    let values = &asked.all.values[asked.values];
    let keep = Keep::new(run, fetch, (asked.group, values)).filter(|_| !asked.sent.is_empty());
    let sent = match &keep {
        Some(keep) => keep.take(run, asked.group, (asked.all, asked.sent)).await,
        None => asked.sent,
    };
    (Asked { sent, ..asked }, keep)
}

/// Leaves out the values for which nothing is to be sent, but one of each group: its field stands in the document. The others are numbered.
fn number_copies<'a>(all: Vec<(Asked<'a>, Option<Keep<'a>>)>) -> Vec<(Asked<'a>, Option<Keep<'a>>)> {
    let mut numbered: Vec<(Asked<'a>, Option<Keep<'a>>)> = Vec::with_capacity(all.len());
    for (asked, keep) in all {
        let copy = match numbered.last() {
            Some((last, _)) if last.number == asked.number && last.sent.is_empty() => {
                numbered.pop();
                0
            }
            Some((last, _)) if last.number == asked.number && asked.sent.is_empty() => continue,
            Some((last, _)) if last.number == asked.number => last.copy + 1,
            _ => 0,
        };
        let key = if copy == 0 { asked.key } else { copied(&asked.group.key, copy).into() };
        numbered.push((Asked { copy, key, ..asked }, keep));
    }
    numbered
}

async fn send(
    run: &Run<'_>,
    id: FetchId,
    asked: Option<&[Asked<'_>]>,
) -> Result<SubgraphResponse, SubgraphError> {
    run.state().report.fetches += 1;
    run.ports.subgraphs.call(subgraph_request(run.prepared, run.request, id, asked)).await
}

/// What is sent for a fetch.
pub(crate) fn subgraph_request(
    prepared: &Prepared,
    request: &ExecutionRequest,
    id: FetchId,
    asked: Option<&[Asked<'_>]>,
) -> SubgraphRequest {
    let fetch = &prepared.plan().fetches[id];
    let prepared = &prepared.fetches[id];
    let variables = &request.variables;
    let entities = asked.map(|asked| EntityCall {
        head: entity_head(prepared, fetch, variables, asked),
        groups: asked.iter().map(|asked| call_group(&prepared.groups[asked.number], asked)).collect(),
    });
    let body = match &entities {
        Some(call) => call.body(),
        None => root_body(prepared, fetch, variables),
    };
    SubgraphRequest {
        subgraph: Arc::clone(&fetch.subgraph),
        kind: fetch.kind,
        body,
        headers: Arc::clone(&request.headers),
        generation: request.generation,
        joined: Vec::new(),
        entities,
    }
}

fn call_group((key, variable): &(Arc<str>, Arc<str>), asked: &Asked<'_>) -> EntityCallGroup {
    let representations = asked.sent.iter().map(|&entity| asked.all.text_of(entity)).collect();
    let name = |name: &Arc<str>| match asked.copy {
        0 => Arc::clone(name),
        copy => copied(name, copy).into(),
    };
    EntityCallGroup { key: name(key), variable: name(variable), representations }
}

/// Reads an answer. Gives, for each group, the entities that came without an error, or nothing if none can be told.
fn apply(
    run: &Run<'_>,
    fetch: &Fetch,
    wanted: &Wanted<'_>,
    answer: &Result<SubgraphResponse, SubgraphError>,
) -> Option<Vec<Vec<Option<Span>>>> {
    let arena = &mut run.state().arena;
    let service = &*fetch.subgraph;
    let read = match answer {
        Ok(answer) => read_answer(run.prepared, arena, &answer.body, service, wanted)
            .map_err(|error| Message::of_answer(error, service)),
        Err(error) => Err(Message::of_call(*error, service)),
    };
    let mut answer = match read {
        Ok(answer) => answer,
        Err(message) => {
            let message = arena.failures.say(message);
            attach_everywhere(run, arena, wanted, message);
            return None;
        }
    };
    if std::mem::take(&mut arena.displaced) {
        attach_again(run, arena);
    }
    let hurt = attach_errors(run, arena, service, wanted, answer.errors)?;
    for (group, index) in hurt {
        let entities = answer.entities.get_mut(group)?;
        if let Some(entity) = entities.get_mut(index) {
            *entity = None;
        }
    }
    Some(answer.entities)
}
