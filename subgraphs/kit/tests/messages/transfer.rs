//! Consumers that are new, or miss something, load the state from the owner.

use std::sync::Arc;

use lms_kit::inbox::{DeadLetters, InboxStore, Most, Received, SequenceKey};

use crate::{
    wire::Wire,
    world::{ALL, Database, Ear, Listening, apply_all, inbox, on_each_engine},
};

#[tokio::test]
async fn a_consumer_that_is_new_ends_where_one_from_the_start_ends() {
    on_each_engine!(a_consumer_that_is_new_ends_where_one_from_the_start_ends_on);
}

async fn a_consumer_that_is_new_ends_where_one_from_the_start_ends_on<L: Listening>(engine: &str) {
    let (notes, wire) = (Database::of(engine).await, Arc::new(Wire::default()));
    let relay = notes.relay(&wire, ALL);
    for value in 0..3 {
        for id in 0..25 {
            notes.write(&id.to_string(), value).await;
        }
    }
    while relay.turn().await.unwrap().claimed > 0 {}
    // It subscribes now: of what comes later it hears each event, of what was before it loads the state.
    let before = wire.sent.lock().unwrap().len();
    notes.write("3", 30).await;
    notes.write("new", 1).await;
    while relay.turn().await.unwrap().claimed > 0 {}
    let listener = L::of(engine).await;
    let late = inbox(&listener, &notes, Ear::default());
    late.receive(&wire.received()[before..]).await.unwrap();
    apply_all(&late).await.unwrap();
    late.load("notes").await.unwrap();
    apply_all(&late).await.unwrap();
    let heard = listener.heard().await;
    assert_eq!(heard.len(), 26, "{engine}");
    assert_eq!(heard["Note/3"], ("4".to_owned(), 30), "{engine}: the state as it is");
    assert_eq!(heard["Note/7"], ("3".to_owned(), 2), "{engine}");
    assert_eq!(heard["Note/new"], ("1".to_owned(), 1), "{engine}");
    assert!(late.store().source("listener", "notes").await.unwrap().loaded, "{engine}");
    let backlog = late.store().backlog("listener").await.unwrap();
    assert_eq!((backlog.events, backlog.parked), (0, 0), "{engine}");

    // Loaded is loaded; and what comes now is heard as ever.
    notes.write("7", 70).await;
    while relay.turn().await.unwrap().claimed > 0 {}
    late.load("notes").await.unwrap();
    late.receive(&wire.received()).await.unwrap();
    apply_all(&late).await.unwrap();
    assert_eq!(listener.heard().await["Note/7"], ("3 4".to_owned(), 70), "{engine}");
}

#[tokio::test]
async fn an_event_that_never_comes_is_asked_for() {
    on_each_engine!(an_event_that_never_comes_is_asked_for_on);
}

async fn an_event_that_never_comes_is_asked_for_on<L: Listening>(engine: &str) {
    let (notes, wire) = (Database::of(engine).await, Arc::new(Wire::default()));
    for value in 1..=4 {
        notes.write("n", value).await;
    }
    while notes.relay(&wire, ALL).turn().await.unwrap().claimed > 0 {}
    let listener = L::of(engine).await;
    let inbox = inbox(&listener, &notes, Ear::default());
    let events = wire.received();
    inbox.receive(&[events[0].clone(), events[2].clone()]).await.unwrap();
    apply_all(&inbox).await.unwrap();
    assert_eq!(listener.heard().await["Note/n"].0, "1", "{engine}");
    assert_eq!(inbox.fill_gaps().await.unwrap(), 1, "{engine}");
    assert_eq!(listener.heard().await["Note/n"], ("1 4".to_owned(), 4), "{engine}: the state as it is now");
    inbox.receive(&events).await.unwrap();
    assert_eq!(apply_all(&inbox).await.unwrap(), 0, "{engine}: what comes after all is known");
    assert_eq!(inbox.fill_gaps().await.unwrap(), 0, "{engine}");
}

#[tokio::test]
async fn what_never_came_and_nothing_came_after_is_there_once_the_state_is_loaded_again() {
    on_each_engine!(what_never_came_and_nothing_came_after_is_there_once_the_state_is_loaded_again_on);
}

async fn what_never_came_and_nothing_came_after_is_there_once_the_state_is_loaded_again_on<L: Listening>(
    engine: &str,
) {
    let (notes, wire) = (Database::of(engine).await, Arc::new(Wire::default()));
    notes.write("kept", 1).await;
    let listener = L::of(engine).await;
    let inbox = inbox(&listener, &notes, Ear::default());
    inbox.load("notes").await.unwrap();
    notes.write("kept", 2).await;
    notes.write("lost", 3).await;
    while notes.relay(&wire, ALL).turn().await.unwrap().claimed > 0 {}
    let of_kept = |event: &Received| event.sequence.stream == "Note/kept";
    let came: Vec<Received> = wire.received().into_iter().filter(of_kept).collect();
    inbox.receive(&came).await.unwrap();
    apply_all(&inbox).await.unwrap();
    inbox.load("notes").await.unwrap();
    assert!(
        !listener.heard().await.contains_key("Note/lost"),
        "{engine}: what was loaded is not looked at again"
    );
    assert_eq!(inbox.fill_gaps().await.unwrap(), 0, "{engine}: nothing waits for it");

    inbox.unload("notes").await.unwrap();
    inbox.load("notes").await.unwrap();
    let heard = listener.heard().await;
    assert_eq!(heard["Note/lost"], ("1".to_owned(), 3), "{engine}");
    assert_eq!(heard["Note/kept"], ("1 2".to_owned(), 2), "{engine}: what was applied is not applied again");
    assert!(inbox.store().source("listener", "notes").await.unwrap().loaded, "{engine}");
}

#[tokio::test]
async fn a_state_that_cannot_be_applied_holds_up_nothing_else() {
    on_each_engine!(a_state_that_cannot_be_applied_holds_up_nothing_else_on);
}

async fn a_state_that_cannot_be_applied_holds_up_nothing_else_on<L: Listening>(engine: &str) {
    let (notes, wire) = (Database::of(engine).await, Arc::new(Wire::default()));
    for id in 0..20 {
        notes.write(&id.to_string(), 1).await;
    }
    notes.write("5", 55).await;
    notes.write("6", 66).await;
    while notes.relay(&wire, ALL).turn().await.unwrap().claimed > 0 {}
    let (listener, ear) = (L::of(engine).await, Ear::default());
    *ear.refuses.lock().unwrap() = vec![55, 66];
    let inbox = inbox(&listener, &notes, ear.clone());
    inbox.load("notes").await.unwrap();
    apply_all(&inbox).await.unwrap();
    let heard = listener.heard().await;
    assert_eq!(heard.len(), 18, "{engine}: {heard:?}");
    let dead = inbox.store().list(Most::default()).await.unwrap().letters;
    let letters: Vec<_> = dead.iter().map(|letter| (letter.sequence.stream.as_str(), letter.seq)).collect();
    assert_eq!(letters, [("Note/5", 2), ("Note/6", 2)], "{engine}");

    // What was refused is applied once that was mended, and its sequence goes on.
    ear.refuses.lock().unwrap().clear();
    assert!(inbox.store().replay("listener", &dead[0].sequence, 2, None).await.unwrap());
    notes.write("5", 56).await;
    while notes.relay(&wire, ALL).turn().await.unwrap().claimed > 0 {}
    inbox.receive(&wire.received()).await.unwrap();
    apply_all(&inbox).await.unwrap();
    assert_eq!(listener.heard().await["Note/5"], ("2 3".to_owned(), 56), "{engine}");
}

#[tokio::test]
async fn an_owner_that_is_away_holds_up_no_other_gap() {
    on_each_engine!(an_owner_that_is_away_holds_up_no_other_gap_on);
}

async fn an_owner_that_is_away_holds_up_no_other_gap_on<L: Listening>(engine: &str) {
    let (notes, wire) = (Database::of(engine).await, Arc::new(Wire::default()));
    for value in 1..=3 {
        notes.write("n", value).await;
    }
    while notes.relay(&wire, ALL).turn().await.unwrap().claimed > 0 {}
    let listener = L::of(engine).await;
    let inbox = inbox(&listener, &notes, Ear::default());
    let third = wire.received()[2].clone();
    let strange = Received {
        sequence: SequenceKey { source: "away".into(), stream: "Note/a".into() },
        ..third.clone()
    };
    inbox.receive(&[strange]).await.unwrap();
    inbox.receive(&[third]).await.unwrap();
    assert_eq!(inbox.fill_gaps().await.unwrap(), 1, "{engine}");
    assert_eq!(listener.heard().await["Note/n"], ("3".to_owned(), 3), "{engine}");
}
