//! What events say: of all that they touch by the keys that the graph knows, never by what a database calls them; and of
//! themselves as it was recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use tokio::time::sleep;

use crate::recorded;
use crate::supergraph::Supergraph;
use crate::world::World;

/// Every kind of event; what begins with nothing else is a service's own name.
const KINDS: [&str; 35] = [
    "authors.AuthorActivated",
    "authors.AuthorCreated",
    "authors.AuthorDeleted",
    "authors.AuthorDiscarded",
    "authors.AuthorProposed",
    "authors.AuthorUpdated",
    "books.BookCatalogued",
    "books.BookChanged",
    "books.BookRemoved",
    "genres.GenreActivated",
    "genres.GenreCreated",
    "genres.GenreDeleted",
    "genres.GenreDiscarded",
    "genres.GenreProposed",
    "genres.GenreRenamed",
    "lendings.LendingOpened",
    "lendings.LendingReturned",
    "sagas.SagaChanged",
    "students.BookLent",
    "students.BookReturned",
    "students.CommentAdded",
    "students.CommentDeleted",
    "students.CommentEdited",
    "students.CommentSilenced",
    "students.SlotFreed",
    "students.SlotReserved",
    "students.StudentErased",
    "students.StudentRegistered",
    "students.StudentUpdated",
    "users.UserActivated",
    "users.UserChanged",
    "users.UserDisabled",
    "users.UserDiscarded",
    "users.UserErased",
    "users.UserRegistered",
];

const WITHIN: Duration = Duration::from_mins(3);

#[tokio::test]
async fn an_event_of_each_kind_names_what_it_touches_and_is_as_it_was_recorded() -> anyhow::Result<()> {
    let mut world = World::open().await?;
    for document in include_str!("kinds.graphql").split("\n\n") {
        world.change(document).await?;
    }
    let wanted: BTreeSet<String> = KINDS.iter().map(ToString::to_string).collect();
    let began = Instant::now();
    let mut said = said(&world).await?;
    while !wanted.iter().all(|kind| said.contains_key(kind)) && began.elapsed() < WITHIN {
        sleep(Duration::from_millis(100)).await;
        said = self::said(&world).await?;
    }
    let kinds: BTreeSet<String> = said.keys().cloned().collect();
    ensure!(kinds == wanted, "not said: {:?}; not listed: {:?}", &wanted - &kinds, &kinds - &wanted);
    let supergraph = Supergraph::read()?;
    for (kind, events) in &said {
        for event in events {
            check(&supergraph, event).with_context(|| format!("{kind}: {event}"))?;
        }
    }
    recorded::check(&said)
}

/// The events on the bus, by kind; markers concern nothing.
async fn said(world: &World) -> anyhow::Result<BTreeMap<String, Vec<Value>>> {
    let mut said: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for body in world.events().await? {
        let event: Value = serde_json::from_str(&body)?;
        let kind = event["type"].as_str().and_then(|kind| kind.strip_prefix("library."));
        let kind = kind.context("an event has a type")?.to_owned();
        if !kind.ends_with(".Marker") {
            said.entry(kind).or_default().push(event);
        }
    }
    Ok(said)
}

fn check(supergraph: &Supergraph, event: &Value) -> anyhow::Result<()> {
    let touches = event["data"]["touches"].as_array().context("it says what it touches")?;
    ensure!(!touches.is_empty(), "it touches nothing");
    for touch in touches {
        let type_name = touch["type"].as_str().context("a touch has a type")?;
        let keys = touch["keys"].as_array().filter(|keys| !keys.is_empty()).context("a touch has keys")?;
        let keys: Vec<&Map<String, Value>> = keys.iter().filter_map(Value::as_object).collect();
        let raw = raw_key(type_name, &keys)?;
        let (head, _) =
            supergraph.find(type_name).with_context(|| format!("the graph has no {type_name}"))?;
        for (field, value) in keys.iter().flat_map(|key| key.iter()) {
            ensure!(head.contains(&format!("key: \"{field}\"")), "{field} is no key of {type_name}");
            if field == "id" || field == "nodeKey" {
                ensure!(decode(value)?.1 == raw, "{type_name}.{field}: {value}");
            } else {
                // A number that a book or a student has for everybody; a row's identifier is called `id`.
                ensure!(
                    !head.contains("key: \"id\"") || value.as_str() != Some(&raw),
                    "{field}: {value} is raw"
                );
            }
        }
    }
    Ok(())
}

/// What its database calls an entity.
fn raw_key(type_name: &str, keys: &[&Map<String, Value>]) -> anyhow::Result<String> {
    let global = keys.iter().find_map(|key| key.get("nodeKey").or_else(|| key.get("id")));
    let global = global.context("it is not named as in the whole graph")?;
    let (of, raw) = decode(global)?;
    ensure!(of == type_name || (type_name == "Saga" && of.ends_with("Saga")), "{global} is a {of}");
    Ok(raw)
}

/// The type and the key in an identifier of the whole graph.
fn decode(id: &Value) -> anyhow::Result<(String, String)> {
    let id = id.as_str().context("an identifier is a text")?;
    let named = || format!("{id} is no identifier of the graph");
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).with_context(named)?).with_context(named)?;
    let (of, key) = text.split_once(':').with_context(named)?;
    Ok((of.to_owned(), key.to_owned()))
}
