//! The `errors` of a response, as they are told.

use std::collections::HashSet;

use octavo_index::Id;

use crate::failure::{FailureId, Failures, Message, MessageId, Segment};
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
}

impl<'f> Told<'f> {
    /// `messages` says which were told before, by id.
    pub(crate) fn new(failures: &'f Failures, max: usize, mut messages: Vec<bool>) -> Self {
        messages.resize(failures.messages().count(), false);
        Self { failures, entries: Vec::new(), count: 0, max, messages }
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
        let failure = self.failures.failure(failure);
        self.messages[failure.message.index()] = true;
        self.tell(self.failures.message(failure.message), Some(path), &failure.beneath);
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
        if self.count > 0 {
            self.entries.pop();
            out.extend_from_slice(b",\"errors\":[");
            out.extend_from_slice(&self.entries);
            out.push(b']');
        }
        self.entries.clear();
        std::mem::take(&mut self.count)
    }

    /// Which messages were told, by id.
    pub(crate) fn into_messages(self) -> Vec<bool> {
        self.messages
    }
}
