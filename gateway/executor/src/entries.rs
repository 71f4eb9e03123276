//! What a part adds, written as the entries of a payload.
//!
//! Under `incrementalSpec=v0.2` a part comes whole for each object or list that it was announced for, or fails there. In the older format
//! each entry stands for itself.

use std::collections::HashMap;

use octavo_query_plan::ShapeId;

use crate::announce::Announced;
use crate::arena::RowId;
use crate::failure::{Message, code};
use crate::parts::{Items, Lost, Target, Visit};
use crate::request::IncrementalFormat;
use crate::write::{Path, Writer};

/// The entries of one part.
pub(crate) struct Entries<'a> {
    format: IncrementalFormat,
    label: Option<String>,
    writer: Writer<'a>,
    announced: &'a [Announced],
    by_target: HashMap<Target, usize>,
    /// How it stands with each announcement.
    states: Vec<State>,
    current: Option<usize>,
    incremental: Vec<u8>,
    errors: usize,
}

#[derive(Clone, Default)]
struct State {
    /// Whether its object or list was met.
    met: bool,
    failed: bool,
    /// Where its entries begin.
    start: usize,
    /// Its errors, as JSON objects with commas between them.
    errors: Vec<u8>,
}

/// What is sent of a part.
pub(crate) struct Written {
    pub(crate) incremental: Vec<u8>,
    pub(crate) completed: Vec<u8>,
    /// How many errors are in there.
    pub(crate) errors: usize,
    /// Which errors were told, by the id of their message.
    pub(crate) told: Vec<bool>,
}

impl<'a> Entries<'a> {
    pub(crate) fn new(
        format: IncrementalFormat,
        label: Option<String>,
        writer: Writer<'a>,
        announced: &'a [Announced],
    ) -> Self {
        let by_target = announced.iter().enumerate().map(|(index, one)| (one.target, index)).collect();
        let states = vec![State::default(); announced.len()];
        Self {
            format,
            label,
            writer,
            announced,
            by_target,
            states,
            current: None,
            incremental: Vec::new(),
            errors: 0,
        }
    }

    /// What became null of the part.
    pub(crate) fn take_lost(&mut self) -> Lost {
        self.writer.lost.take().unwrap_or_default()
    }

    /// Ends every announcement. With the `last` part everything is told that no position told.
    pub(crate) fn finish(mut self, last: bool) -> Written {
        self.fail_missing();
        if last {
            self.writer.told.tell_rest();
        } else {
            self.writer.told.tell_placeless();
        }
        self.tell_placeless();
        let mut completed = Vec::new();
        for (Announced { id, .. }, state) in self.announced.iter().zip(&self.states) {
            comma(&mut completed);
            completed.extend_from_slice(format!("{{\"id\":\"{id}\"").as_bytes());
            if state.failed {
                write_errors(&state.errors, &mut completed);
            }
            completed.push(b'}');
        }
        let Self { writer, incremental, errors, .. } = self;
        Written { incremental, completed, errors, told: writer.told.into_messages() }
    }

    /// What was announced and is there no more, since another answer has displaced it.
    fn fail_missing(&mut self) {
        for index in 0..self.states.len() {
            if self.states[index].met {
                continue;
            }
            let message = Message::new("the object or list is not there any more", code::INVALID, None);
            self.writer.told.tell(&message, None, &[]);
            let errors = self.take_errors();
            self.states[index].errors.clone_from(&errors);
            self.states[index].failed = true;
            if self.format == IncrementalFormat::Defer20220824 {
                self.old_entry(index, "data", (b"null", &errors), None);
            }
        }
    }

    /// Tells what belongs to no position with an announcement that did not fail, or else with the last one.
    fn tell_placeless(&mut self) {
        let errors = self.take_errors();
        if errors.is_empty() {
            return;
        }
        let whole = self.states.iter().rposition(|state| !state.failed);
        match (whole.or(self.states.len().checked_sub(1)), self.format) {
            (None, _) => {}
            (Some(index), IncrementalFormat::V02) if self.states[index].failed => {
                join(&mut self.states[index].errors, &errors);
            }
            (Some(index), IncrementalFormat::V02) => {
                let (name, nothing) = self.nothing(index);
                let id = self.announced[index].id;
                comma(&mut self.incremental);
                let entry = format!("{{\"{name}\":{nothing},\"id\":\"{id}\"");
                self.incremental.extend_from_slice(entry.as_bytes());
                write_errors(&errors, &mut self.incremental);
                self.incremental.push(b'}');
            }
            (Some(index), IncrementalFormat::Defer20220824) => {
                let (name, nothing) = self.nothing(index);
                self.old_entry(index, name, (nothing.as_bytes(), &errors), None);
            }
        }
    }

    /// An entry's member that adds nothing.
    fn nothing(&self, index: usize) -> (&'static str, &'static str) {
        if self.announced[index].first.is_some() { ("items", "[]") } else { ("data", "{}") }
    }

    fn take_errors(&mut self) -> Vec<u8> {
        let (errors, count) = self.writer.told.take();
        self.errors += count;
        errors
    }

    /// The announcement at hand, unless it failed.
    fn at_hand(&self) -> Option<usize> {
        self.current.filter(|&index| !self.states[index].failed)
    }

    /// Adds what was written as `data` or `items`.
    fn entry(&mut self, index: usize, name: &str, whole: bool, path: &Path<'_>) {
        let written = std::mem::take(&mut self.writer.out);
        let errors = self.take_errors();
        let value = match (whole, name) {
            (false, _) => b"null".to_vec(),
            (true, "items") => [b"[", written.as_slice(), b"]"].concat(),
            (true, _) => written,
        };
        if self.format == IncrementalFormat::Defer20220824 {
            self.old_entry(index, name, (&value, &errors), Some(path));
            return;
        }
        let announced = &self.announced[index];
        join(&mut self.states[index].errors, &errors);
        if !whole {
            self.fail(index);
            return;
        }
        comma(&mut self.incremental);
        let begin = format!("{{\"{name}\":").into_bytes();
        let id = format!(",\"id\":\"{}\"", announced.id).into_bytes();
        self.incremental.extend_from_slice(&[begin, value, id].concat());
        if announced.first.is_none() {
            write_sub_path(&announced.path, &path.text(), &mut self.incremental);
        }
        write_errors(&errors, &mut self.incremental);
        self.incremental.push(b'}');
    }

    /// Takes back what was written for an announcement; nothing inside it is announced.
    fn fail(&mut self, index: usize) {
        self.states[index].failed = true;
        self.incremental.truncate(self.states[index].start);
        if let (Target::Row(row), Some(lost)) = (self.announced[index].target, &mut self.writer.lost) {
            lost.rows.insert(row);
        }
    }

    /// An entry of the older format; without a path, at the object or list itself.
    fn old_entry(
        &mut self,
        index: usize,
        name: &str,
        (value, errors): (&[u8], &[u8]),
        path: Option<&Path<'_>>,
    ) {
        let Announced { path: own, first, .. } = &self.announced[index];
        let mut path = path.map_or_else(|| own.clone(), Path::text);
        if let Some(first) = first {
            path.pop();
            path.extend_from_slice(format!(",{first}]").as_bytes());
        }
        comma(&mut self.incremental);
        self.incremental.extend_from_slice(format!("{{\"{name}\":").as_bytes());
        self.incremental.extend_from_slice(value);
        self.incremental.extend_from_slice(b",\"path\":");
        self.incremental.extend_from_slice(&path);
        write_label(self.label.as_deref(), &mut self.incremental);
        write_errors(errors, &mut self.incremental);
        self.incremental.push(b'}');
    }
}

impl Visit for Entries<'_> {
    fn begin(&mut self, target: Target, _: &Path<'_>) {
        self.current = self.by_target.get(&target).copied();
        if let Some(index) = self.current {
            self.states[index].met = true;
            self.states[index].start = self.incremental.len();
        }
    }

    fn object(&mut self, at: (RowId, ShapeId), path: &Path<'_>) {
        if let Some(index) = self.at_hand() {
            let whole = self.writer.part_of(at, path);
            self.entry(index, "data", whole, path);
        }
    }

    fn items(&mut self, items: Items<'_>, path: &Path<'_>) {
        if let Some(index) = self.at_hand() {
            let whole = self.writer.items(items, path);
            self.entry(index, "items", whole, path);
        }
    }

    fn end(&mut self) {
        self.current = None;
    }
}

pub(crate) fn comma(out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.push(b',');
    }
}

/// Adds items to others, all with commas between them.
fn join(items: &mut Vec<u8>, more: &[u8]) {
    if !more.is_empty() {
        comma(items);
        items.extend_from_slice(more);
    }
}

/// Writes a list and a comma after it; nothing if it is empty.
pub(crate) fn write_member(name: &str, items: &[u8], out: &mut Vec<u8>) {
    if !items.is_empty() {
        out.extend_from_slice(format!("\"{name}\":[").as_bytes());
        out.extend_from_slice(items);
        out.extend_from_slice(b"],");
    }
}

pub(crate) fn write_label(label: Option<&str>, out: &mut Vec<u8>) {
    if let Some(label) = label {
        out.extend_from_slice(format!(",\"label\":{label}").as_bytes());
    }
}

fn write_errors(errors: &[u8], out: &mut Vec<u8>) {
    if !errors.is_empty() {
        out.extend_from_slice(b",\"errors\":[");
        out.extend_from_slice(errors);
        out.push(b']');
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
