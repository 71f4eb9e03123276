//! Topics that somebody deletes while messages wait in them.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use octavo_e2e::{ask, isbn};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::run::Scene;

/// How many operations are acknowledged before something happens, and after it.
const FIRST: usize = 20;
/// How long messages take to leave, and topics to be there again.
const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(100);
/// Those that are deleted: events that several services hear, commands, and replies.
const DELETED: [&str; 6] = [
    "books.events",
    "students.events",
    "genres.commands",
    "lendings.commands",
    "sagas.commands",
    "sagas.replies",
];
/// Where something has to wait, and for whom.
const WAITING: [(&str, &str); 2] = [("books.events", "lendings"), ("sagas.commands", "sagas")];
/// A number that no load gives to a book.
const BOOK: usize = 900_000_000;

/// Scenario 9, without its topics: a book and a registration of which nothing is ever said again are lost with them.
pub(crate) async fn topics_deleted(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    scene.acknowledges(FIRST).await?;
    // A consumer that only sleeps has been given what waits: it would have it without the topic.
    for (_, consumer) in WAITING {
        scene.stack.kill9(consumer)?;
    }
    let name = format!("lost{}", scene.load.acknowledged());
    say(scene, &name).await?;
    let waiting = until_something_waits(scene).await?;
    for topic in DELETED {
        let url = format!("{}?force=true", address(scene, topic));
        reqwest::Client::new().delete(&url).send().await?.error_for_status().with_context(|| url)?;
    }
    for (_, consumer) in WAITING {
        scene.stack.start_process(consumer).await?;
    }
    let began = Instant::now();
    for topic in DELETED {
        while asked(&address(scene, topic)).await?["partitions"].as_u64().unwrap_or_default() == 0 {
            ensure!(began.elapsed() < PATIENCE, "nobody makes {topic} anew");
            sleep(POLL).await;
        }
    }
    let seconds = began.elapsed().as_secs();
    scene.acknowledges(FIRST).await?;
    Ok(format!(
        "{} topics deleted with {waiting} messages that waited, there again after {seconds} s",
        DELETED.len()
    ))
}

/// A book that lendings are to know, and an account whose saga is to begin.
async fn say(scene: &Scene<'_>, name: &str) -> anyhow::Result<()> {
    let isbn = isbn(BOOK + scene.load.acknowledged());
    let author = format!("createAuthor(name: \"{name}\", bio: \"Writes.\", idempotencyKey: \"{name}\")");
    let author = done(scene, &author, "author { authorNumber }").await?["author"]["authorNumber"].clone();
    let book = format!(
        "createBook(isbn: \"{isbn}\", title: \"{name}\", authorNumbers: [{author}], idempotencyKey: \"{name}\")"
    );
    let account = format!(
        "registerStudentWithAccount(username: \"{name}\", name: \"{name}\", email: \"new@example.org\", \
         password: \"correct horse\", birthDate: \"2001-02-03\", phone: \"+49 30 1234567\", gdprConsent: true, \
         idempotencyKey: \"{name}\")"
    );
    for mutation in [book, account] {
        done(scene, &mutation, "").await?;
    }
    Ok(())
}

async fn done(scene: &Scene<'_>, mutation: &str, wanted: &str) -> anyhow::Result<Value> {
    let query = format!("mutation {{ done: {mutation} {{ {wanted} problems {{ message }} }} }}");
    let answer = ask(scene.stack.gateway()?, &query, json!({})).await?;
    let done = &answer.data()?["done"];
    ensure!(done["problems"] == json!([]), "{}", answer.text);
    Ok(done.clone())
}

/// Waits until messages wait for each of those that do not run; how many do.
async fn until_something_waits(scene: &Scene<'_>) -> anyhow::Result<u64> {
    let (began, mut all) = (Instant::now(), 0);
    for (topic, consumer) in WAITING {
        let url = address(scene, topic).replace("/partitions", "/partitioned-stats");
        loop {
            let waiting =
                asked(&url).await?["subscriptions"][consumer]["msgBacklog"].as_u64().unwrap_or_default();
            if waiting > 0 {
                all += waiting;
                break;
            }
            ensure!(began.elapsed() < PATIENCE, "nothing waits for {consumer} on {topic}");
            sleep(POLL).await;
        }
    }
    Ok(all)
}

fn address(scene: &Scene<'_>, topic: &str) -> String {
    format!("{}/admin/v2/persistent/public/library/{topic}/partitions", scene.stack.pulsar.admin_url())
}

async fn asked(url: &str) -> anyhow::Result<Value> {
    Ok(reqwest::get(url).await?.json().await?)
}
