//! A message that nobody can take.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use octavo_e2e::ask;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::backlog::{BOOKS, books, number, say_again};
use crate::run::Scene;
use crate::stores::{run, select};

const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(200);

const KNOWN: &str = "SELECT count(*) AS known FROM known_books";
const LETTERS: &str = "{ deadLetters(first: 100) { edges { node { id service stream seq } } } }";
/// Who hears of books.
const CONSUMERS: [&str; 2] = ["lendings", "reports"];

/// Scenario 14: an event that nobody can apply holds up its own sequence, and no other, until it is mended.
pub(crate) async fn poison(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    let books = books(scene).await?;
    let chosen = &books[scene.chance.below(books.len())];
    let isbn = chosen["isbn"].as_str().context("a book has a number")?;
    ensure!(run(scene.stack, "books", &say_nothing(isbn)).await? == 1, "{isbn} said nothing");
    retitle(scene, isbn).await?;
    let letters = letters(scene, isbn).await?;
    let (began, before) = (Instant::now(), number(scene, "lendings", KNOWN, "known").await?);
    while number(scene, "lendings", KNOWN, "known").await? == before {
        ensure!(began.elapsed() < PATIENCE, "lendings hear of no other book while {isbn} is held up");
        sleep(POLL).await;
    }
    let cured = format!("SELECT title FROM known_books WHERE isbn = '{isbn}' AND title = 'Cured'");
    ensure!(select(scene.stack, "lendings", &cured).await?.is_empty(), "{isbn} went on past a dead letter");
    for letter in &letters {
        replay(scene, isbn, letter).await?;
    }
    Ok(format!(
        "{} dead letters of one book, other books known meanwhile, each mended and replayed",
        letters.len()
    ))
}

/// A book says once more what it said last, without what it is.
fn say_nothing(isbn: &str) -> String {
    say_again(1, &format!("{BOOKS} AND aggregate_id = '{isbn}'"))
        .replace("(body::jsonb ||", "(jsonb_set(body::jsonb, '{data,state}', '{}') ||")
}

async fn retitle(scene: &Scene<'_>, isbn: &str) -> anyhow::Result<()> {
    let version = format!("SELECT version FROM books WHERE isbn = '{isbn}'");
    let version = number(scene, "books", &version, "version").await?;
    let query = format!(
        "mutation {{ updateBook(isbn: \"{isbn}\", title: \"Cured\", expectedVersion: {version}, \
         idempotencyKey: \"cure {isbn}\") {{ problems {{ message }} }} }}"
    );
    let answer = ask(scene.stack.gateway()?, &query, json!({})).await?;
    ensure!(answer.data()?["updateBook"]["problems"] == json!([]), "{}", answer.text);
    Ok(())
}

/// The dead letters of a book, as soon as each consumer has one.
async fn letters(scene: &Scene<'_>, isbn: &str) -> anyhow::Result<Vec<Value>> {
    let (began, stream) = (Instant::now(), format!("Book/{isbn}"));
    while began.elapsed() < PATIENCE {
        let answer = ask(scene.stack.gateway()?, LETTERS, json!({})).await?;
        let edges = answer.data()?["deadLetters"]["edges"].as_array().cloned().unwrap_or_default();
        let mut letters: Vec<Value> = edges.into_iter().map(|edge| edge["node"].clone()).collect();
        letters.retain(|letter| letter["stream"] == stream);
        if CONSUMERS.iter().all(|consumer| letters.iter().any(|letter| letter["service"] == *consumer)) {
            return Ok(letters);
        }
        sleep(POLL).await;
    }
    bail!("{} have no dead letter of {stream}", CONSUMERS.join(" or "))
}

/// Replays a letter with what the event before it said.
async fn replay(scene: &Scene<'_>, isbn: &str, letter: &Value) -> anyhow::Result<()> {
    let body = format!(
        "SELECT (mended.body::jsonb || jsonb_build_object('seq', broken.seq, 'id', broken.event_id))::text AS body \
         FROM outbox AS broken JOIN outbox AS mended ON mended.aggregate_id = broken.aggregate_id \
         AND mended.aggregate_type = broken.aggregate_type AND mended.seq = broken.seq - 1 \
         WHERE broken.aggregate_type = 'Book' AND broken.aggregate_id = '{isbn}' AND broken.seq = {}",
        letter["seq"]
    );
    let body = select(scene.stack, "books", &body).await?;
    let body = body.first().with_context(|| format!("{isbn} never said {}", letter["seq"]))?;
    let key = format!("mend {isbn} for {}", letter["service"]);
    let variables = json!({ "id": letter["id"], "body": body["body"], "key": key });
    let query = "mutation ($id: ID!, $body: String, $key: String!) { \
        replayDeadLetter(id: $id, body: $body, idempotencyKey: $key) { problems { message } } }";
    let answer = ask(scene.stack.gateway()?, query, variables).await?;
    ensure!(answer.data()?["replayDeadLetter"]["problems"] == json!([]), "{}", answer.text);
    Ok(())
}
