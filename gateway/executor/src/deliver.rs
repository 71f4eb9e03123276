//! A response in several payloads: the first part, then each deferred one as it is ready.
//!
//! 1. Once a part has come, those right inside it are announced, once for each object that they add to.
//! 2. Those that add to something are fetched, beside each other.
//! 3. What is ready is written, in the order in which it is ready.

use std::collections::HashSet;

use futures::channel::mpsc;
use futures::future::FutureExt;
use futures::sink::SinkExt;
use futures::stream::{FuturesUnordered, StreamExt};
use octavo_index::IndexVec;
use octavo_query_plan::{DeferId, ShapeId};

use crate::arena::{Arena, RowId};
use crate::parts::{Items, Lost, Visit, Walk};
use crate::prepared::quoted;
use crate::request::{ExecutionReport, IncrementalFormat};
use crate::schedule::Run;
use crate::write::{Page, Path, Step, Writer};

/// The payloads of one run, as far as they have come.
pub(crate) struct Delivery<'d, 'r> {
    run: &'d Run<'r>,
    format: IncrementalFormat,
    came: HashSet<DeferId>,
    lost: Lost,
    /// Which errors were told, by the id of their message.
    told: Vec<bool>,
    /// The announcements of each part, in the order of the objects.
    announced: IndexVec<DeferId, Vec<Announced>>,
    announcements: usize,
    /// How many parts are announced and have not come.
    open: usize,
}

/// A part for one object.
struct Announced {
    id: usize,
    /// Where the object is, as a JSON list.
    path: Vec<u8>,
}

impl<'d, 'r> Delivery<'d, 'r> {
    pub(crate) fn new(run: &'d Run<'r>, format: IncrementalFormat) -> Self {
        Self {
            run,
            format,
            came: HashSet::new(),
            lost: Lost::default(),
            told: Vec::new(),
            announced: run.prepared.plan().deferred.iter().map(|_| Vec::new()).collect(),
            announcements: 0,
            open: 0,
        }
    }

    /// Fetches and writes every part, until nobody takes the payloads any more.
    pub(crate) async fn deliver(mut self, mut payloads: mpsc::Sender<ExecutionReport>) {
        let run = self.run;
        run.fetch_part(None).await;
        let (first, parts) = self.first();
        if payloads.send(first).await.is_err() {
            return;
        }
        let fetch = |part: DeferId| run.fetch_part(Some(part)).map(move |()| part);
        let mut fetches: FuturesUnordered<_> = parts.into_iter().map(fetch).collect();
        while let Some(part) = fetches.next().await {
            let (payload, parts) = self.next(part);
            if payloads.send(payload).await.is_err() {
                return;
            }
            fetches.extend(parts.into_iter().map(fetch));
        }
    }

    fn first(&mut self) -> (ExecutionReport, Vec<DeferId>) {
        let run = self.run;
        let state = run.state();
        let mut writer = self.writer(&state.arena, None);
        writer.out.push(b'{');
        writer.root(run.root);
        let Writer { mut out, mut told, lost, .. } = writer;
        self.lost = lost.unwrap_or_default();
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
    fn next(&mut self, part: DeferId) -> (ExecutionReport, Vec<DeferId>) {
        let run = self.run;
        let state = run.state();
        let mut writing = Writing {
            format: self.format,
            label: self.label(part),
            writer: self.writer(&state.arena, Some(part)),
            announced: self.announced[part].iter(),
            current: None,
            incremental: Vec::new(),
            completed: Vec::new(),
            errors: 0,
        };
        writing.writer.told.tell_placeless();
        self.walk(&state.arena, part).run(run.root, &mut writing);
        let Writing { writer: Writer { told, lost, .. }, incremental, completed, errors, .. } = writing;
        self.lost.join(lost.unwrap_or_default());
        self.told = told.into_messages();
        self.came.insert(part);
        self.open -= 1;
        let parts = self.announce(&state.arena, Some(part));
        let mut out = Vec::from(b"{");
        write_member("incremental", &incremental, &mut out);
        if self.format == IncrementalFormat::V02 {
            write_member("completed", &completed, &mut out);
        }
        self.finish(&parts, &mut out);
        (self.report(out, errors, &state.report), parts)
    }

    fn report(&self, body: Vec<u8>, errors: usize, so_far: &ExecutionReport) -> ExecutionReport {
        ExecutionReport { body: body.into(), errors, has_next: self.open > 0, ..so_far.clone() }
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

    fn walk<'a>(&'a self, arena: &'a Arena, part: DeferId) -> Walk<'a> {
        let Run { prepared, conditions, parts, .. } = self.run;
        Walk { prepared, arena, conditions, parts, lost: &self.lost, came: &self.came, part }
    }

    fn label(&self, part: DeferId) -> Option<String> {
        self.run.prepared.plan().deferred[part].label.as_deref().map(quoted)
    }

    /// Announces what is right inside a part that has come, and gives what is to be fetched for it.
    fn announce(&mut self, arena: &Arena, came: Option<DeferId>) -> Vec<DeferId> {
        let mut parts = Vec::new();
        for part in self.run.parts.after(self.run.prepared.plan(), came) {
            let mut announcing = Announcing { next: self.announcements, at: None, announced: Vec::new() };
            self.walk(arena, part).run(self.run.root, &mut announcing);
            let Announcing { next, announced, .. } = announcing;
            self.announcements = next;
            // What is inside a part that adds nothing may still need its requests.
            if announced.is_empty() && self.run.parts.after(self.run.prepared.plan(), Some(part)).is_empty() {
                continue;
            }
            self.announced[part] = announced;
            self.open += 1;
            parts.push(part);
        }
        parts
    }

    /// Ends a payload: what is announced with it, and whether others follow.
    fn finish(&self, parts: &[DeferId], out: &mut Vec<u8>) {
        if self.format == IncrementalFormat::V02 && !parts.is_empty() {
            let mut pending = Vec::new();
            for &part in parts {
                let label = self.label(part);
                for Announced { id, path } in &self.announced[part] {
                    comma(&mut pending);
                    pending.extend_from_slice(format!("{{\"id\":\"{id}\",\"path\":").as_bytes());
                    pending.extend_from_slice(path);
                    write_label(label.as_deref(), &mut pending);
                    pending.push(b'}');
                }
            }
            write_member("pending", &pending, out);
        }
        let more = if self.open > 0 { "true" } else { "false" };
        out.extend_from_slice(format!("\"hasNext\":{more}}}").as_bytes());
    }
}

/// Writes a list and a comma after it; nothing if it is empty.
fn write_member(name: &str, items: &[u8], out: &mut Vec<u8>) {
    if !items.is_empty() {
        out.extend_from_slice(format!("\"{name}\":[").as_bytes());
        out.extend_from_slice(items);
        out.extend_from_slice(b"],");
    }
}

fn write_label(label: Option<&str>, out: &mut Vec<u8>) {
    if let Some(label) = label {
        out.extend_from_slice(format!(",\"label\":{label}").as_bytes());
    }
}

fn text_of(path: &Path<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    path.write(&[], &mut text);
    text
}

/// Finds the objects that a part is announced for.
struct Announcing {
    next: usize,
    /// The object that the fragment stands on, until something is found that the part adds.
    at: Option<Vec<u8>>,
    announced: Vec<Announced>,
}

impl Visit for Announcing {
    fn begin(&mut self, path: &Path<'_>) {
        self.at = Some(text_of(path));
    }

    fn object(&mut self, _: (RowId, ShapeId), _: &Path<'_>) {
        if let Some(path) = self.at.take() {
            self.announced.push(Announced { id: self.next, path });
            self.next += 1;
        }
    }

    fn items(&mut self, _: Items<'_>, path: &Path<'_>) {
        self.announced.push(Announced { id: self.next, path: text_of(path) });
        self.next += 1;
    }

    fn end(&mut self) {
        self.at = None;
    }
}

/// Writes what a part adds.
struct Writing<'a> {
    format: IncrementalFormat,
    label: Option<String>,
    writer: Writer<'a>,
    announced: std::slice::Iter<'a, Announced>,
    current: Option<Current<'a>>,
    incremental: Vec<u8>,
    completed: Vec<u8>,
    errors: usize,
}

/// The part for the object at hand.
struct Current<'a> {
    announced: &'a Announced,
    /// Where its entries begin.
    start: usize,
    /// The errors that made it null as a whole.
    failed: Option<Vec<u8>>,
}

impl Visit for Writing<'_> {
    fn begin(&mut self, _: &Path<'_>) {
        self.current = None;
    }

    fn object(&mut self, at: (RowId, ShapeId), path: &Path<'_>) {
        if self.begin_entries() {
            let whole = self.writer.part_of(at, path);
            self.entry("data", whole, &text_of(path));
        }
    }

    fn items(&mut self, items: Items<'_>, path: &Path<'_>) {
        if self.begin_entries() {
            let whole = self.writer.items(items, path);
            let first = Path { parent: Some(path), step: Step::Index(items.first) };
            let of_list = self.format == IncrementalFormat::V02;
            self.entry("items", whole, &text_of(if of_list { path } else { &first }));
        }
    }

    fn end(&mut self) {
        let Some(Current { announced, start, failed }) = self.current.take() else { return };
        comma(&mut self.completed);
        self.completed.extend_from_slice(format!("{{\"id\":\"{}\"", announced.id).as_bytes());
        if let Some(errors) = failed {
            self.incremental.truncate(start);
            self.completed.extend_from_slice(&errors);
        }
        self.completed.push(b'}');
    }
}

impl Writing<'_> {
    /// Takes up the next announcement, unless one is; false if the part has become null for the object at hand.
    fn begin_entries(&mut self) -> bool {
        if self.current.is_none() {
            let start = self.incremental.len();
            self.current = self.announced.next().map(|announced| Current { announced, start, failed: None });
        }
        self.current.as_ref().is_some_and(|current| current.failed.is_none())
    }

    /// Adds what was written as `data` or `items`.
    fn entry(&mut self, name: &str, whole: bool, path: &[u8]) {
        let Some(current) = &mut self.current else { return };
        let written = std::mem::take(&mut self.writer.out);
        let mut errors = Vec::new();
        self.errors += self.writer.told.write(&mut errors);
        if self.format == IncrementalFormat::V02 && !whole {
            current.failed = Some(errors);
            return;
        }
        comma(&mut self.incremental);
        let out = &mut self.incremental;
        out.extend_from_slice(format!("{{\"{name}\":").as_bytes());
        match (whole, name) {
            (false, _) => out.extend_from_slice(b"null"),
            (true, "items") => out.extend_from_slice(&[b"[", written.as_slice(), b"]"].concat()),
            (true, _) => out.extend_from_slice(&written),
        }
        if self.format == IncrementalFormat::V02 {
            out.extend_from_slice(format!(",\"id\":\"{}\"", current.announced.id).as_bytes());
            write_sub_path(&current.announced.path, path, out);
        } else {
            out.extend_from_slice(b",\"path\":");
            out.extend_from_slice(path);
            write_label(self.label.as_deref(), out);
        }
        out.extend_from_slice(&errors);
        out.push(b'}');
    }
}

fn comma(out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.push(b',');
    }
}

/// Writes the steps of a path that follow those of another.
fn write_sub_path(from: &[u8], path: &[u8], out: &mut Vec<u8>) {
    let steps = |path: &[u8]| path.len().saturating_sub(2);
    let Some(rest) = path.get(1 + steps(from)..path.len() - 1).filter(|rest| !rest.is_empty()) else {
        return;
    };
    out.extend_from_slice(b",\"subPath\":[");
    out.extend_from_slice(rest.strip_prefix(b",").unwrap_or(rest));
    out.push(b']');
}
