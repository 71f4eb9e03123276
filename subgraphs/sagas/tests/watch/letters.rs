//! Dead letters of all services in one list, and what is done about them.

use serde_json::{Value, json};

use crate::world::World;

const LETTERS: &str =
    "{ deadLetters { away moreIn pageInfo { hasNextPage } edges { cursor node { id service consumer source
    stream seq body reason attempts behind } } } }";
const PAGE: &str =
    "query($after: String, $service: String) { deadLetters(first: 1, after: $after, service: $service) {
    pageInfo { hasNextPage endCursor } edges { node { stream } } } }";
const REPLAY: &str =
    "mutation($id: ID!, $body: String, $key: String!) { done: replayDeadLetter(id: $id, body: $body,
    idempotencyKey: $key) { id problems { code path } } }";
const DISCARD: &str =
    "mutation($id: ID!, $key: String!) { done: discardDeadLetter(id: $id, idempotencyKey: $key) {
    id problems { code path } } }";

fn number(data: &Value) -> usize {
    data["deadLetters"]["edges"].as_array().unwrap().len()
}

fn problem(code: &str, path: &str) -> Value {
    json!({ "done": { "id": null, "problems": [{ "code": code, "path": [path] }] } })
}

#[tokio::test]
async fn a_letter_is_listed_edited_replayed_and_discarded() {
    let world = World::new().await;
    let _joined = world.join_all().await;
    for (id, text) in [("a", "poison"), ("a", "fine"), ("b", "poison")] {
        world.write(id, text).await;
    }
    let found = world.until(LETTERS, |data| number(data) == 2).await;
    assert_eq!((&found["deadLetters"]["away"], &found["deadLetters"]["moreIn"]), (&json!([]), &json!([])));
    let letter = found["deadLetters"]["edges"][0]["node"].clone();
    let place =
        (&letter["service"], &letter["consumer"], &letter["source"], &letter["stream"], &letter["seq"]);
    assert_eq!(
        place,
        (&json!("ear"), &json!("ear"), &json!("notes"), &json!("Note/a"), &json!(1)),
        "the oldest event"
    );
    assert_eq!((&letter["reason"], &letter["behind"]), (&json!("it cannot be stomached"), &json!(1)));

    let (id, body) = (letter["id"].clone(), letter["body"].as_str().unwrap());
    let other = body.replace("\"subject\":\"a\"", "\"subject\":\"b\"");
    for (wrong, key) in [("{", "k1"), (other.as_str(), "k2")] {
        let refused = world.ask(REPLAY, json!({ "id": id, "body": wrong, "key": key })).await;
        assert_eq!(refused, problem("INVALID", "body"), "another event would come out of its order");
    }
    let mended = json!({ "id": id, "body": body.replace("poison", "food"), "key": "k3" });
    let done = json!({ "done": { "id": id, "problems": [] } });
    assert_eq!(world.ask(REPLAY, mended.clone()).await, done);
    let rest = world.until(LETTERS, |data| number(data) == 1).await;
    assert_eq!(world.ask(REPLAY, mended).await, done, "the same key, the same answer");
    let again = world.ask(REPLAY, json!({ "id": id, "key": "k4" })).await;
    assert_eq!(again, problem("NOT_FOUND", "id"), "it is none any more");

    let other = rest["deadLetters"]["edges"][0]["node"]["id"].clone();
    let replayed = world.ask(REPLAY, json!({ "id": other, "key": "k5" })).await;
    assert_eq!(replayed["done"]["problems"], json!([]));
    let dead = world.until(LETTERS, |data| number(data) == 1).await;
    assert_eq!(dead["deadLetters"]["edges"][0]["node"]["id"], other, "as it was, it dies again");
    assert_eq!(world.ask(DISCARD, json!({ "id": other, "key": "k6" })).await["done"]["problems"], json!([]));
    world.until(LETTERS, |data| number(data) == 0).await;
    assert_eq!(world.ask(DISCARD, json!({ "id": "x", "key": "k7" })).await, problem("INVALID", "id"));
}

#[tokio::test]
async fn a_service_that_is_away_is_named_and_the_letters_of_the_others_are_there() {
    let world = World::new().await.with_one_away();
    let _joined = world.join_all().await;
    world.write("a", "poison").await;
    world.write("b", "poison").await;
    let found = world.until(LETTERS, |data| number(data) == 2).await;
    assert_eq!(found["deadLetters"]["away"], json!(["nobody"]));

    let first = world.ask(PAGE, json!({ "service": "ear" })).await["deadLetters"].clone();
    assert_eq!(
        (&first["edges"][0]["node"]["stream"], &first["pageInfo"]["hasNextPage"]),
        (&json!("Note/a"), &json!(true))
    );
    let second =
        world.ask(PAGE, json!({ "after": first["pageInfo"]["endCursor"] })).await["deadLetters"].clone();
    assert_eq!(second["edges"], json!([{ "node": { "stream": "Note/b" } }]));
    assert_eq!(second["pageInfo"]["hasNextPage"], json!(false));
    let none = world.ask(PAGE, json!({ "service": "notes" })).await;
    assert_eq!(none["deadLetters"]["edges"], json!([]));
}
