//! The `errors` of a response, as they are told.

use octavo_index::Id;

use crate::failure::{FailureId, Failures, Message, Segment};
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
    pub(crate) fn new(failures: &'f Failures, max: usize) -> Self {
        let messages = vec![false; failures.messages().count()];
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

    /// Tells what no position told, writes all, and gives their number.
    pub(crate) fn finish(mut self, out: &mut Vec<u8>) -> usize {
        let failures = self.failures;
        for (id, message) in failures.messages() {
            if !self.messages[id.index()] {
                self.tell(message, None, &[]);
            }
        }
        if self.count > 0 {
            self.entries.pop();
            out.extend_from_slice(b",\"errors\":[");
            out.extend_from_slice(&self.entries);
            out.push(b']');
        }
        self.count
    }
}
