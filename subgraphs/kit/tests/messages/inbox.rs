//! From the bus to the effect.

use std::sync::Arc;

use lms_kit::inbox::{DeadLetters, InboxStore, Most, Received, SequenceKey};

use crate::{
    wire::{Wire, received},
    world::{ALL, Database, Ear, Listening, apply_all, inbox, on_each_engine},
};

/// What a service said of notes, each written several times.
pub(crate) async fn said(
    engine: &str,
    ids: &[&str],
    values: std::ops::RangeInclusive<i64>,
) -> (Database, Vec<Received>) {
    let (notes, wire) = (Database::of(engine).await, Arc::new(Wire::default()));
    for value in values {
        for id in ids {
            notes.write(id, value).await;
        }
    }
    while notes.relay(&wire, ALL).turn().await.unwrap().claimed > 0 {}
    let received = wire.received();
    (notes, received)
}

#[tokio::test]
async fn duplicates_and_disorder_do_not_show() {
    on_each_engine!(duplicates_and_disorder_do_not_show_on);
}

async fn duplicates_and_disorder_do_not_show_on<L: Listening>(engine: &str) {
    let (notes, mut events) = said(engine, &["a", "b"], 1..=6).await;
    let listener = L::of(engine).await;
    let inbox = inbox(&listener, &notes, Ear::default());
    events.reverse();
    let twice: Vec<Received> = events.iter().chain(&events[3..]).cloned().collect();
    for batch in twice.chunks(5) {
        inbox.receive(batch).await.unwrap();
        apply_all(&inbox).await.unwrap();
    }
    inbox.receive(&twice).await.unwrap();
    assert_eq!(apply_all(&inbox).await.unwrap(), 0, "{engine}: all of it was applied before");
    let heard = listener.heard().await;
    assert_eq!(heard["Note/a"], ("1 2 3 4 5 6".to_owned(), 6), "{engine}");
    assert_eq!(heard["Note/b"], ("1 2 3 4 5 6".to_owned(), 6), "{engine}");
    assert_eq!(inbox.store().backlog("listener").await.unwrap().events, 0, "{engine}: nothing is left over");
}

#[tokio::test]
async fn later_events_wait_for_the_one_before() {
    on_each_engine!(later_events_wait_for_the_one_before_on);
}

async fn later_events_wait_for_the_one_before_on<L: Listening>(engine: &str) {
    let (notes, events) = said(engine, &["a"], 1..=4).await;
    let listener = L::of(engine).await;
    let inbox = inbox(&listener, &notes, Ear::default());
    inbox.receive(&[events[0].clone(), events[2].clone(), events[3].clone()]).await.unwrap();
    assert_eq!(apply_all(&inbox).await.unwrap(), 1, "{engine}");
    let backlog = inbox.store().backlog("listener").await.unwrap();
    assert_eq!((backlog.events, backlog.parked, backlog.dead), (2, 1, 0), "{engine}");
    inbox.receive(&events[1..2]).await.unwrap();
    assert_eq!(apply_all(&inbox).await.unwrap(), 3, "{engine}");
    assert_eq!(listener.heard().await["Note/a"].0, "1 2 3 4", "{engine}");
}

#[tokio::test]
async fn of_many_dead_letters_or_large_ones_only_some_are_read() {
    on_each_engine!(of_many_dead_letters_or_large_ones_only_some_are_read_on);
}

async fn of_many_dead_letters_or_large_ones_only_some_are_read_on<L: Listening>(engine: &str) {
    let ids: Vec<String> = (0..20).map(|id| format!("{id:02}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (notes, events) = said(engine, &ids, 1..=1).await;
    let listener = L::of(engine).await;
    let ear = Ear::default();
    let inbox = inbox(&listener, &notes, ear.clone());
    ear.refuses.lock().unwrap().push(1);
    // One after the other, so that it is known which has been dead for longest.
    for event in &events {
        inbox.receive(std::slice::from_ref(event)).await.unwrap();
        apply_all(&inbox).await.unwrap();
    }
    let of = |first: usize| {
        u32::try_from(events[..first].iter().map(|event| event.body.len()).sum::<usize>()).unwrap()
    };
    for (letters, bytes, given) in [
        (100, of(20), 20),
        (20, of(20), 20),
        (19, of(20), 19),
        (100, of(10), 10),
        (100, of(10) - 1, 9),
        (100, 1, 1),
    ] {
        let found = inbox.store().list(Most { letters, bytes }).await.unwrap();
        let streams: Vec<_> =
            found.letters.iter().map(|letter| letter.sequence.stream.trim_start_matches("Note/")).collect();
        assert_eq!(streams, ids[..given], "{engine}: {letters} letters, {bytes} bytes");
        assert_eq!(found.more, given < 20, "{engine}: {letters} letters, {bytes} bytes");
    }
}

#[tokio::test]
async fn a_poison_event_holds_up_its_own_sequence_until_somebody_mends_it() {
    on_each_engine!(a_poison_event_holds_up_its_own_sequence_until_somebody_mends_it_on);
}

async fn a_poison_event_holds_up_its_own_sequence_until_somebody_mends_it_on<L: Listening>(engine: &str) {
    let (notes, events) = said(engine, &["a", "b"], 1..=3).await;
    let listener = L::of(engine).await;
    let ear = Ear::default();
    let inbox = inbox(&listener, &notes, ear.clone());
    ear.refuses.lock().unwrap().push(2);
    let of_a = |event: &&Received| event.sequence.stream == "Note/a";
    let broken =
        Received { body: "{".to_owned(), ..events.iter().rfind(|event| !of_a(event)).unwrap().clone() };
    let firsts: Vec<_> = events.iter().filter(|event| of_a(event) || event.seq == 1).cloned().collect();
    inbox.receive(&firsts).await.unwrap();
    apply_all(&inbox).await.unwrap();
    let letters = inbox.store().list(Most::default()).await.unwrap().letters;
    assert_eq!(letters.len(), 1, "{engine}: {letters:?}");
    let letter = &letters[0];
    assert_eq!((letter.sequence.stream.as_str(), letter.seq, letter.behind), ("Note/a", 2, 1), "{engine}");
    assert_eq!(letter.reason, "2 is refused", "{engine}");
    assert_eq!(listener.heard().await["Note/b"].0, "1", "{engine}: the other sequence goes on");

    // Edited, it is applied, and so is what waited behind it.
    let edited = letter.body.replace("\"value\":2", "\"value\":20");
    assert!(inbox.store().replay("listener", &letter.sequence, 2, Some(&edited)).await.unwrap());
    assert_eq!(apply_all(&inbox).await.unwrap(), 2, "{engine}");
    assert_eq!(listener.heard().await["Note/a"], ("1 2 3".to_owned(), 3), "{engine}");

    // What cannot even be read is a letter too, and may be discarded.
    let unread = Received { seq: 2, ..broken };
    inbox.receive(std::slice::from_ref(&unread)).await.unwrap();
    apply_all(&inbox).await.unwrap();
    assert!(
        inbox.store().list(Most::default()).await.unwrap().letters[0].reason.contains("no CloudEvent"),
        "{engine}"
    );
    assert!(inbox.store().discard("listener", &unread.sequence, 2).await.unwrap());
    assert!(!inbox.store().discard("listener", &unread.sequence, 2).await.unwrap(), "{engine}: it is gone");
    assert_eq!(inbox.store().list(Most::default()).await.unwrap().letters, [], "{engine}");
}

#[tokio::test]
async fn an_event_of_a_version_that_is_not_known_yet_waits_and_holds_up_its_own_sequence() {
    on_each_engine!(an_event_of_a_version_that_is_not_known_yet_waits_and_holds_up_its_own_sequence_on);
}

async fn an_event_of_a_version_that_is_not_known_yet_waits_and_holds_up_its_own_sequence_on<L: Listening>(
    engine: &str,
) {
    let (notes, mut events) = said(engine, &["a", "b"], 1..=3).await;
    let is_it = |event: &&mut Received| event.sequence.stream == "Note/a" && event.seq == 2;
    let newer = events.iter_mut().find(is_it).unwrap();
    newer.body = newer.body.replace("\"schemaversion\":1", "\"schemaversion\":2");
    let listener = L::of(engine).await;
    let inbox = inbox(&listener, &notes, Ear::default());
    inbox.receive(&events).await.unwrap();
    apply_all(&inbox).await.unwrap();
    let heard = listener.heard().await;
    assert_eq!((heard["Note/a"].0.as_str(), heard["Note/b"].0.as_str()), ("1", "1 2 3"), "{engine}");
    assert_eq!(
        inbox.store().list(Most::default()).await.unwrap().letters,
        [],
        "{engine}: a newer release will read it"
    );
    assert_eq!(inbox.store().backlog("listener").await.unwrap().events, 2, "{engine}");
}

#[tokio::test]
async fn bytes_that_are_no_event_are_a_sequence_of_their_own() {
    on_each_engine!(bytes_that_are_no_event_are_a_sequence_of_their_own_on);
}

async fn bytes_that_are_no_event_are_a_sequence_of_their_own_on<L: Listening>(engine: &str) {
    let (notes, events) = said(engine, &["a"], 1..=1).await;
    let listener = L::of(engine).await;
    let inbox = inbox(&listener, &notes, Ear::default());
    let rubbish = Received::unreadable("notes.events", b"\xff\0{");
    inbox.receive(&[rubbish.clone(), events[0].clone(), rubbish.clone()]).await.unwrap();
    apply_all(&inbox).await.unwrap();
    assert_eq!(listener.heard().await.len(), 1, "{engine}");
    let letters = inbox.store().list(Most::default()).await.unwrap().letters;
    let key = SequenceKey { source: "notes.events".into(), stream: rubbish.sequence.stream };
    assert_eq!(letters.iter().map(|letter| &letter.sequence).collect::<Vec<_>>(), [&key], "{engine}");

    // Repaired, it is an event of its own sequence, and may have been applied long ago.
    let said = lms_kit::event::Envelope::parse(events[0].body.as_bytes()).unwrap();
    let old = Received::repaired("notes.events", &said, events[0].body.clone());
    assert!(inbox.store().replace("listener", &key, 1, &old).await.unwrap(), "{engine}");
    apply_all(&inbox).await.unwrap();
    assert_eq!(listener.heard().await["Note/a"].0, "1", "{engine}: it was heard already");
    assert_eq!(inbox.store().list(Most::default()).await.unwrap().letters, [], "{engine}");
    assert!(!inbox.store().replace("listener", &key, 1, &old).await.unwrap(), "{engine}: it is gone");
}

#[tokio::test]
async fn a_command_is_applied_once_whatever_its_number() {
    on_each_engine!(a_command_is_applied_once_whatever_its_number_on);
}

async fn a_command_is_applied_once_whatever_its_number_on<L: Listening>(engine: &str) {
    let (notes, events) = said(engine, &["a"], 1..=3).await;
    let listener = L::of(engine).await;
    let inbox = inbox(&listener, &notes, Ear::default());
    let alone = |event: &Received| {
        let envelope = lms_kit::event::Envelope::parse(event.body.as_bytes()).unwrap();
        Received::alone(&envelope, event.body.clone())
    };
    inbox.receive(&[alone(&events[2]), alone(&events[2])]).await.unwrap();
    apply_all(&inbox).await.unwrap();
    inbox.receive(&[alone(&events[2])]).await.unwrap();
    apply_all(&inbox).await.unwrap();
    assert_eq!(listener.heard().await["Note/a"].0, "3", "{engine}");
}

/// Two processes of one service receive and apply the same events at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_apply_each_event_once() {
    on_each_engine!(two_replicas_apply_each_event_once_on);
}

async fn two_replicas_apply_each_event_once_on<L: Listening>(engine: &str) {
    let (notes, events) = said(engine, &["a", "b", "c", "d"], 1..=10).await;
    let listener = Arc::new(L::of(engine).await);
    let notes = Arc::new(notes);
    let replicas: Vec<_> = (0..2)
        .map(|replica| {
            let (notes, listener, mut events) = (Arc::clone(&notes), Arc::clone(&listener), events.clone());
            tokio::spawn(async move {
                let inbox = inbox(&*listener, &notes, Ear::default());
                if replica == 1 {
                    events.reverse();
                }
                for batch in events.chunks(7) {
                    inbox.receive(batch).await.unwrap();
                    apply_all(&inbox).await.unwrap();
                }
            })
        })
        .collect();
    for replica in replicas {
        replica.await.unwrap();
    }
    apply_all(&inbox(&*listener, &notes, Ear::default())).await.unwrap();
    for (stream, (seqs, _)) in listener.heard().await {
        assert_eq!(seqs, "1 2 3 4 5 6 7 8 9 10", "{engine}: {stream}");
    }
}

#[tokio::test]
async fn a_body_survives_the_way() {
    let (notes, _) = said("sqlite", &["ß 😀"], 1..=1).await;
    let wire = Arc::new(Wire::default());
    notes.write("ß 😀", 2).await;
    notes.relay(&wire, ALL).turn().await.unwrap();
    let sent = wire.sent.lock().unwrap()[0].body.clone();
    assert_eq!(received(&sent).sequence.stream, "Note/ß 😀");
}
