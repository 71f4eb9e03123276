//! The state of an owner in another process.

use std::{collections::BTreeMap, sync::Arc};

use async_graphql::{EmptyMutation, Object};
use lms_kit::{
    Service, Sources,
    access::PeerToken,
    changes::{HttpOwners, Owners},
    service::{SchemaParts, SqlEngine, schema},
};
use tokio::net::TcpListener;

use crate::world::Database;

struct Query;

#[Object]
impl Query {
    async fn nothing(&self) -> Option<bool> {
        None
    }
}

/// The notes behind a port, for services that bring this token.
async fn serve(notes: &Database, token: &str) -> reqwest::Url {
    let parts = SchemaParts::new("notes", schema(Query, EmptyMutation).finish(), &[]);
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
