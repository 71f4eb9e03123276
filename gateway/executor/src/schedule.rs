//! The plan's tree walked: what depends on another waits for it, what does not runs beside it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::{BoxFuture, FutureExt, join_all};
use octavo_index::Id;
use octavo_query_plan::{ConditionId, DeferId, FetchId, IntrospectionField, PlanNode};

use crate::arena::{Arena, RowId};
use crate::failure::{Message, code};
use crate::fetch::run_fetch;
use crate::parts::{Parts, is_in};
use crate::ports::{Ports, SubgraphError, SubgraphResponse};
use crate::prepared::{Prepared, PreparedKey, PreparedSelection, ReadKind, Target};
use crate::read::Reader;
use crate::request::{ExecutionReport, ExecutionRequest};
use crate::scan::Malformed;
use crate::write::{Page, write_response};

/// One request under way.
pub(crate) struct Run<'r> {
    pub(crate) prepared: &'r Prepared,
    pub(crate) request: &'r ExecutionRequest,
    pub(crate) ports: Ports<'r>,
    pub(crate) conditions: Vec<bool>,
    pub(crate) parts: Parts,
    pub(crate) root: RowId,
    state: Mutex<State>,
}

/// What the fetches of a request share.
pub(crate) struct State {
    pub(crate) arena: Arena,
    pub(crate) report: ExecutionReport,
    /// What came for a fetch that is not sent: the event of a subscription.
    pub(crate) event: Option<(FetchId, Event)>,
}

/// An event of a subscription.
pub(crate) type Event = Result<SubgraphResponse, SubgraphError>;

impl<'r> Run<'r> {
    /// A run whose deferred parts come later if it is `incremental`, and with the first otherwise.
    pub(crate) fn new(
        prepared: &'r Prepared,
        request: &'r ExecutionRequest,
        ports: Ports<'r>,
        incremental: bool,
    ) -> Self {
        let (arena, root) = Arena::new(prepared);
        let is_true = |name: &str| request.variables.is_true(name);
        let conditions: Vec<bool> =
            prepared.plan().conditions.iter().map(|condition| condition.holds(is_true)).collect();
        let state = Mutex::new(State { arena, report: ExecutionReport::default(), event: None });
        Self {
            parts: Parts::new(prepared.plan(), &conditions, &request.variables, incremental),
            prepared,
            request,
            ports,
            conditions,
            root,
            state,
        }
    }

    /// What was read so far; never kept while anything is waited for.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run of one event of a subscription, which `fetch` follows.
    pub(crate) fn with_event(self, fetch: FetchId, event: Event) -> Self {
        self.state().event = Some((fetch, event));
        self
    }

    /// What came for a fetch that is not sent.
    pub(crate) fn take_event(&self, fetch: FetchId) -> Option<Event> {
        self.state().event.take_if(|(followed, _)| *followed == fetch).map(|(_, event)| event)
    }

    /// Sends what the plan says for a part, in its order; then for those inside it that come with it.
    pub(crate) fn fetch_part(&self, part: Option<DeferId>) -> BoxFuture<'_, ()> {
        let plan = self.prepared.plan();
        let node = part.map_or(&plan.node, |part| &plan.deferred[part].node);
        let along = self.parts.along(plan, part);
        async move {
            if let Some(node) = node {
                self.node(node, part).await;
            }
            // Each after the one around it, beside the others.
            let mut waiting = along;
            while !waiting.is_empty() {
                let waits =
                    |id: &DeferId| waiting.iter().any(|other| other != id && is_in(plan, Some(*id), *other));
                let (later, now): (Vec<DeferId>, Vec<DeferId>) = waiting.iter().copied().partition(waits);
                let nodes = now.into_iter().filter_map(|inner| plan.deferred[inner].node.as_ref());
                join_all(nodes.map(|node| self.node(node, part))).await;
                waiting = later;
            }
        }
        .boxed()
    }

    /// Writes the response.
    pub(crate) fn finish(self) -> ExecutionReport {
        let State { arena, report, .. } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let page = Page {
            prepared: self.prepared,
            arena: &arena,
            conditions: &self.conditions,
            parts: &self.parts,
            part: None,
        };
        let (body, errors) = write_response(&page, self.root);
        ExecutionReport { body, errors, ..report }
    }

    fn node<'n>(&'n self, node: &'n PlanNode, part: Option<DeferId>) -> BoxFuture<'n, ()> {
        match node {
            PlanNode::Fetch(fetch) => run_fetch(self, *fetch, part).boxed(),
            PlanNode::Sequence(nodes) => async move {
                for node in nodes {
                    self.node(node, part).await;
                }
            }
            .boxed(),
            PlanNode::Parallel(nodes) => {
                join_all(nodes.iter().map(|node| self.node(node, part))).map(|_| ()).boxed()
            }
            PlanNode::Condition { when, node } if self.holds(*when) => self.node(node, part),
            PlanNode::Condition { .. } => futures::future::ready(()).boxed(),
            PlanNode::Introspection(fields) => async move { self.introspect(fields) }.boxed(),
        }
    }

    pub(crate) fn holds(&self, condition: ConditionId) -> bool {
        self.conditions[condition.index()]
    }

    fn introspect(&self, fields: &[IntrospectionField]) {
        let answer = self.ports.introspection.introspect();
        let arena = &mut self.state().arena;
        let read = answer.and_then(|text| {
            self.read_introspection(arena, fields, text)
                .map_err(|error| format!("the answer to the introspection cannot be used: {error}"))
        });
        let Err(text) = read else { return };
        let message = arena.failures.say(Message::new(&text, code::INTROSPECTION, None));
        let failure = arena.failures.fail(message, Box::default());
        for field in fields {
            let cell = arena.cell_of(self.root, field.slot);
            arena.set(cell, crate::arena::Cell::Failed(failure));
        }
    }

    fn read_introspection(
        &self,
        arena: &mut Arena,
        fields: &[IntrospectionField],
        text: String,
    ) -> Result<(), Malformed> {
        let kind = ReadKind::LEAF;
        let key =
            |field: &IntrospectionField| PreparedKey::of(&field.key, Target::Slot { slot: field.slot, kind });
        let selection = PreparedSelection::of(self.prepared.plan().root, fields.iter().map(key).collect());
        let text = bytes::Bytes::from(text);
        arena.attempt(|arena| {
            let buffer = arena.add_buffer(text.clone());
            let mut reader = Reader::new(self.prepared, arena, (buffer, &text), "")?;
            reader.object_of(self.root, &selection)?;
            reader.scan.end()
        })
    }
}
