//! An account that comes with a student, while nothing has become of its saga yet.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use lms_kit::service::Headers;
use lms_kit::{
    Service, Sources,
    watch::{Peer, PeerError},
};
use serde_json::{Value, json};

const REGISTER: &str =
    "mutation($name: String!, $key: String!) { registerStudentWithAccount(username: \"zoe\",
    name: $name, email: \"zoe@example.org\", password: \"correct horse\", birthDate: \"2001-02-03\",
    phone: \"+351 912\", gdprConsent: true, interests: [\"Poetry\"], idempotencyKey: $key) {
      saga { id } user { id state name } problems { code path } } }";

async fn open(folder: &tempfile::TempDir) -> Service {
    let url = format!("sqlite:{}", folder.path().join("users.sqlite").display());
    lms_users::open(&url, Sources::repeatable()).await.unwrap()
}

async fn ask(service: &Service, query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let answer: Value =
        serde_json::from_slice(&service.answer(body.as_bytes(), Headers::default()).await).unwrap();
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"].clone()
}

async fn register(service: &Service, name: &str, key: &str) -> Value {
    let data = ask(service, REGISTER, json!({ "name": name, "key": key })).await;
    data["registerStudentWithAccount"].clone()
}

#[tokio::test]
async fn the_account_is_there_and_of_no_use() {
    let folder = tempfile::tempdir().unwrap();
    let service = open(&folder).await;
    let registered = register(&service, "Zoë", "k").await;
    assert_eq!(registered["user"]["state"], "DISABLED", "{registered}");
    assert_eq!(register(&service, "Zoë", "k").await, registered, "the same key is the same registration");
    let other = register(&service, "Eve", "k").await;
    assert_eq!(other["problems"][0]["code"], "IDEMPOTENCY_MISMATCH");
    let taken = register(&service, "Eve", "other").await;
    assert_eq!(taken["problems"], json!([{ "code": "DUPLICATE", "path": ["username"] }]));

    let login =
        "mutation { login(username: \"zoe\", password: \"correct horse\", idempotencyKey: \"l\") { token } }";
    assert_eq!(ask(&service, login, json!({})).await["login"]["token"], Value::Null);
    let users = ask(&service, "{ users { edges { node { id } } } }", json!({})).await;
    assert_eq!(users["users"]["edges"], json!([]));
    let id = &registered["user"]["id"];
    let known = ask(&service, "query($id: ID!) { user(id: $id) { state } }", json!({ "id": id })).await;
    assert_eq!(known["user"]["state"], "DISABLED");
    let change =
        "mutation($id: ID!) { updateUser(id: $id, name: \"Z\", expectedVersion: 1, idempotencyKey: \"u\")
        { problems { code path } } }";
    let changed = ask(&service, change, json!({ "id": id })).await;
    assert_eq!(changed["updateUser"]["problems"], json!([{ "code": "INVALID", "path": ["id"] }]));
}

#[tokio::test]
async fn students_find_the_particulars_and_messages_do_not_hold_them() {
    let folder = tempfile::tempdir().unwrap();
    let service = open(&folder).await;
    register(&service, "Zoë", "k").await;
    let messages = service.messages().unwrap();
    let claims =
        messages.outbox.claim(lms_kit::outbox::ClaimOptions { aggregates: 10, depth: 10, lease_ms: 1 });
    let events: Vec<_> = claims.await.unwrap().into_iter().flat_map(|claim| claim.events).collect();
    let mut kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["SagaRequested", "UserRegistered"]);
    for event in &events {
        for personal in ["zoe", "Zoë", "example.org", "2001-02-03", "912", "Poetry"] {
            assert!(!event.body.contains(personal), "{}", event.body);
        }
    }
    let start = events.iter().find(|event| event.kind == "SagaRequested").unwrap();
    let start: Value = serde_json::from_str(&start.body).unwrap();
    let key = start["data"]["state"]["saga"].as_str().unwrap();
    let kept = json!({ "name": "Zoë", "birthDate": "2001-02-03", "phone": "+351 912", "gdprConsent": true,
        "interests": ["Poetry"] });
    assert_eq!(service.deposit(key).await.unwrap(), Some(kept));
    assert!(matches!(service.deposit("other").await, Ok(None) | Err(PeerError::KeepsNothing)));
}

#[tokio::test]
async fn each_purge_empties_the_log_in_which_pages_stay_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let service = open(&folder).await;
    register(&service, "Zoë", "k").await;
    let log = || std::fs::metadata(folder.path().join("users.sqlite-wal")).unwrap().len();
    assert!(log() > 0);
    service.purge().await.unwrap();
    assert_eq!(log(), 0);
}
