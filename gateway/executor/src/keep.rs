//! Entities kept across requests: asked of the cache before they are sent for, given to it after.

use std::sync::Arc;

use bytes::Bytes;
use octavo_query_plan::{EntityGroup, Fetch, FetchId, Lifetime, OperationKind};

use crate::answer::{Asked, read_entity};
use crate::context::Values;
use crate::ports::{CacheEntry, CacheKey, CacheMoment, CachePort, CacheScope, SubgraphResponse};
use crate::read::Reader;
use crate::represent::Representations;
use crate::scan::{Malformed, Span};
use crate::schedule::Run;

/// How the entities of one group are kept.
pub(crate) struct Keep<'a> {
    cache: &'a dyn CachePort,
    scope: Arc<CacheScope>,
    max_age: u32,
    /// When the cache was asked, and with that before anything was sent.
    since: CacheMoment,
}

impl<'a> Keep<'a> {
    /// How this group's entities are kept, if they are.
    pub(crate) fn new(
        run: &Run<'a>,
        (id, fetch): (FetchId, &Fetch),
        (group, values): (&EntityGroup, &Values),
    ) -> Option<Self> {
        let cache = run.ports.cache?;
        let lifetime = group.lifetime;
        let max_age = lifetime.seconds(run.prepared.options().entity_max_age);
        if max_age == 0 {
            return None;
        }
        let caller = run.request.caller.clone();
        let caller = match lifetime {
            Lifetime { is_private: true, .. } => Some(caller?),
            // The schema says that all may have it.
            Lifetime { is_whole: true, .. } => None,
            // Not of all of it: some of the lifetime is the operator's, so what one caller got stays that caller's.
            Lifetime { is_whole: false, .. } => caller,
        };
        let mut selection = run.prepared.fetches[id].head.as_bytes().to_vec();
        for part in fetch.variables.iter().map(|name| run.request.variables.get(name).unwrap_or("")) {
            selection.push(0);
            selection.extend_from_slice(part.as_bytes());
        }
        selection.push(0);
        selection.extend_from_slice(group.key.as_bytes());
        for value in values {
            selection.push(0);
            selection.extend_from_slice(value);
        }
        let generation = run.request.generation;
        let subgraph = Arc::clone(&fetch.subgraph);
        let inside = Arc::clone(run.prepared.inside.get(&group.selection)?);
        let scope =
            Arc::new(CacheScope { generation, subgraph, selection: selection.into(), caller, inside });
        Some(Self { cache, scope, max_age, since: cache.moment() })
    }

    /// Reads what the cache has into the rows, and gives what it has not. After a mutation nothing is taken from it:
    /// its effects must be seen.
    pub(crate) async fn take(
        &self,
        run: &Run<'_>,
        group: &EntityGroup,
        (all, meant): (&Representations<'_>, Vec<usize>),
    ) -> Vec<usize> {
        if run.prepared.plan().kind == OperationKind::Mutation {
            return meant;
        }
        let keys = keys(all, meant.iter().copied());
        let kept = self.cache.get_many(&self.scope, &keys).await.unwrap_or_default();
        let mut kept = kept.into_iter();
        let mut state = run.state();
        let state = &mut *state;
        let mut missing = Vec::new();
        for index in meant {
            let entity = &all.entities[index];
            let read = kept.next().flatten().map(|text| {
                state.arena.attempt(|arena| {
                    let buffer = arena.add_buffer(text.clone());
                    let mut reader = Reader::new(run.prepared, arena, (buffer, &text), &self.scope.subgraph)?;
                    read_entity(run.prepared, &mut reader, group.selection, &entity.owners)?;
                    reader.scan.end()
                })
            });
            if let Some(Ok::<(), Malformed>(())) = read {
                state.report.cache_hits += 1;
            } else {
                state.report.cache_misses += 1;
                missing.push(index);
            }
        }
        missing
    }

    /// Gives the cache what was answered without an error, for as long as plan and subgraph both allow.
    pub(crate) fn put(&self, answer: &SubgraphResponse, asked: &Asked<'_>, entities: &[Option<Span>]) {
        let hint = answer.cache;
        let max_age = hint.max_age.map_or(self.max_age, |age| age.min(self.max_age));
        if hint.no_store || max_age == 0 || (hint.private && self.scope.caller.is_none()) {
            return;
        }
        let keys = keys(asked.all, asked.sent.iter().copied());
        let entry = |(key, span): (CacheKey, &Option<Span>)| {
            let Span { start, len } = (*span)?;
            let entity: Bytes = answer.body.slice(start as usize..(start + len) as usize);
            Some(CacheEntry { key, entity })
        };
        let entries: Vec<CacheEntry> = keys.into_iter().zip(entities).filter_map(entry).collect();
        if !entries.is_empty() {
            self.cache.put_many(Arc::clone(&self.scope), entries, max_age, self.since);
        }
    }
}

fn keys(all: &Representations<'_>, entities: impl Iterator<Item = usize>) -> Vec<CacheKey> {
    let mut type_name: Arc<str> = Arc::from("");
    entities
        .map(|index| {
            let name = all.entities[index].type_name;
            if *type_name != *name {
                type_name = Arc::from(name);
            }
            CacheKey { type_name: Arc::clone(&type_name), representation: all.text_of(index) }
        })
        .collect()
}
