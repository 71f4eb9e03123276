//! Everything in the graph is found by its identifier (Relay's Global Object Identification).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;

use anyhow::Context;
use octavo_e2e::{ask, root};
use octavo_language::{Limits, ValidSchema};
use serde_json::{Value, json};
use tempfile::TempDir;

/// One of each entity of the sample.
const SAMPLE: &str = "{ book(isbn: \"9780439023481\") { __typename id authors { __typename id } genre { __typename id }
    comments(first: 1) { edges { node { __typename id student { __typename id user { __typename id } } } } } } }";

/// Sagas, of which the sample has none, and a lending.
const SAGAS: &str = "mutation { catalogueBook(isbn: \"9780306406157\", title: \"t\", genre: \"g\",
    authors: [{ name: \"a\", bio: \"b\" }], idempotencyKey: \"k\") { saga { __typename id } }
    lendBook(studentNumber: \"2021/2\", isbn: \"9780439023481\", awaitCompletion: \"PT30S\", idempotencyKey: \"k\")
    { saga { __typename id lending { __typename id } } }
    returnBook(lendingNumber: \"2024/1\", idempotencyKey: \"k\") { saga { __typename id } }
    registerStudentWithAccount(username: \"new\", name: \"n\", email: \"n@example.org\", password: \"correct horse\",
        birthDate: \"2001-02-03\", phone: \"123456\", gdprConsent: true, awaitCompletion: \"PT30S\", idempotencyKey: \"k\")
    { saga { __typename id } }
    eraseStudent(studentNumber: \"1999/1\", idempotencyKey: \"k\") { saga { __typename id } } }";

#[test]
fn every_entity_implements_node() -> anyhow::Result<()> {
    let api = fs::read_to_string(root().join("schema/api.graphql"))?;
    let api = ValidSchema::parse("api.graphql", &api, Limits::SCHEMA)
        .map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
    let entities = entities()?;
    assert!(entities.len() > 5, "{entities:?}");
    for entity in entities {
        let object = api.schema().get_object(&entity).with_context(|| entity.clone())?;
        assert!(object.implements_interfaces.iter().any(|name| name.name == "Node"), "{entity} is no Node");
    }
    Ok(())
}

#[tokio::test]
async fn the_identifier_of_anything_leads_back_to_it() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = crate::open(&folder).await?;
    let address = library.address();
    let mut found = BTreeMap::new();
    collect(ask(address, SAMPLE, json!({})).await?.data()?, &mut found);
    collect(ask(address, SAGAS, json!({})).await?.data()?, &mut found);
    assert_eq!(found.values().cloned().collect::<BTreeSet<_>>(), entities()?, "one of each is there");
    for (id, type_name) in &found {
        let node =
            ask(address, "query($id: ID!) { node(id: $id) { __typename id } }", json!({ "id": id })).await?;
        assert_eq!(node.data()?["node"], json!({ "__typename": type_name, "id": id }));
    }
    let ids: Vec<&String> = found.keys().collect();
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Book { title averageGrade } ... on Genre { name } } }";
    let nodes = ask(address, query, json!({ "ids": ids })).await?.data()?["nodes"].clone();
    let back: Vec<&Value> = nodes.as_array().context("a list")?.iter().map(|node| &node["id"]).collect();
    assert_eq!(json!(back), json!(ids), "they come in the order asked");
    let book = nodes.as_array().into_iter().flatten().find(|node| node["title"].is_string());
    assert!(book.context("the book is there")?["averageGrade"].is_number());
    Ok(())
}

#[tokio::test]
async fn what_is_no_identifier_or_nothings_is_null_with_an_error() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let data = folder.path().to_string_lossy();
    let library = octavo_e2e::Running::start("lms", &["--data", &data, "--empty"]).await?;
    let address = library.address();
    // `Shelf:1` is of no type of the graph; the others are of each type, and of nothing that is there.
    let malformed = ["nonsense", "", "U2hlbGY6MQ"];
    let unknown = [
        "Qm9vazo5NzgwNDM5MDIzNDgx",
        "QXV0aG9yOjk5",
        "R2VucmU6bm9uZQ",
        "VXNlcjpub25l",
        "U3R1ZGVudDoyMDIxLzk",
        "Q29tbWVudDoyMDIxLzk6OTc4MDQzOTAyMzQ4MQ",
        "Q2F0YWxvZ3VlQm9va1NhZ2E6bm9uZQ",
    ];
    for id in malformed.iter().chain(&unknown) {
        let (node, message) = refused(address, id).await?;
        assert_eq!(node, Value::Null, "{id}");
        let expected =
            if malformed.contains(id) { "is no identifier of this graph" } else { "no such entity" };
        assert!(message.contains(expected), "{id}: {message}");
    }
    let query = "{ nodes(ids: [\"nonsense\", \"R2VucmU6bm9uZQ\"]) { __typename id } }";
    let answer = ask(address, query, json!({})).await?.body;
    assert_eq!(answer["data"]["nodes"], json!([null, null]));
    let errors = answer["errors"].as_array().into_iter().flatten();
    // That nothing has the second is found out by its owner, at the field that it is asked for.
    let mut paths: Vec<_> = errors.map(|error| json!([error["path"][0], error["path"][1]])).collect();
    paths.sort_by_key(ToString::to_string);
    assert_eq!(paths, [json!(["nodes", 0]), json!(["nodes", 1])]);
    Ok(())
}

async fn refused(address: SocketAddr, id: &str) -> anyhow::Result<(Value, String)> {
    let answer = ask(address, "query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await?.body;
    let message = answer["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
    Ok((answer["data"]["node"].clone(), message))
}

/// The types that a subgraph looks up by keys.
fn entities() -> anyhow::Result<BTreeSet<String>> {
    let mut entities = BTreeSet::new();
    for file in fs::read_dir(root().join("schema/subgraphs"))? {
        let text = fs::read_to_string(file?.path())?;
        let keyed = text.lines().filter(|line| line.starts_with("type ") && line.contains("@key("));
        // One that stands for an interface is no entity of its own.
        let keyed = keyed.filter(|line| !line.contains("@interfaceObject"));
        entities.extend(keyed.filter_map(|line| line.split(' ').nth(1).map(str::to_owned)));
    }
    Ok(entities)
}

/// The identifiers in an answer, each with its type.
fn collect(value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            if let (Some(id), Some(type_name)) = (value["id"].as_str(), value["__typename"].as_str()) {
                found.insert(id.to_owned(), type_name.to_owned());
            }
            fields.values().for_each(|inner| collect(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, found)),
        _ => {}
    }
}
