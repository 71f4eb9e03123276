//! The state of an owner in another process, and what waits there.

use std::{collections::BTreeMap, sync::Arc};

use async_graphql::{EmptyMutation, Object};
use lms_kit::{
    Service, Sources,
    access::PeerToken,
    bus::MessageKind,
    changes::{HttpOwners, Owners},
    inbox::SqlInbox,
    saga::{Action, Effects, Owner, Request},
    service::{Listener, SchemaParts, SqlEngine, schema},
    watch::{HttpPeer, Peer, PeerError},
};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{
    steps::{Doing, request},
    wire::Wire,
    world::{ALL, Database, Ear, apply_all, inbox},
};

struct Query;

#[Object]
impl Query {
    async fn nothing(&self) -> Option<bool> {
        None
    }
}

/// The notes behind a port, for services that bring this token.
async fn serve(notes: &Database, token: &str) -> reqwest::Url {
    let listener = Listener {
        consumer: "listener",
        store: SqlInbox::new(notes.db.clone()),
        handler: Ear::default(),
        events_of: &["notes"],
        messages: Vec::new(),
        speaks_on: Vec::new(),
    };
    let parts = SchemaParts::new("notes", schema(Query, EmptyMutation).finish(), &[]);
    let parts = parts.listening(listener).taking_part(notes.db.clone());
    let engine = SqlEngine { db: notes.db.clone(), owner: "notes", migrations: &[] };
    let service = Service::new(parts, Arc::new(engine), Sources::system()).unwrap();
    let service = service.with_peer_token(PeerToken::new(token));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { service.serve(listener, std::future::pending()).await });
    url.parse().unwrap()
}

#[tokio::test]
async fn another_service_reads_the_state_page_by_page_with_the_shared_token() {
    let notes = Database::of("sqlite").await;
    for id in ["a", "b/c", "d&e=ß"] {
        notes.write(id, 1).await;
        notes.write(id, 2).await;
    }
    let urls = BTreeMap::from([("notes".to_owned(), serve(&notes, "secret").await)]);
    let owners = HttpOwners::new(urls.clone(), PeerToken::new("secret")).unwrap();
    let first = owners.changes("notes", None, 2).await.unwrap();
    assert_eq!((first.changes.len(), first.next.as_deref()), (2, Some("Note/b/c")));
    let rest = owners.changes("notes", first.next.as_deref(), 2).await.unwrap();
    assert_eq!((rest.changes.len(), rest.next), (1, None));
    assert!(rest.changes[0].contains("\"seq\":2"), "the latest event: {}", rest.changes[0]);
    let one = owners.change_of("notes", "Note/d&e=ß").await.unwrap();
    assert_eq!(one.as_ref(), rest.changes.first());
    assert_eq!(owners.change_of("notes", "Note/none").await.unwrap(), None);

    for (owners, said) in [
        (HttpOwners::new(urls, PeerToken::new("other")).unwrap(), "403"),
        (HttpOwners::new(BTreeMap::new(), PeerToken::new("secret")).unwrap(), "not known"),
    ] {
        let refused = owners.changes("notes", None, 2).await.unwrap_err();
        assert!(refused.to_string().contains(said), "{refused}");
    }
}

#[tokio::test]
async fn another_service_sees_what_waits_and_mends_it_with_the_shared_token() {
    let (notes, wire) = (Database::of("sqlite").await, Arc::new(Wire::default()));
    for (id, value) in [("a", 1), ("a", 2), ("b", 1), ("b", 2)] {
        notes.write(id, value).await;
    }
    while notes.relay(&wire, ALL).turn().await.unwrap().claimed > 0 {}
    notes.write("c", 1).await;
    let ear = Ear::default();
    ear.refuses.lock().unwrap().push(1);
    let inbox = inbox(&notes, &notes, ear.clone());
    let of_b = |seq: i64| {
        wire.received().into_iter().find(|event| event.seq == seq && event.sequence.stream == "Note/b")
    };
    let of_a = wire.received().into_iter().filter(|event| event.sequence.stream == "Note/a");
    inbox.receive(&of_a.chain(of_b(2)).collect::<Vec<_>>()).await.unwrap();
    apply_all(&inbox).await.unwrap();

    let url = serve(&notes, "secret").await;
    let peer = HttpPeer::new(url.clone(), PeerToken::new("secret")).unwrap();
    let traffic = peer.traffic().await.unwrap();
    assert_eq!((traffic.service.as_str(), traffic.outbox.events, traffic.outbox.stuck), ("notes", 1, 0));
    assert_eq!(traffic.hears.len(), 1, "{traffic:?}");
    assert_eq!(
        (traffic.hears[0].consumer.as_str(), &traffic.hears[0].topics[..]),
        ("listener", &["notes.events".to_owned()][..])
    );
    let waiting = &traffic.hears[0].waiting[..];
    let [waiting] = waiting else { panic!("of one source: {waiting:?}") };
    assert_eq!((waiting.source.as_str(), waiting.kind), ("notes", MessageKind::Events));
    assert_eq!(
        (waiting.backlog.events, waiting.backlog.parked, waiting.backlog.dead),
        (3, 1, 1),
        "{waiting:?}"
    );

    let scrape = reqwest::Client::new().get(url.join("metrics").unwrap());
    let refused = scrape.try_clone().unwrap().send().await.unwrap();
    assert_eq!(refused.status(), 403);
    let scraped = scrape.bearer_auth("secret").send().await.unwrap();
    let kind = scraped.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    let text = scraped.text().await.unwrap();
    for sample in [
        "lms_outbox_events{service=\"notes\"} 1.0",
        "lms_outbox_stuck{service=\"notes\"} 0.0",
        "lms_inbox_events{service=\"notes\",consumer=\"listener\",source=\"notes\",kind=\"events\"} 3.0",
        "lms_inbox_parked{service=\"notes\",consumer=\"listener\",source=\"notes\",kind=\"events\"} 1.0",
        "lms_inbox_dead_letters{service=\"notes\",consumer=\"listener\",source=\"notes\",kind=\"events\"} 1.0",
        "lms_database_statements{service=\"notes\"} ",
        "# TYPE lms_inbox_oldest_seconds gauge",
        "# EOF",
    ] {
        assert!(text.contains(sample), "{sample}: {text}");
    }

    let letters = peer.dead_letters().await.unwrap();
    assert_eq!((letters.letters.len(), letters.more), (1, false));
    let letter = letters.letters[0].key();
    let later = lms_kit::watch::LetterKey { seq: 2, ..letter.clone() };
    assert!(
        peer.discard(&later).await.unwrap().is_err(),
        "the letter at number 2 is not the one at number 1"
    );
    assert!(peer.replay(&letter, Some("{")).await.unwrap().is_err(), "it would die again");
    ear.refuses.lock().unwrap().clear();
    assert_eq!(peer.replay(&letter, Some(&letters.letters[0].body)).await.unwrap(), Ok(()));
    assert_eq!(apply_all(&inbox).await.unwrap(), 2);
    assert!(peer.replay(&letter, None).await.unwrap().is_err(), "it is none any more");

    let stranger = HttpPeer::new(url, PeerToken::new("other")).unwrap();
    for refused in [
        stranger.traffic().await.map(drop),
        stranger.dead_letters().await.map(drop),
        stranger.replay(&letter, None).await.map(drop),
        stranger.discard(&letter).await.map(drop),
    ] {
        assert!(refused.unwrap_err().to_string().contains("403"));
    }
}

#[tokio::test]
async fn another_service_is_told_what_was_done_for_sagas_with_the_shared_token() {
    let notes = Database::of("sqlite").await;
    let owner = Owner::User("zoë & co".into());
    let of_saga = |step: &str| {
        let step = step.to_owned();
        Request { step, owner: owner.clone(), ..request(Action::Do, 1, json!({})) }
    };
    notes.asked(&of_saga("a#0")).await;
    notes.asked(&Request { input: json!({ "refused": true }), ..of_saga("b") }).await;
    let url = serve(&notes, "secret").await;
    let peer = HttpPeer::new(url.clone(), PeerToken::new("secret")).unwrap();
    assert_eq!(peer.sagas_after("s").await.unwrap(), ["saga"]);
    assert_eq!(peer.sagas_after("saga").await.unwrap(), [""; 0]);
    let effects = peer.effects("saga").await.unwrap();
    assert_eq!(effects, Effects::effects(&notes.db, &["saga".to_owned()]).await.unwrap());
    assert_eq!(effects.len(), 2);
    assert!(effects.iter().all(|effect| effect.note.owner == owner), "{effects:?}");
    assert_eq!(peer.effects("other").await.unwrap(), []);

    let stranger = HttpPeer::new(url, PeerToken::new("other")).unwrap();
    assert!(matches!(stranger.sagas_after("").await, Err(PeerError::Away(_))));
    assert!(matches!(stranger.effects("saga").await, Err(PeerError::Away(_))));
}
