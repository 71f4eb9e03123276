//! What one consumer was given and has not acknowledged.
//!
//! A broker knows entries, and an entry may hold several messages that their sender had put together: an
//! acknowledgement of one of them would be taken for all. So an entry is acknowledged with its last message.

use std::collections::{HashMap, HashSet};

use pulsar::message::proto::MessageIdData;

/// Where an entry is: its ledger, and its number there.
type Entry = (u64, u64);

#[derive(Default)]
pub(super) struct Unacknowledged {
    /// The messages of each entry that are still to be acknowledged, by their place in it.
    entries: HashMap<Entry, HashSet<i32>>,
}

impl Unacknowledged {
    /// A message was given to the consumer.
    pub(super) fn add(&mut self, id: &MessageIdData) {
        self.entries.entry(entry(id)).or_default().insert(place(id));
    }

    /// A message is to be acknowledged: whether its entry is, too.
    pub(super) fn remove(&mut self, id: &MessageIdData) -> bool {
        let Some(left) = self.entries.get_mut(&entry(id)) else { return false };
        left.remove(&place(id));
        let done = left.is_empty();
        if done {
            self.entries.remove(&entry(id));
        }
        done
    }

    /// How many entries are left.
    pub(super) fn entries(&self) -> usize {
        self.entries.len()
    }
}

fn entry(id: &MessageIdData) -> Entry {
    (id.ledger_id, id.entry_id)
}

fn place(id: &MessageIdData) -> i32 {
    id.batch_index.unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(entry_id: u64, batch_index: Option<i32>) -> MessageIdData {
        MessageIdData { ledger_id: 1, entry_id, batch_index, ..MessageIdData::default() }
    }

    #[test]
    fn an_entry_is_acknowledged_with_its_last_message() {
        let mut given = Unacknowledged::default();
        for message in [id(1, None), id(2, Some(0)), id(2, Some(1)), id(2, Some(2))] {
            given.add(&message);
        }
        assert!(given.remove(&id(1, None)));
        assert!(!given.remove(&id(2, Some(2))));
        assert!(!given.remove(&id(2, Some(0))));
        // What comes again after the connection was lost is waited for again.
        given.add(&id(2, Some(0)));
        assert!(!given.remove(&id(2, Some(1))));
        assert!(given.remove(&id(2, Some(0))));
        assert_eq!(given.entries(), 0);
        assert!(!given.remove(&id(1, None)), "an entry is acknowledged once");
    }
}
