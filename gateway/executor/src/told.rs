//! The `errors` of a response, as they are told.

use std::collections::HashSet;
use std::ops::Range;

use octavo_index::Id;

use crate::failure::{Failure, FailureId, Failures, Message, MessageId, Segment};
use crate::write::Path;

/// Collects errors while the data is written.
pub(crate) struct Told<'f> {
    failures: &'f Failures,
    /// The entries, a comma after each.
    entries: Vec<u8>,
    count: usize,
    max: usize,
    /// Which messages of `failures` were told, by id.
    messages: Vec<bool>,
    /// The entries that tell of an absence.
    absences: Vec<Range<usize>>,
}

/// A moment in the telling.
pub(crate) struct Mark {
    count: usize,
    absences: usize,
}

impl<'f> Told<'f> {
    /// `messages` says which were told before, by id.
    pub(crate) fn new(failures: &'f Failures, max: usize, mut messages: Vec<bool>) -> Self {
        messages.resize(failures.messages().count(), false);
        for known in &failures.known {
            messages[known.index()] = true;
        }
        Self { failures, entries: Vec::new(), count: 0, max, messages, absences: Vec::new() }
    }

    /// Tells a message at a position, or at none.
    pub(crate) fn tell(&mut self, message: &Message, path: Option<&Path<'_>>, beneath: &[Segment]) {
        if self.count == self.max {
            return;
        }
        self.count += 1;
        self.entries.extend_from_slice(b"{\"message\":");
        self.entries.extend_from_slice(message.text.as_bytes());
        if let Some(path) = path {
            self.entries.extend_from_slice(b",\"path\":");
            path.write(beneath, &mut self.entries);
        }
        self.entries.extend_from_slice(b",\"extensions\":");
        self.entries.extend_from_slice(message.extensions.as_bytes());
        self.entries.extend_from_slice(b"},");
    }

    /// Tells what made a position null.
    pub(crate) fn tell_failure(&mut self, failure: FailureId, path: &Path<'_>) {
        let failures = self.failures;
        let mut chain: Vec<&Failure> = failures.chain(failure).collect();
        chain.reverse();
        for failure in chain {
            self.messages[failure.message.index()] = true;
            self.tell(failures.message(failure.message), Some(path), &failure.beneath);
        }
    }

    /// Takes a failure as told, since nobody asked for what it left null.
    pub(crate) fn hush(&mut self, failure: FailureId) {
        let failures = self.failures;
        for failure in failures.chain(failure) {
            self.messages[failure.message.index()] = true;
        }
    }

    /// Tells that nothing is there where something must be. It is news only if nothing else explains the null: see [`Told::settle`].
    pub(crate) fn tell_absence(&mut self, message: &Message, path: &Path<'_>) {
        let start = self.entries.len();
        self.tell(message, Some(path), &[]);
        if self.entries.len() > start {
            self.absences.push(start..self.entries.len());
        }
    }

    /// What was told so far.
    pub(crate) fn mark(&self) -> Mark {
        Mark { count: self.count, absences: self.absences.len() }
    }

    /// Of what was told since `mark` of one position that became null, takes back the absences that others explain: all of
    /// them if there is a failure, otherwise all but the first.
    pub(crate) fn settle(&mut self, mark: &Mark) {
        let absent = self.absences.len() - mark.absences;
        let explained = self.count - mark.count > absent;
        let kept = mark.absences + usize::from(!explained);
        for range in self.absences.drain(kept.min(self.absences.len())..).rev() {
            self.entries.drain(range);
            self.count -= 1;
        }
    }

    /// Tells what no position told.
    pub(crate) fn tell_rest(&mut self) {
        self.tell_untold(&HashSet::new());
    }

    /// Tells what belongs to no position.
    pub(crate) fn tell_placeless(&mut self) {
        self.tell_untold(&self.failures.placed());
    }

    fn tell_untold(&mut self, but: &HashSet<MessageId>) {
        let failures = self.failures;
        for (id, message) in failures.messages() {
            if !self.messages[id.index()] && !but.contains(&id) {
                self.messages[id.index()] = true;
                self.tell(message, None, &[]);
            }
        }
    }

    /// Writes all that was told since the last time, and gives its number.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>) -> usize {
        let (entries, count) = self.take();
        if count > 0 {
            out.extend_from_slice(b",\"errors\":[");
            out.extend_from_slice(&entries);
            out.push(b']');
        }
        count
    }

    /// What was told since the last time, as JSON objects with commas between them, and its number.
    pub(crate) fn take(&mut self) -> (Vec<u8>, usize) {
        self.absences.clear();
        self.entries.pop();
        (std::mem::take(&mut self.entries), std::mem::take(&mut self.count))
    }

    /// Which messages were told, by id.
    pub(crate) fn into_messages(self) -> Vec<bool> {
        self.messages
    }
}
