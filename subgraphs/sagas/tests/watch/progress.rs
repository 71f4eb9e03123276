//! What is followed over HTTP, as the gateway asks a subgraph for it.

use std::time::Duration;

use futures::{Stream, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::world::World;

const BEGIN: &str =
    "mutation($key: String!) { catalogueBook(isbn: \"9780306406157\", title: \"A Book\", genre: \"Physics\",
    authors: [{ authorNumber: \"1\" }], idempotencyKey: $key) { saga { id } } }";
const FOLLOW: &str = "subscription($id: ID!, $after: Int) { sagaProgress(id: $id, after: $after) {
    version phase at steps { name status } saga { phase } } }";
const CANCEL: &str = "mutation($id: ID!) { cancelSaga(id: $id, idempotencyKey: \"c\") { saga { phase } problems { message } } }";
const LAG: &str = "subscription { consistencyLag { from to healthy behind } }";

/// The address of the sagas service, behind a port until the test ends or it is told to stop.
async fn serve(world: &World) -> (String, tokio::sync::oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let service = world.sagas.clone();
    tokio::spawn(async move { service.serve(listener, async move { drop(stopped.await) }).await });
    (url, stop)
}

async fn open(url: &str, query: &str, variables: Value) -> reqwest::Response {
    let request =
        reqwest::Client::new().post(url).header("accept", "text/event-stream, application/json;q=0.9");
    request.json(&json!({ "query": query, "variables": variables })).send().await.unwrap()
}

/// The events of a stream, as they come; `null` for its proper end.
fn events(response: reqwest::Response) -> impl Stream<Item = Value> + Unpin {
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let bytes =
        response.bytes_stream().map(|bytes| bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()));
    // Each is written at once, but several may be read at once.
    let texts = bytes.flat_map(|text| {
        let text = text.unwrap_or_else(|error| format!("event: broken\ndata: \"{error}\""));
        futures::stream::iter(text.split("\n\n").map(str::to_owned).collect::<Vec<_>>())
    });
    texts.filter_map(|event| async move { parsed(&event) }).boxed()
}

fn parsed(event: &str) -> Option<Value> {
    let data = || event.split_once("data: ").map(|(_, json)| serde_json::from_str(json).unwrap());
    if event.starts_with("event: complete") { Some(Value::Null) } else { data() }
}

async fn next(events: &mut (impl Stream<Item = Value> + Unpin)) -> Option<Value> {
    tokio::time::timeout(Duration::from_secs(20), events.next()).await.expect("something comes within 20 s")
}

#[tokio::test]
async fn a_saga_is_followed_to_its_end_and_on_from_where_the_connection_was_lost() {
    let world = World::new().await;
    let (url, _stop) = serve(&world).await;
    // Nobody answers its first step, so that it stays as it is until it is turned back.
    let id = world.ask(BEGIN, json!({ "key": "k" })).await["catalogueBook"]["saga"]["id"].clone();
    let mut first = events(open(&url, FOLLOW, json!({ "id": id })).await);
    let begun = next(&mut first).await.unwrap()["data"]["sagaProgress"].clone();
    assert_eq!((&begun["phase"], &begun["saga"]["phase"]), (&json!("RUNNING"), &json!("RUNNING")), "{begun}");
    assert_eq!(begun["steps"][0], json!({ "name": "ensureGenre", "status": "DOING" }));
    assert!(begun["at"].is_string(), "{begun}");
    drop(first);

    let mut rest = events(open(&url, FOLLOW, json!({ "id": id, "after": begun["version"] })).await);
    let cancelled = world.ask(CANCEL, json!({ "id": id })).await;
    assert_eq!(cancelled["cancelSaga"]["problems"], json!([]));
    let turned = next(&mut rest).await.unwrap()["data"]["sagaProgress"].clone();
    assert_eq!(
        (&turned["phase"], &turned["version"]),
        (&json!("COMPENSATING"), &json!(begun["version"].as_i64().unwrap() + 1))
    );
    world.reply_undone(&id, "ensureGenre").await;
    world.reply_undone(&id, "proposeAuthor#0").await;
    let _sagas = world.join(&world.sagas);
    let one = next(&mut rest).await.unwrap()["data"]["sagaProgress"].clone();
    let undone = one["steps"].as_array().unwrap().iter().filter(|step| step["status"] == "UNDONE").count();
    assert_eq!((&one["phase"], undone), (&json!("COMPENSATING"), 1), "{one}");
    let end = next(&mut rest).await.unwrap()["data"]["sagaProgress"].clone();
    assert_eq!(end["phase"], "COMPENSATED", "{end}");
    assert_eq!(next(&mut rest).await, Some(Value::Null), "there is nothing more to come");
    assert_eq!(next(&mut rest).await, None);

    let all = events(open(&url, FOLLOW, json!({ "id": id })).await).collect::<Vec<_>>().await;
    let phases: Vec<_> = all.iter().map(|event| &event["data"]["sagaProgress"]["phase"]).collect();
    assert_eq!(
        json!(phases),
        json!(["RUNNING", "COMPENSATING", "COMPENSATING", "COMPENSATED", null]),
        "each change, in its order"
    );
    let none = events(open(&url, FOLLOW, json!({ "id": id, "after": end["version"] })).await);
    assert_eq!(none.collect::<Vec<_>>().await, [Value::Null]);
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused_in_words() {
    let world = World::new().await;
    let (url, _stop) = serve(&world).await;
    let refused = events(open(&url, FOLLOW, json!({ "id": "nothing" })).await).collect::<Vec<_>>().await;
    assert_eq!(refused[0]["errors"][0]["extensions"]["code"], "NOT_FOUND", "{refused:?}");
    let query = open(&url, "{ saga(id: \"nothing\") { id } }", json!({})).await;
    assert_eq!(
        query.json::<Value>().await.unwrap(),
        json!({ "data": { "saga": null } }),
        "one answer is no stream"
    );
    let wrong = open(&url, "subscription { none }", json!({})).await;
    let wrong = events(wrong).collect::<Vec<_>>().await;
    assert!(wrong[0]["errors"][0]["message"].as_str().is_some_and(|said| said.contains("none")), "{wrong:?}");
}

#[tokio::test]
async fn edges_come_when_they_change_until_the_service_stops() {
    let world = World::new().await;
    let _joined = world.join_all().await;
    let (url, stop) = serve(&world).await;
    let mut lag = events(open(&url, LAG, json!({})).await);
    let is_healthy = |event: &Value| {
        let edges = event["data"]["consistencyLag"].as_array().unwrap();
        edges.iter().find(|edge| edge["to"] == "ear").map(|edge| edge["healthy"] == true)
    };
    let mut until = async |healthy| {
        for _ in 0..20 {
            if is_healthy(&next(&mut lag).await.unwrap()) == Some(healthy) {
                return;
            }
        }
        panic!("it never says that it is healthy: {healthy}");
    };
    until(true).await;
    world.write("a", "poison").await;
    until(false).await;
    drop(stop);
    let mut last = next(&mut lag).await;
    while let Some(event) = last {
        assert!(!event.is_null(), "the subscription has not ended: it goes on elsewhere");
        last = next(&mut lag).await;
    }
}
