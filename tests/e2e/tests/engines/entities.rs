//! Entities that are not there: nulls at their places, and the rest of the answer.

use octavo_e2e::{Answer, ask};
use octavo_engines::Redis;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stack::{Stack, changed, fill};

#[tokio::test]
async fn a_service_answers_each_representation_alone() -> anyhow::Result<()> {
    let (stack, redis, folder) = (Stack::start().await?, Redis::start().await?, TempDir::new()?);
    let gateway = stack.gateway(&folder, &redis.url()).await?;
    fill(gateway.address()).await?;
    let book = |isbn: &str| json!({ "__typename": "Book", "isbn": isbn });
    let representations = json!([
        book("9780547928227"),
        book("9780306406157"),
        book("9780439023481"),
        { "__typename": "Book", "nothing": 1 },
        book("9780141439518"),
    ]);
    let query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Book { title } } }";
    let answer = ask(stack.service("books")?, query, json!({ "r": representations })).await?;
    assert_eq!(
        answer.body["data"]["_entities"],
        json!([
            { "title": "The Hobbit" }, null, { "title": "The Hunger Games" }, null, { "title": "The Prejudice" },
        ])
    );
    assert_eq!(paths(&answer), [json!(["_entities", 1]), json!(["_entities", 3])], "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn data_that_a_dead_service_owes_is_null_with_the_clients_path() -> anyhow::Result<()> {
    let (mut stack, redis, folder) = (Stack::start().await?, Redis::start().await?, TempDir::new()?);
    let gateway = stack.gateway(&folder, &redis.url()).await?;
    fill(gateway.address()).await?;
    // The book's author is unknown to the authors' service, as one that was deleted.
    let book = "createBook(isbn: \"9780306406157\", title: \"Zebras\", authorNumbers: [\"7777\"], \
                idempotencyKey: \"z\")";
    changed(gateway.address(), book, "book { isbn }").await?;

    let query = "{ shelf: books(first: 4) { edges { node { name: title by: authors { name } \
                 comments(first: 1) { edges { node { grade student { user { username } } } } } } } } }";
    let answer = ask(gateway.address(), query, json!({})).await?;
    let edges = &answer.body["data"]["shelf"]["edges"];
    assert_eq!(edges[0]["node"]["by"][0]["name"], "J. R. R. Tolkien", "{}", answer.text);
    assert_eq!(edges[3]["node"], json!({ "name": "Zebras", "by": [null], "comments": { "edges": [] } }));
    let missing = json!(["shelf", "edges", 3, "node", "by", 0, "name"]);
    assert_eq!(paths(&answer), [missing], "{}", answer.text);

    let users = stack.members.iter().position(|member| member.name == "users");
    stack.members.remove(users.expect("users is a service")).process.kill9()?;
    let query = query.replace("{ username }", "{ username name }");
    let answer = ask(gateway.address(), &query, json!({})).await?;
    let edges = &answer.body["data"]["shelf"]["edges"];
    let comment = &edges[0]["node"]["comments"]["edges"][0]["node"];
    assert_eq!(comment["grade"], 8, "what others answer stays: {}", answer.text);
    assert_eq!(comment["student"]["user"], json!(null), "{}", answer.text);
    let owed =
        json!(["shelf", "edges", 0, "node", "comments", "edges", 0, "node", "student", "user", "name"]);
    assert!(paths(&answer).contains(&owed), "an error says where: {}", answer.text);
    Ok(())
}

/// The path of each error.
fn paths(answer: &Answer) -> Vec<Value> {
    let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
    errors.into_iter().map(|mut error| error["path"].take()).collect()
}
