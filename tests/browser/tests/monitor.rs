//! The platform's people open the monitor: a saga is seen to complete, and a dead letter is edited and replayed.

use std::path::Path;
use std::time::Duration;

use lms_kit::bus::{Bus, LocalBus, Outgoing, Topic};
use octavo_browser::{Browser, Library};
use serde_json::{Value, json};

const CATALOGUE: &str = "mutation { catalogueBook(isbn: \"9780306406157\", title: \"A Book\", genre: \"Physics\",
    authors: [{ name: \"Ada Example\", bio: \"Writes.\" }], idempotencyKey: \"k\") { problems { message } } }";

/// An answer that the sagas service cannot read until its attempt is a number. It belongs to no saga, so that nothing
/// else comes of it.
async fn send_poison(data: &Path) -> anyhow::Result<()> {
    let state = json!({ "saga": "none", "step": "s", "attempt": "one", "generation": 1, "action": "DO",
        "outcome": { "outcome": "UNDONE" } });
    let event = json!({ "specversion": "1.0", "id": "e1", "source": "/library/books",
        "type": "library.books.StepAnswered", "subject": "none", "time": "2026-01-01T00:00:00Z",
        "datacontenttype": "application/json", "seq": 1, "schemaversion": 1,
        "data": { "aggregate": "Reply", "state": state } });
    let bus = LocalBus::open(&data.join("bus.sqlite")).await?;
    let (topic, key) = (Topic::replies("sagas"), "none".to_owned());
    let message = Outgoing { topic, key, id: String::new(), body: event.to_string() };
    for sent in bus.publish(vec![message]).await {
        sent?;
    }
    bus.close().await;
    Ok(())
}

async fn catalogue(library: &Library) -> anyhow::Result<()> {
    let request = reqwest::Client::new().post(library.url("/graphql")).json(&json!({ "query": CATALOGUE }));
    let answer: Value = request.send().await?.json().await?;
    anyhow::ensure!(answer["data"]["catalogueBook"]["problems"] == json!([]), "{answer}");
    Ok(())
}

fn picture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[tokio::test]
async fn a_saga_is_seen_to_complete_and_a_dead_letter_is_replayed() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let library = Library::start(data.path()).await?;
    let browser = Browser::start(1300, 1700).await?;
    let seen = watch(&browser, &library, data.path()).await;
    let errors = browser.errors().await;
    browser.quit().await?;
    seen?;
    assert_eq!(errors?, Vec::<String>::new());
    Ok(())
}

async fn watch(browser: &Browser, library: &Library, data: &Path) -> anyhow::Result<()> {
    browser.open(&library.url("/monitor")).await?;
    browser.text_with("#mode", "live").await?;
    browser.text_with("#edges", "healthy").await?;
    browser.text_with("#letters-note", "There are none.").await?;

    catalogue(library).await?;
    browser.text_with("#phases", "1\ncompleted").await?;
    browser.click("#sagas button").await?;
    let saga = browser.text_with("#saga", "createBook in books done").await?;
    assert!(saga.contains("completed") && saga.contains("activateGenre in genres done"), "{saga}");
    browser.text_with("#saga", "its service says: done").await?;
    assert!(!saga.contains("Cancel"), "there is nothing left to turn back: {saga}");

    send_poison(data).await?;
    let letters = browser.text_with("#letters", "Reply/e1").await?;
    assert!(letters.contains("in sagas"), "{letters}");
    browser.text_with("#edges", "held up").await?;
    browser.click("#letters summary").await?;
    browser.text_with("#letters", "StepAnswered cannot be read").await?;
    browser.picture(&picture("monitor.png")).await?;
    let edit = "const text = document.querySelector('#letters textarea'); text.focus(); \
                text.value = text.value.replace('\"one\"', '1')";
    browser.run(edit).await?;
    // It is looked at anew meanwhile, and what is being edited stays.
    tokio::time::sleep(Duration::from_secs(3)).await;
    browser.click("#letters button.main").await?;
    browser.text_with("#letters-note", "There are none.").await?;
    let held_up = browser.run("return document.querySelector('#alerts').innerText").await?;
    assert_eq!(held_up, json!(""), "nothing is wrong");
    Ok(())
}

/// Without the subgraph, the page says so.
#[tokio::test]
async fn what_the_supergraph_lacks_is_said() -> anyhow::Result<()> {
    let library = Library::without_sagas().await?;
    let browser = Browser::start(900, 900).await?;
    let said = async {
        browser.open(&library.url("/monitor")).await?;
        browser.text_with("#sagas-note", "no `sagas`").await?;
        browser.text_with("#edges-note", "no `consistency`").await?;
        browser.text_with("#letters-note", "no `deadLetters`").await
    };
    let said = said.await;
    browser.quit().await?;
    said.map(drop)
}
