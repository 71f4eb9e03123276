//! A response in several payloads: the first part, then each deferred one as it is ready.
//!
//! 1. Once a part has come, those right inside it are announced, once for each object that they add to.
//! 2. Those that add to something are fetched, beside each other.
//! 3. What is ready is written, in the order in which it is ready.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::pin::pin;

use futures::channel::mpsc;
use futures::future::{Either, FutureExt, select};
use futures::stream::{FuturesUnordered, StreamExt};
use octavo_query_plan::DeferId;

use crate::announce::{Announced, Announcing};
use crate::arena::Arena;
use crate::entries::{Entries, Written, comma, write_label, write_member};
use crate::failure::Message;
use crate::parts::{Lost, Walk};
use crate::prepared::quoted;
use crate::request::{ExecutionReport, IncrementalFormat, Late};
use crate::schedule::Run;
use crate::write::{Page, Writer};

/// The payloads of one run, as far as they have come.
pub(crate) struct Delivery<'d, 'r> {
    run: &'d Run<'r>,
    format: IncrementalFormat,
    came: HashSet<DeferId>,
    /// What each part lost: nothing inside that part is added to it.
    lost: HashMap<Option<DeferId>, Lost>,
    /// Which errors were told, by the id of their message.
    told: Vec<bool>,
    /// The announcements of each part that has not come.
    announced: BTreeMap<DeferId, Vec<Announced>>,
    announcements: usize,
}

/// A payload, and the parts to fetch after it.
type Step = (ExecutionReport, Vec<DeferId>);

impl<'d, 'r> Delivery<'d, 'r> {
    pub(crate) fn new(run: &'d Run<'r>, format: IncrementalFormat) -> Self {
        Self {
            run,
            format,
            came: HashSet::new(),
            lost: HashMap::new(),
            told: Vec::new(),
            announced: BTreeMap::new(),
            announcements: 0,
        }
    }

    /// Fetches and writes every part, until nobody takes the payloads any more or `late` says that it takes too long: then what has
    /// not come ends with its error. If the first part is late there is no payload.
    pub(crate) async fn deliver(
        mut self,
        payloads: mpsc::UnboundedSender<ExecutionReport>,
        late: impl Future<Output = Late>,
    ) {
        let run = self.run;
        let mut late = pin!(late.fuse());
        if let Either::Right(_) = select(run.fetch_part(None), late.as_mut()).await {
            return;
        }
        let (first, parts) = self.first();
        if payloads.unbounded_send(first).is_err() {
            return;
        }
        let fetch = |part: DeferId| run.fetch_part(Some(part)).map(move |()| part);
        let mut fetches: FuturesUnordered<_> = parts.into_iter().map(fetch).collect();
        while !self.announced.is_empty() {
            let (payload, parts) = match select(fetches.next(), late.as_mut()).await {
                Either::Left((Some(part), _)) => self.next(part),
                Either::Left((None, _)) => return,
                Either::Right((late, _)) => (self.end(&late), Vec::new()),
            };
            fetches.extend(parts.into_iter().map(fetch));
            // A part that adds nothing makes a payload only if it is the last.
            if (!payload.body.starts_with(b"{\"hasNext\":true") && payloads.unbounded_send(payload).is_err())
                || payloads.is_closed()
            {
                return;
            }
        }
    }

    fn first(&mut self) -> Step {
        let run = self.run;
        let state = run.state();
        let mut writer = self.writer(&state.arena, None);
        writer.out.push(b'{');
        writer.root(run.root);
        let Writer { mut out, mut told, lost, .. } = writer;
        self.lost.insert(None, lost.unwrap_or_default());
        let parts = self.announce(&state.arena, None);
        // What is null in a part that is still to come is told there.
        if parts.is_empty() {
            told.tell_rest();
        } else {
            told.tell_placeless();
        }
        let errors = told.write(&mut out);
        self.told = told.into_messages();
        out.push(b',');
        self.finish(&parts, &mut out);
        (self.report(out, errors, &state.report), parts)
    }

    /// The payload of a part that was fetched, and the parts to fetch next.
    fn next(&mut self, part: DeferId) -> Step {
        let run = self.run;
        let state = run.state();
        let announced = self.announced.remove(&part).unwrap_or_default();
        let writer = self.writer(&state.arena, Some(part));
        let mut entries = Entries::new(self.format, self.label(part), writer, &announced);
        self.walk(&state.arena, part).run(run.root, &mut entries);
        let lost = entries.take_lost();
        self.lost.insert(Some(part), lost);
        self.came.insert(part);
        let parts = self.announce(&state.arena, Some(part));
        let Written { incremental, completed, errors, told } = entries.finish(self.announced.is_empty());
        self.told = told;
        let mut out = Vec::from(b"{");
        write_member("incremental", &incremental, &mut out);
        if self.format == IncrementalFormat::V02 {
            write_member("completed", &completed, &mut out);
        }
        self.finish(&parts, &mut out);
        (self.report(out, errors, &state.report), parts)
    }

    /// The last payload, when it has taken too long: each part that was announced ends with an error.
    fn end(&mut self, late: &Late) -> ExecutionReport {
        let message = Message::new(&late.message, late.code, None);
        let error = format!("{{\"message\":{},\"extensions\":{}}}", message.text, message.extensions);
        let mut entries = Vec::new();
        let mut errors = 0;
        for (part, announced) in std::mem::take(&mut self.announced) {
            let label = self.label(part);
            for Announced { id, path, .. } in &announced {
                comma(&mut entries);
                errors += 1;
                if self.format == IncrementalFormat::V02 {
                    entries.extend_from_slice(format!("{{\"id\":\"{id}\"").as_bytes());
                } else {
                    entries.extend_from_slice(b"{\"data\":null,\"path\":");
                    entries.extend_from_slice(path);
                    write_label(label.as_deref(), &mut entries);
                }
                entries.extend_from_slice(format!(",\"errors\":[{error}]}}").as_bytes());
            }
        }
        let mut out = Vec::from(b"{");
        let member = if self.format == IncrementalFormat::V02 { "completed" } else { "incremental" };
        write_member(member, &entries, &mut out);
        self.finish(&[], &mut out);
        self.report(out, errors, &self.run.state().report)
    }

    fn report(&self, body: Vec<u8>, errors: usize, so_far: &ExecutionReport) -> ExecutionReport {
        let has_next = !self.announced.is_empty();
        ExecutionReport { body: body.into(), errors, has_next, ..so_far.clone() }
    }

    fn writer<'a>(&self, arena: &'a Arena, part: Option<DeferId>) -> Writer<'a>
    where
        'd: 'a,
    {
        let run: &'d Run<'r> = self.run;
        let Run { prepared, conditions, parts, .. } = run;
        let page = Page { prepared, arena, conditions, parts, part: parts.of(part) };
        Writer::new(&page, self.told.clone(), Some(Lost::default()))
    }

    /// A walk to all that a part adds to: what the parts around it lost is not there.
    fn walk<'a>(&'a self, arena: &'a Arena, part: DeferId) -> Walk<'a> {
        let Run { prepared, conditions, parts, .. } = self.run;
        let mut lost = Vec::new();
        let mut around = parts.around(part);
        loop {
            lost.extend(self.lost.get(&around));
            let Some(part) = around else { break };
            around = parts.around(part);
        }
        Walk { prepared, arena, conditions, parts, lost, came: &self.came, part }
    }

    fn label(&self, part: DeferId) -> Option<String> {
        self.run.prepared.plan().deferred[part].label.as_deref().map(quoted)
    }

    /// Announces what is right inside a part that has come, and gives what is to be fetched for it.
    fn announce(&mut self, arena: &Arena, came: Option<DeferId>) -> Vec<DeferId> {
        let mut parts = Vec::new();
        for part in self.run.parts.after(self.run.prepared.plan(), came) {
            let mut announcing = Announcing::new(self.announcements);
            self.walk(arena, part).run(self.run.root, &mut announcing);
            let announced = announcing.announced;
            self.announcements += announced.len();
            // What is inside a part that adds nothing may still need its requests.
            if announced.is_empty() && self.run.parts.after(self.run.prepared.plan(), Some(part)).is_empty() {
                continue;
            }
            self.announced.insert(part, announced);
            parts.push(part);
        }
        parts
    }

    /// Ends a payload: what is announced with it, and whether others follow.
    fn finish(&self, parts: &[DeferId], out: &mut Vec<u8>) {
        if self.format == IncrementalFormat::V02 {
            let mut pending = Vec::new();
            for &part in parts {
                let label = self.label(part);
                for Announced { id, path, .. } in &self.announced[&part] {
                    comma(&mut pending);
                    pending.extend_from_slice(format!("{{\"id\":\"{id}\",\"path\":").as_bytes());
                    pending.extend_from_slice(path);
                    write_label(label.as_deref(), &mut pending);
                    pending.push(b'}');
                }
            }
            write_member("pending", &pending, out);
        }
        let more = !self.announced.is_empty();
        out.extend_from_slice(format!("\"hasNext\":{more}}}").as_bytes());
    }
}
