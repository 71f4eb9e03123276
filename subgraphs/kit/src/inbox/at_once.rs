//! Applying what has come before it is stored, where nothing of its sequence waits: its effect and its mark are all that
//! has to be kept of it then.
//!
//! 1. The sequences are locked; those in which something waits, or an event is missing or cannot be read, have all of theirs stored. So are
//!    markers: how far behind a consumer is shows in them, whatever waits in its inbox included.
//! 2. The others' events are applied in one transaction.
//! 3. If one of them fails, none was applied. All are stored, and the turns of [`Inbox::run`] find the one that fails.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Arrival, Inbox, InboxStore, MARKERS, Received, SequenceKey, Standing, marker::newest, process::Due,
};
use crate::error::StoreError;

impl<S: InboxStore> Inbox<S> {
    /// Applies or stores what has come; when this returns, it may be acknowledged.
    pub async fn take(&self, arrivals: Vec<Arrival>) -> Result<(), StoreError> {
        let is_marker = |arrival: &Arrival| arrival.received.sequence.source == MARKERS;
        let (markers, events): (Vec<_>, Vec<_>) = arrivals.into_iter().partition(is_marker);
        let markers = self.numbered(newest(markers.iter().map(|arrival| &arrival.received))).await?;
        let sequences: BTreeSet<&SequenceKey> = events.iter().map(|event| &event.received.sequence).collect();
        let sequences: Vec<SequenceKey> = sequences.into_iter().cloned().collect();
        if sequences.is_empty() {
            return self.keep(&markers).await;
        }
        // Two transactions of one process could only wait for one another.
        let _turn = self.turns.lock().await;
        let mut tx = self.store.begin().await?;
        let standings = match self.store.standings(&mut tx, self.consumer, &sequences).await {
            Ok(standings) => standings,
            Err(error) => {
                self.store.roll_back(tx).await?;
                return Err(error);
            }
        };
        let Divided { at_once, theirs, mut others } = divided(events, &standings);
        others.extend(markers);
        if at_once.is_empty() {
            self.store.roll_back(tx).await?;
            return self.keep(&others).await;
        }
        if let Ok(done) = self.apply_all(&mut tx, at_once.into_iter()).await {
            self.finish(tx, &done).await?;
            self.keep(&others).await
        } else {
            self.store.roll_back(tx).await?;
            self.keep(&[theirs, others].concat()).await
        }
    }

    /// Stores events, and has them looked at.
    async fn keep(&self, events: &[Received]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        self.store.receive(self.consumer, events).await?;
        self.wake.tell();
        Ok(())
    }
}

/// What has come, by what becomes of it.
#[derive(Default)]
struct Divided {
    /// What can be applied at once.
    at_once: Vec<Due>,
    /// The same as it is stored if that fails.
    theirs: Vec<Received>,
    /// What must be stored first.
    others: Vec<Received>,
}

/// What can be applied at once, and what must be stored first. What was applied before is neither.
fn divided(events: Vec<Arrival>, standings: &BTreeMap<SequenceKey, Standing>) -> Divided {
    let mut of = BTreeMap::<SequenceKey, BTreeMap<i64, Arrival>>::new();
    let mut divided = Divided::default();
    for event in events {
        match standings.get(&event.received.sequence) {
            Some(standing) if event.received.seq > standing.last_seq => {
                // What comes twice is kept as it came first.
                let sequence = of.entry(event.received.sequence.clone()).or_default();
                sequence.entry(event.received.seq).or_insert(event);
            }
            Some(_) => {}
            None => divided.others.push(event.received),
        }
    }
    for (sequence, arrivals) in of {
        let Standing { last_seq, holds } = standings[&sequence];
        let is_next = !holds && (last_seq + 1..).zip(arrivals.keys()).all(|(due, seq)| due == *seq);
        let (mut received, mut events) = (Vec::with_capacity(arrivals.len()), Vec::new());
        for (seq, arrival) in arrivals {
            events.extend(arrival.event.and_then(|event| event.lifted().ok()).map(|event| (seq, Ok(event))));
            received.push(arrival.received);
        }
        if is_next && events.len() == received.len() {
            divided.at_once.push(Due { sequence, attempts: 0, events });
            divided.theirs.extend(received);
        } else {
            divided.others.extend(received);
        }
    }
    divided
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{bus::Topic, inbox::Ordering};

    fn sequence(stream: &str) -> SequenceKey {
        SequenceKey { source: "students".to_owned(), stream: format!("Student/{stream}") }
    }

    /// An event of the first version of its type, of which there is a second.
    fn event(stream: &str, seq: i64) -> Value {
        json!({
            "specversion": "1.0", "id": format!("{stream} {seq}"), "source": "/library/students",
            "type": "library.students.StudentUpdated", "subject": stream, "time": "2026-01-01T00:00:00Z",
            "datacontenttype": "application/json", "seq": seq, "schemaversion": 1,
            "data": { "aggregate": "Student", "state": {} },
        })
    }

    #[test]
    fn a_sequence_is_applied_at_once_or_stored_as_a_whole() {
        let standing = |last_seq, holds| Standing { last_seq, holds };
        let standings = BTreeMap::from([
            (sequence("next"), standing(2, false)),
            (sequence("gap"), standing(2, false)),
            (sequence("waiting"), standing(2, true)),
            (sequence("old"), standing(9, false)),
            (sequence("newer"), standing(2, false)),
        ]);
        let streams = ["next", "gap", "waiting", "old", "unknown", "newer"];
        let mut events: Vec<_> = streams.iter().map(|stream| event(stream, 4)).collect();
        events.extend(["next", "waiting", "old", "newer"].map(|stream| event(stream, 3)));
        events.push(event("next", 4));
        events.push(event("next", 2));
        for event in events.iter_mut().filter(|event| event["id"] == "newer 4") {
            event["schemaversion"] = json!(9);
        }
        let arrivals = events.iter().map(|event| {
            let bytes = event.to_string().into_bytes();
            Arrival::read(&Topic::events("students"), Ordering::Sequences, bytes)
        });
        let mut arrivals: Vec<_> = arrivals.collect();
        arrivals.push(Arrival::read(&Topic::events("students"), Ordering::Sequences, b"{".to_vec()));
        let Divided { at_once, theirs, others } = divided(arrivals, &standings);
        let [due] = <[Due; 1]>::try_from(at_once).expect("one sequence is applied at once");
        let seqs: Vec<_> = due.events.iter().map(|(seq, _)| *seq).collect();
        assert_eq!((due.sequence, due.attempts, seqs), (sequence("next"), 0, vec![3, 4]));
        for (_, event) in due.events {
            let event = event.expect("it can be read");
            assert_eq!((event.schemaversion, &event.data.state), (2, &json!({ "userId": null })));
        }
        let ids = |events: &[Received]| -> Vec<String> {
            events.iter().map(|event| event.event_id.clone()).collect()
        };
        assert_eq!(ids(&theirs), ["next 3", "next 4"]);
        let (unreadable, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|event| event.sequence.is_unreadable());
        assert_eq!(unreadable.len(), 1);
        assert_eq!(ids(&others), ["unknown 4", "gap 4", "newer 3", "newer 4", "waiting 3", "waiting 4"]);
    }
}
