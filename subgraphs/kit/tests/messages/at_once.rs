//! From the bus to the effect, without a stay in the inbox where nothing holds an event up.

use std::sync::Arc;

use lms_kit::{
    bus::Topic,
    inbox::{Arrival, DeadLetters, InboxStore, Most, Ordering, Received},
};

use crate::{
    inbox::said,
    world::{Ear, Listening, apply_all, inbox, on_each_engine},
};

/// The events of a note with these numbers.
fn of(events: &[Received], stream: &str, seqs: &[i64]) -> Vec<Received> {
    let wanted = |seq: &i64| events.iter().find(|event| event.sequence.stream == stream && event.seq == *seq);
    seqs.iter().filter_map(wanted).cloned().collect()
}

/// Events as they come.
fn arrivals(events: &[Received]) -> Vec<Arrival> {
    let topic = Topic::events("notes");
    let arrival =
        |event: &Received| Arrival::read(&topic, Ordering::Sequences, event.body.clone().into_bytes());
    events.iter().map(arrival).collect()
}

#[tokio::test]
async fn what_is_next_is_applied_as_it_comes_and_what_is_early_waits() {
    on_each_engine!(what_is_next_is_applied_as_it_comes_and_what_is_early_waits_on);
}

async fn what_is_next_is_applied_as_it_comes_and_what_is_early_waits_on<L: Listening>(engine: &str) {
    let (notes, events) = said(engine, &["a", "b"], 1..=6).await;
    let listener = L::of(engine).await;
    let inbox = inbox(&listener, &notes, Ear::default());
    // What comes, what is heard at once of each note, and how many events are left to the inbox then.
    let steps = [
        (&[2, 1][..], &[1][..], ["1 2", "1"], 0),
        (&[2, 4], &[2, 2], ["1 2", "1 2"], 0),
        (&[3], &[3], ["1 2", "1 2 3"], 2),
        (&[5, 6], &[4, 5, 6, 1], ["1 2 3 4 5 6", "1 2 3 4 5 6"], 0),
    ];
    for (a, b, heard, left) in steps {
        let both = [of(&events, "Note/a", a), of(&events, "Note/b", b)].concat();
        inbox.take(arrivals(&both)).await.unwrap();
        if L::AT_ONCE {
            let now = listener.heard().await;
            assert_eq!([&now["Note/a"].0, &now["Note/b"].0], heard, "{engine}");
        }
        let applied = apply_all(&inbox).await.unwrap();
        assert!(!L::AT_ONCE || applied == left, "{engine}: {applied} were left");
    }
    inbox.take(arrivals(&events)).await.unwrap();
    assert_eq!(apply_all(&inbox).await.unwrap(), 0, "{engine}: all of it was applied before");
    for (stream, (seqs, value)) in listener.heard().await {
        assert_eq!((seqs.as_str(), value), ("1 2 3 4 5 6", 6), "{engine}: {stream}");
    }
    assert_eq!(inbox.store().backlog("listener").await.unwrap().events, 0, "{engine}: nothing is left over");
}

#[tokio::test]
async fn a_poison_event_among_what_comes_holds_up_its_own_sequence_only() {
    on_each_engine!(a_poison_event_among_what_comes_holds_up_its_own_sequence_only_on);
}

async fn a_poison_event_among_what_comes_holds_up_its_own_sequence_only_on<L: Listening>(engine: &str) {
    let (notes, events) = said(engine, &["a", "b"], 1..=4).await;
    let listener = L::of(engine).await;
    let ear = Ear::default();
    let inbox = inbox(&listener, &notes, ear.clone());
    ear.refuses.lock().unwrap().push(2);
    let first = [of(&events, "Note/a", &[1, 2, 3]), of(&events, "Note/b", &[1])].concat();
    inbox.take(arrivals(&first)).await.unwrap();
    apply_all(&inbox).await.unwrap();
    assert_eq!(listener.heard().await["Note/a"].0, "1", "{engine}");
    ear.refuses.lock().unwrap().clear();
    let then = [of(&events, "Note/a", &[4]), of(&events, "Note/b", &[2, 3])].concat();
    inbox.take(arrivals(&then)).await.unwrap();
    if !L::AT_ONCE {
        apply_all(&inbox).await.unwrap();
    }
    let heard = listener.heard().await;
    assert_eq!((heard["Note/a"].0.as_str(), heard["Note/b"].0.as_str()), ("1", "1 2 3"), "{engine}");
    let letters = inbox.store().list(Most::default()).await.unwrap().letters;
    assert_eq!((letters.len(), letters[0].seq, letters[0].behind), (1, 2, 2), "{engine}: {letters:?}");
    assert!(inbox.store().replay("listener", &letters[0].sequence, 2, None).await.unwrap(), "{engine}");
    apply_all(&inbox).await.unwrap();
    assert_eq!(listener.heard().await["Note/a"].0, "1 2 3 4", "{engine}");
}

/// Two processes of one service get the same events at the same time, and apply what one of them has stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_apply_once_what_comes_to_both() {
    on_each_engine!(two_replicas_apply_once_what_comes_to_both_on);
}

async fn two_replicas_apply_once_what_comes_to_both_on<L: Listening>(engine: &str) {
    let (notes, events) = said(engine, &["a", "b", "c", "d"], 1..=10).await;
    let (listener, notes) = (Arc::new(L::of(engine).await), Arc::new(notes));
    let replicas = (0..2).map(|replica| {
        let (notes, listener, mut events) = (Arc::clone(&notes), Arc::clone(&listener), events.clone());
        tokio::spawn(async move {
            let inbox = inbox(&*listener, &notes, Ear::default());
            events.sort_by_key(|event| (event.seq, event.sequence.clone()));
            for batch in events.chunks(5 + 2 * replica) {
                inbox.take(arrivals(batch)).await.unwrap();
                apply_all(&inbox).await.unwrap();
            }
        })
    });
    for replica in replicas.collect::<Vec<_>>() {
        replica.await.unwrap();
    }
    for (stream, (seqs, _)) in listener.heard().await {
        assert_eq!(seqs, "1 2 3 4 5 6 7 8 9 10", "{engine}: {stream}");
    }
}
