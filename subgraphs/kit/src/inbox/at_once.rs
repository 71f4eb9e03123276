//! Applying what has come before it is stored, where nothing of its sequence waits: its effect and its mark are all that
//! has to be kept of it then.
//!
//! 1. The sequences are locked; those in which something waits, or an event is missing, have all of theirs stored. So are
//!    markers: how far behind a consumer is shows in them, whatever waits in its inbox included.
//! 2. The others' events are applied in one transaction.
//! 3. If one of them fails, none was applied. All are stored, and the turns of [`Inbox::run`] find the one that fails.

use std::collections::{BTreeMap, BTreeSet};

use super::{Inbox, InboxStore, MARKERS, Ready, Received, SequenceKey, Standing};
use crate::error::StoreError;

impl<S: InboxStore> Inbox<S> {
    /// Applies or stores what has come; when this returns, it may be acknowledged.
    pub async fn take(&self, events: &[Received]) -> Result<(), StoreError> {
        let events = self.with_numbered_markers(events).await?;
        let sequences = events.iter().map(|event| &event.sequence);
        let sequences: BTreeSet<&SequenceKey> =
            sequences.filter(|sequence| sequence.source != MARKERS).collect();
        let sequences: Vec<SequenceKey> = sequences.into_iter().cloned().collect();
        if sequences.is_empty() {
            return self.keep(&events).await;
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
        let (at_once, others) = divided(&events, &standings);
        if at_once.is_empty() {
            self.store.roll_back(tx).await?;
            return self.keep(&others).await;
        }
        if let Ok(done) = self.apply_all(&mut tx, &at_once).await {
            self.finish(tx, &done).await?;
            self.keep(&others).await
        } else {
            self.store.roll_back(tx).await?;
            self.keep(&events).await
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

/// What can be applied at once, and what must be stored first. What was applied before is neither.
fn divided(events: &[Received], standings: &BTreeMap<SequenceKey, Standing>) -> (Vec<Ready>, Vec<Received>) {
    let (mut of, mut others) = (BTreeMap::<&SequenceKey, BTreeMap<i64, &Received>>::new(), Vec::new());
    for event in events {
        match standings.get(&event.sequence) {
            Some(standing) if event.seq > standing.last_seq => {
                // What comes twice is kept as it came first.
                of.entry(&event.sequence).or_default().entry(event.seq).or_insert(event);
            }
            Some(_) => {}
            None => others.push(event.clone()),
        }
    }
    let mut at_once = Vec::with_capacity(of.len());
    for (sequence, events) in of {
        let Standing { last_seq, holds } = standings[sequence];
        if holds || !(last_seq + 1..).zip(events.keys()).all(|(due, seq)| due == *seq) {
            others.extend(events.into_values().cloned());
        } else {
            let events = events.into_values().map(|event| (event.seq, event.body.clone())).collect();
            at_once.push(Ready { sequence: sequence.clone(), attempts: 0, events });
        }
    }
    (at_once, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(stream: &str) -> SequenceKey {
        SequenceKey { source: "notes".to_owned(), stream: stream.to_owned() }
    }

    fn event(stream: &str, seq: i64) -> Received {
        let body = format!("{stream} {seq}");
        Received { sequence: sequence(stream), seq, event_id: body.clone(), body }
    }

    #[test]
    fn a_sequence_is_applied_at_once_or_stored_as_a_whole() {
        let standing = |last_seq, holds| Standing { last_seq, holds };
        let standings = BTreeMap::from([
            (sequence("next"), standing(2, false)),
            (sequence("gap"), standing(2, false)),
            (sequence("waiting"), standing(2, true)),
            (sequence("old"), standing(9, false)),
        ]);
        let streams = ["next", "gap", "waiting", "old", "unknown"];
        let mut events: Vec<_> = streams.iter().map(|stream| event(stream, 4)).collect();
        events.extend(["next", "waiting", "old"].map(|stream| event(stream, 3)));
        events.push(event("next", 4));
        events.push(event("next", 2));
        let (at_once, others) = divided(&events, &standings);
        let next = vec![(3, "next 3".to_owned()), (4, "next 4".to_owned())];
        assert_eq!(at_once, [Ready { sequence: sequence("next"), attempts: 0, events: next }]);
        let others: Vec<_> = others.iter().map(|event| event.body.as_str()).collect();
        assert_eq!(others, ["unknown 4", "gap 4", "waiting 3", "waiting 4"]);
    }
}
