//! A book is catalogued with its genre and its authors in one go, or not at all.

use std::net::SocketAddr;
use std::time::Duration;

use octavo_e2e::{Running, ask};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

const CATALOGUE: &str = "mutation($isbn: ID!, $genre: String!, $author: String!, $wait: Duration, $key: String!) {
    catalogueBook(isbn: $isbn, title: \"A Book\", genre: $genre, authors: [{ name: $author, bio: \"Writes.\" }],
        awaitCompletion: $wait, idempotencyKey: $key) {
      saga { id phase remaining problem { code } warnings { code } steps { name status service }
        book { title } genre { name state } authors { name state } }
      problems { code message path } } }";

const SAGA: &str = "query($id: ID!) { saga(id: $id) { __typename id phase remaining
    ... on CatalogueBookSaga { book { title authors { name state } genre { name state } } } } }";

/// What is visible of a genre and an author by name.
const TRACES: &str = "query($genre: String!, $author: String!) { genreByName(name: $genre) { state }
    genres(filter: { name: { startsWith: $genre } }) { edges { node { name } } }
    authors(filter: { name: { startsWith: $author } }) { edges { node { name } } } }";

/// What each service that takes part made of its steps.
const EFFECTS: &str = "query($id: ID!) { saga(id: $id) { __typename
    effectsInGenres { step state cameTo { name } } effectsInAuthors { step state cameTo { name value } }
    effectsInBooks { step state cameTo { name value } problem { code } }
    effectsInLendings { step } effectsInStudents { step } } }";

async fn catalogue(
    at: SocketAddr,
    isbn: &str,
    named: &str,
    wait: Option<&str>,
    key: &str,
) -> anyhow::Result<Value> {
    let variables = json!({ "isbn": isbn, "genre": format!("Genre of {named}"), "wait": wait, "key": key,
        "author": format!("Author of {named}") });
    Ok(ask(at, CATALOGUE, variables).await?.data()?["catalogueBook"].clone())
}

async fn traces(at: SocketAddr, named: &str) -> anyhow::Result<Value> {
    let variables = json!({ "genre": format!("Genre of {named}"), "author": format!("Author of {named}") });
    Ok(ask(at, TRACES, variables).await?.data()?.clone())
}

async fn empty(folder: &TempDir) -> anyhow::Result<Running> {
    let data = folder.path().to_string_lossy();
    Running::start("lms", &["--data", &data, "--empty"]).await
}

/// The saga once it has settled.
async fn settled(at: SocketAddr, id: &Value) -> anyhow::Result<Value> {
    for _ in 0..300 {
        let saga = ask(at, SAGA, json!({ "id": id })).await?.data()?["saga"].clone();
        if saga["phase"] == "COMPLETED" || saga["phase"] == "COMPENSATED" || saga["phase"] == "STUCK" {
            return Ok(saga);
        }
        sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("{id} does not settle")
}

#[tokio::test]
async fn a_book_comes_with_its_new_genre_and_author() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = empty(&folder).await?;
    let at = library.address();
    let payload = catalogue(at, "9780306406157", "One", Some("PT20S"), "k1").await?;
    let saga = &payload["saga"];
    assert_eq!(saga["phase"], "COMPLETED", "{payload}");
    assert_eq!(
        (&saga["remaining"], &saga["warnings"], &saga["problem"]),
        (&json!([]), &json!([]), &Value::Null)
    );
    assert_eq!(saga["book"]["title"], "A Book");
    assert_eq!(saga["genre"], json!({ "name": "Genre of One", "state": "ACTIVE" }));
    assert_eq!(saga["authors"], json!([{ "name": "Author of One", "state": "ACTIVE" }]));
    let steps: Vec<&Value> =
        saga["steps"].as_array().into_iter().flatten().map(|step| &step["name"]).collect();
    assert_eq!(
        json!(steps),
        json!(["ensureGenre", "proposeAuthor#0", "createBook", "activateGenre", "activateAuthors"])
    );

    let effects = ask(at, EFFECTS, json!({ "id": saga["id"] })).await?.data()?["saga"].clone();
    let came_to = |name: &str| json!([{ "name": name, "value": "1" }]);
    let expected = json!({
        "__typename": "CatalogueBookSaga",
        "effectsInGenres": [
            { "step": "ensureGenre", "state": "DONE", "cameTo": [{ "name": "id" }] },
            { "step": "activateGenre", "state": "DONE", "cameTo": [{ "name": "id" }] },
        ],
        "effectsInAuthors": [
            { "step": "proposeAuthor#0", "state": "DONE", "cameTo": came_to("authorNumber") },
            { "step": "activateAuthors", "state": "DONE", "cameTo": came_to("authorNumbers") },
        ],
        "effectsInBooks": [{ "step": "createBook", "state": "DONE",
            "cameTo": [{ "name": "isbn", "value": "9780306406157" }], "problem": null }],
        "effectsInLendings": [], "effectsInStudents": [],
    });
    assert_eq!(effects, expected);
    let node = "query($id: ID!) { node(id: $id) { ... on CatalogueBookSaga { effectsInBooks { step } } } }";
    let node = ask(at, node, json!({ "id": saga["id"] })).await?.data()?["node"].clone();
    assert_eq!(node, json!({ "effectsInBooks": [{ "step": "createBook" }] }), "by its identifier alone");

    let again = catalogue(at, "9780306406157", "One", None, "k1").await?;
    assert_eq!(again["saga"]["id"], saga["id"], "the same key is the same saga");
    let cancel = "mutation($id: ID!) { cancelSaga(id: $id, idempotencyKey: \"c\") { problems { code } } }";
    let cancelled = ask(at, cancel, json!({ "id": saga["id"] })).await?;
    assert_eq!(cancelled.data()?["cancelSaga"]["problems"][0]["code"], "INVALID", "it is past the pivot");
    let listed =
        ask(at, "{ sagas(filter: { phase: COMPLETED }) { edges { node { id } } } }", json!({})).await?;
    assert_eq!(listed.data()?["sagas"]["edges"][0]["node"]["id"], saga["id"]);
    Ok(())
}

#[tokio::test]
async fn a_book_that_is_refused_leaves_nothing_behind() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = empty(&folder).await?;
    let at = library.address();
    catalogue(at, "9780306406157", "One", Some("PT20S"), "k1").await?;
    let payload = catalogue(at, "9780306406157", "Two", Some("PT20S"), "k2").await?;
    let saga = &payload["saga"];
    assert_eq!(
        (&saga["phase"], &saga["problem"]["code"]),
        (&json!("COMPENSATED"), &json!("DUPLICATE")),
        "{payload}"
    );
    assert_eq!((&saga["genre"], &saga["authors"]), (&Value::Null, &json!([])));
    let effects = ask(at, EFFECTS, json!({ "id": saga["id"] })).await?.data()?["saga"].clone();
    assert_eq!(
        (&effects["effectsInGenres"], &effects["effectsInAuthors"], &effects["effectsInBooks"]),
        (
            &json!([{ "step": "ensureGenre", "state": "UNDONE", "cameTo": [] }]),
            &json!([{ "step": "proposeAuthor#0", "state": "UNDONE", "cameTo": [] }]),
            &json!([{ "step": "createBook", "state": "REFUSED", "cameTo": [], "problem": { "code": "DUPLICATE" } }]),
        )
    );
    let nothing = json!({ "genreByName": null, "genres": { "edges": [] }, "authors": { "edges": [] } });
    assert_eq!(traces(at, "Two").await?, nothing);

    let wrong = "mutation { catalogueBook(isbn: \"1\", title: \"t\", genre: \"g\", authors: [{}], idempotencyKey: \"k3\")
        { saga { id } problems { code path } } }";
    let wrong = ask(at, wrong, json!({})).await?.data()?["catalogueBook"].clone();
    assert_eq!(wrong, json!({ "saga": null, "problems": [{ "code": "INVALID", "path": ["authors", "0"] }] }));
    Ok(())
}

#[tokio::test]
async fn a_saga_that_was_begun_is_finished_after_a_kill() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = empty(&folder).await?;
    let begun = catalogue(library.address(), "9780306406157", "One", None, "k1").await?;
    library.kill9()?;
    let library = empty(&folder).await?;
    let saga = settled(library.address(), &begun["saga"]["id"]).await?;
    assert_eq!(saga["phase"], "COMPLETED", "{saga}");
    assert_eq!(saga["book"]["genre"], json!({ "name": "Genre of One", "state": "ACTIVE" }));
    Ok(())
}
