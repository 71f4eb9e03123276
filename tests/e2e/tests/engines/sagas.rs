//! Sagas over Pulsar, between services on PostgreSQL and on documents: each a process that may be away.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use octavo_e2e::{Running, ask};
use octavo_engines::shared;
use serde_json::{Value, json};
use tokio::time::sleep;

pub(crate) const CATALOGUE: &str =
    "mutation($isbn: ID!, $name: String!, $key: String!) { catalogueBook(isbn: $isbn,
    title: \"A Book\", genre: $name, authors: [{ name: $name, bio: \"Writes.\" }], idempotencyKey: $key)
    { saga { id phase } problems { message } } }";

const SAGA: &str = "query($id: ID!) { saga(id: $id) { phase problem { code } steps { name status } } }";

/// The services that take part, and where each keeps its data.
pub(crate) struct Library {
    namespace: String,
    databases: Vec<(&'static str, String)>,
}

impl Library {
    pub(crate) async fn new() -> anyhow::Result<Self> {
        let mut databases = Vec::new();
        for name in ["authors", "books", "genres", "lendings", "sagas"] {
            databases.push((name, shared::postgres_database(name).await?));
        }
        databases.push(("students", shared::mongo_database("students")?));
        Ok(Self { namespace: format!("public/{}", shared::unique("sagas")), databases })
    }

    pub(crate) async fn start(&self, name: &str) -> anyhow::Result<Running> {
        self.start_with(name, &[]).await
    }

    pub(crate) async fn start_with(&self, name: &str, more: &[&str]) -> anyhow::Result<Running> {
        let (_, database) = self.databases.iter().find(|(known, _)| *known == name).context("a service")?;
        let (bus, admin) = (shared::pulsar()?, shared::pulsar_admin()?);
        let arguments = [
            ("--database-url", database.as_str()),
            ("--bus-url", &bus),
            ("--bus-admin-url", &admin),
            ("--bus-namespace", &self.namespace),
        ];
        let arguments = arguments.iter().flat_map(|(flag, value)| [*flag, *value]);
        let arguments: Vec<&str> = arguments.chain(more.iter().copied()).collect();
        Running::start(&format!("lms-{name}"), &arguments).await
    }
}

async fn begin(sagas: SocketAddr, isbn: &str, name: &str, key: &str) -> anyhow::Result<Value> {
    let begun = ask(sagas, CATALOGUE, json!({ "isbn": isbn, "name": name, "key": key })).await?;
    let begun = begun.data()?["catalogueBook"].clone();
    anyhow::ensure!(begun["problems"] == json!([]), "{begun}");
    Ok(begun["saga"]["id"].clone())
}

/// The saga once this holds of it.
pub(crate) async fn until(
    sagas: SocketAddr,
    id: &Value,
    holds: impl Fn(&Value) -> bool,
) -> anyhow::Result<Value> {
    let (mut saga, began) = (Value::Null, Instant::now());
    while began.elapsed() < Duration::from_mins(3) {
        saga = ask(sagas, SAGA, json!({ "id": id })).await?.data()?["saga"].clone();
        if holds(&saga) {
            return Ok(saga);
        }
        sleep(Duration::from_millis(50)).await;
    }
    bail!("it does not come to that: {saga}")
}

pub(crate) fn is_in(phase: &str) -> impl Fn(&Value) -> bool {
    move |saga| saga["phase"] == phase
}

#[tokio::test]
async fn a_saga_waits_for_a_service_that_is_away_and_goes_on() -> anyhow::Result<()> {
    let library = Library::new().await?;
    let (sagas, genres, books) =
        (library.start("sagas").await?, library.start("genres").await?, library.start("books").await?);
    let at = sagas.address();
    let id = begin(at, "9780306406157", "Alone", "Alone").await?;
    let step = |saga: &Value, place: usize| saga["steps"][place]["status"].clone();
    let waiting = until(at, &id, |saga| step(saga, 0) == "DONE").await?;
    assert_eq!((&waiting["phase"], step(&waiting, 1)), (&json!("RUNNING"), json!("DOING")), "{waiting}");
    let pending = "{ genres { edges { node { name } } } genreByName(name: \"Alone\") { state } }";
    let pending = ask(genres.address(), pending, json!({})).await?.data()?.clone();
    assert_eq!(pending, json!({ "genres": { "edges": [] }, "genreByName": { "state": "PENDING" } }));

    let authors = library.start("authors").await?;
    until(at, &id, is_in("COMPLETED")).await?;
    let name = ask(authors.address(), "{ authors { edges { node { name state } } } }", json!({})).await?;
    assert_eq!(name.data()?["authors"]["edges"][0]["node"], json!({ "name": "Alone", "state": "ACTIVE" }));

    // The same book again is refused by its service, and what the saga had made is undone.
    let id = begin(at, "9780306406157", "Twice", "Twice").await?;
    let saga = until(at, &id, is_in("COMPENSATED")).await?;
    assert_eq!(saga["problem"]["code"], "DUPLICATE", "{saga}");
    let gone = ask(genres.address(), "{ genreByName(name: \"Twice\") { state } }", json!({})).await?;
    assert_eq!(gone.data()?["genreByName"], Value::Null);
    drop(books);
    Ok(())
}

#[tokio::test]
async fn services_that_are_killed_in_the_middle_lose_no_saga() -> anyhow::Result<()> {
    let library = Library::new().await?;
    let (mut sagas, mut genres) = (library.start("sagas").await?, library.start("genres").await?);
    let (authors, books) = (library.start("authors").await?, library.start("books").await?);
    let isbns = ["9780306406157", "9780439023481", "9780547928227", "9780141439518"];
    let mut ids = Vec::new();
    for isbn in isbns {
        ids.push(begin(sagas.address(), isbn, &format!("Genre {isbn}"), isbn).await?);
        sagas.kill9()?;
        genres.kill9()?;
        (sagas, genres) = (library.start("sagas").await?, library.start("genres").await?);
    }
    for id in &ids {
        until(sagas.address(), id, is_in("COMPLETED")).await?;
    }
    let count = ask(books.address(), "{ books { edges { node { isbn } } } }", json!({})).await?;
    assert_eq!(count.data()?["books"]["edges"].as_array().map(Vec::len), Some(isbns.len()));
    let authors = ask(authors.address(), "{ authors { edges { node { state } } } }", json!({})).await?;
    let authors = authors.data()?["authors"]["edges"].as_array().cloned().unwrap_or_default();
    assert_eq!(authors, vec![json!({ "node": { "state": "ACTIVE" } }); isbns.len()], "each once");
    Ok(())
}

/// Two sagas propose the same genre, and one of them is cancelled while both wait for a service that is away.
#[tokio::test]
async fn a_pending_genre_is_nobodys_to_change_and_stays_for_the_other_saga() -> anyhow::Result<()> {
    let library = Library::new().await?;
    let (sagas, genres) = (library.start("sagas").await?, library.start("genres").await?);
    let _books = library.start("books").await?;
    let at = sagas.address();
    let (first, second) =
        (begin(at, "9780306406157", "Shared", "a").await?, begin(at, "9780439023481", "Shared", "b").await?);
    for id in [&first, &second] {
        until(at, id, |saga| saga["steps"][0]["status"] == "DONE").await?;
    }
    let genre = "{ genreByName(name: \"Shared\") { id state version } }";
    let pending = ask(genres.address(), genre, json!({})).await?.data()?["genreByName"].clone();
    assert_eq!(pending["state"], "PENDING");
    for change in ["deleteGenre(id: $id, ", "renameGenre(id: $id, name: \"Mine\", "] {
        let mutation = format!(
            "mutation($id: ID!) {{ done: {change} expectedVersion: 1, idempotencyKey: \"k\") {{ problems {{ code }} }} }}"
        );
        let refused = ask(genres.address(), &mutation, json!({ "id": pending["id"] })).await?;
        assert_eq!(refused.data()?["done"]["problems"], json!([{ "code": "NOT_FOUND" }]), "{change}");
    }
    let cancel = "mutation($id: ID!) { cancelSaga(id: $id, idempotencyKey: \"c\") { problems { code } } }";
    let cancelled = ask(at, cancel, json!({ "id": first })).await?;
    assert_eq!(cancelled.data()?["cancelSaga"]["problems"], json!([]));
    let _authors = library.start("authors").await?;
    until(at, &first, is_in("COMPENSATED")).await?;
    until(at, &second, is_in("COMPLETED")).await?;
    let active = ask(genres.address(), genre, json!({})).await?.data()?["genreByName"].clone();
    assert_eq!((&active["id"], &active["state"]), (&pending["id"], &json!("ACTIVE")));
    Ok(())
}

/// Books that are lent while the services that take part are killed again and again.
#[tokio::test]
async fn lendings_survive_kills_of_services_on_sql_and_on_documents() -> anyhow::Result<()> {
    let library = Library::new().await?;
    let (books, sagas) = (library.start("books").await?, library.start("sagas").await?);
    let isbns = ["9780306406157", "9780439023481", "9780547928227"];
    for isbn in isbns {
        let create =
            "mutation($isbn: ID!) { createBook(isbn: $isbn, title: \"A Book\", authorNumbers: [\"1\"],
            idempotencyKey: \"k\") { problems { code } } }";
        let create = create.replace("\"k\"", &format!("\"{isbn}\""));
        assert_eq!(
            ask(books.address(), &create, json!({ "isbn": isbn })).await?.data()?["createBook"]["problems"],
            json!([])
        );
    }
    let mut students = library.start("students").await?;
    let register =
        "mutation { registerStudent(name: \"Ada\", birthDate: \"1990-01-01\", phone: \"+44 1632 960001\",
        gdprConsent: true, idempotencyKey: \"k\") { student { studentNumber } problems { code } } }";
    let student = ask(students.address(), register, json!({})).await?;
    let student = student.data()?["registerStudent"]["student"]["studentNumber"].clone();
    let peers = |students: &Running| {
        [("books", books.address()), ("students", students.address())]
            .map(|(name, address)| format!("{name}=http://{address}/"))
    };
    let start = async |students: &Running| {
        let [books, students] = peers(students);
        library.start_with("lendings", &["--peer", &books, "--peer", &students]).await
    };
    let mut lendings = start(&students).await?;
    let lend =
        "mutation($student: ID!, $isbn: ID!, $key: String!) { lendBook(studentNumber: $student, isbn: $isbn,
        idempotencyKey: $key) { saga { id } problems { message } } }";
    let mut ids = Vec::new();
    for isbn in isbns {
        let variables = json!({ "student": student, "isbn": isbn, "key": isbn });
        ids.push(ask(sagas.address(), lend, variables).await?.data()?["lendBook"]["saga"]["id"].clone());
        students.kill9()?;
        lendings.kill9()?;
        students = library.start("students").await?;
        lendings = start(&students).await?;
    }
    for id in &ids {
        until(sagas.address(), id, is_in("COMPLETED")).await?;
    }
    let loans = "query($number: ID!) { student(studentNumber: $number) { openLoans } }";
    let loans = ask(students.address(), loans, json!({ "number": student })).await?;
    assert_eq!(loans.data()?["student"]["openLoans"], 3, "each once");
    let open =
        ask(lendings.address(), "{ lendings { edges { node { book { isbn } } } } }", json!({})).await?;
    let edges = open.data()?["lendings"]["edges"].as_array().context("a list")?.len();
    assert_eq!(edges, 3, "each once");

    // The fourth is one too many, whoever is asked first.
    let variables = json!({ "student": student, "isbn": isbns[0], "key": "fourth" });
    let fourth = ask(sagas.address(), lend, variables).await?.data()?["lendBook"]["saga"]["id"].clone();
    let fourth = until(sagas.address(), &fourth, is_in("COMPENSATED")).await?;
    assert_eq!(fourth["problem"]["code"], "INVALID");
    Ok(())
}
