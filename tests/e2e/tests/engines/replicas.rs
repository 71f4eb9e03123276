//! Two processes of each service: whichever is killed, writing goes on, reading goes on, and each thing happens once.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use octavo_e2e::{Door, Running, ask, isbn};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::sagas::{CATALOGUE, Library, is_in, until};

const SERVICES: [&str; 6] = ["authors", "books", "genres", "lendings", "sagas", "students"];
/// How long the others go on without the one that was killed.
const WITHOUT: Duration = Duration::from_millis(500);

/// Where the two processes of each service listen now, which whoever asks tries one after the other.
#[derive(Default)]
struct Addresses(Mutex<[[Option<SocketAddr>; 2]; SERVICES.len()]>);

impl Addresses {
    fn set(&self, service: usize, replica: usize, address: Option<SocketAddr>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[service][replica] = address;
    }

    /// Those of a service, another one first each time.
    fn of(&self, service: &str, turn: usize) -> Vec<SocketAddr> {
        let place = SERVICES.iter().position(|known| *known == service).unwrap_or_default();
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner)[place];
        both.rotate_left(turn % 2);
        both.into_iter().flatten().collect()
    }

    /// Asks one process, and the other if that does not answer, as whatever balances requests does; once more who has
    /// come in the meantime, since a request may have been under way to the one that was killed.
    async fn ask(&self, service: &str, turn: usize, query: &str, variables: &Value) -> anyhow::Result<Value> {
        let mut last = None;
        for _ in 0..2 {
            for address in self.of(service, turn) {
                match ask(address, query, variables.clone()).await.and_then(|answer| answer.data().cloned()) {
                    Ok(data) => return Ok(data),
                    Err(error) => last = Some(error),
                }
            }
        }
        Err(last.context("one of the two is always there")?)
    }
}

const REGISTER: &str = "mutation($key: String!) { registerStudent(name: \"Ada\", birthDate: \"1990-01-01\",
    phone: \"+44 1632 960001\", gdprConsent: true, idempotencyKey: $key)
    { student { studentNumber } problems { message } } }";

const LEND: &str =
    "mutation($student: ID!, $isbn: ID!, $key: String!) { lendBook(studentNumber: $student, isbn: $isbn,
    idempotencyKey: $key) { saga { id } problems { message } } }";

/// What was begun and acknowledged.
#[derive(Default)]
struct Begun {
    /// Sagas that catalogue a book with its genre and its author.
    books: Vec<Value>,
    /// Sagas that lend the first of the books, each to a student who has just been registered.
    lendings: Vec<Value>,
    students: Vec<Value>,
}

impl Begun {
    async fn book(&mut self, addresses: &Addresses) -> anyhow::Result<()> {
        let isbn = isbn(self.books.len());
        let variables = json!({ "isbn": isbn, "name": format!("Name {isbn}"), "key": isbn });
        let data = addresses.ask("sagas", self.books.len(), CATALOGUE, &variables).await?;
        anyhow::ensure!(data["catalogueBook"]["problems"] == json!([]), "{data}");
        self.books.push(data["catalogueBook"]["saga"]["id"].clone());
        Ok(())
    }

    async fn lending(&mut self, addresses: &Addresses) -> anyhow::Result<()> {
        let (turn, key) = (self.lendings.len(), format!("student {}", self.lendings.len()));
        let data = addresses.ask("students", turn, REGISTER, &json!({ "key": key })).await?;
        anyhow::ensure!(data["registerStudent"]["problems"] == json!([]), "{data}");
        let student = data["registerStudent"]["student"]["studentNumber"].clone();
        let variables = json!({ "student": student, "isbn": isbn(0), "key": key });
        let data = addresses.ask("sagas", turn, LEND, &variables).await?;
        anyhow::ensure!(data["lendBook"]["problems"] == json!([]), "{data}");
        self.students.push(student);
        self.lendings.push(data["lendBook"]["saga"]["id"].clone());
        Ok(())
    }
}

/// Begins a saga after the other, until it is told to stop.
async fn write(addresses: Arc<Addresses>, stop: Arc<AtomicBool>, mut begun: Begun) -> anyhow::Result<Begun> {
    while !stop.load(Ordering::Relaxed) {
        begun.book(&addresses).await?;
        // The document server of the tests reads a whole collection for each question: students are asked for less.
        if begun.books.len().is_multiple_of(3) {
            begun.lending(&addresses).await?;
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok(begun)
}

/// Reads from each service in turn, until it is told to stop.
async fn read(
    addresses: Arc<Addresses>,
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
) -> anyhow::Result<()> {
    let queries = [
        ("genres", "{ genres(first: 1) { edges { node { name } } } }"),
        ("authors", "{ authors(first: 1) { edges { node { name } } } }"),
        ("books", "{ books(first: 1) { edges { node { title } } } }"),
        ("lendings", "{ lendings(first: 1) { edges { node { lendingNumber } } } }"),
        ("sagas", "{ sagas(first: 1) { edges { node { phase } } } }"),
        ("students", "{ students(first: 1) { edges { node { studentNumber } } } }"),
    ];
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        for (service, query) in queries {
            let answer = addresses.ask(service, turn, query, &json!({})).await;
            answer.with_context(|| format!("a reading of {service} failed at both"))?;
            done.fetch_add(1, Ordering::Relaxed);
        }
        turn += 1;
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

#[tokio::test]
async fn either_process_of_each_service_may_be_killed() -> anyhow::Result<()> {
    let library = Library::new().await?;
    let addresses = Arc::new(Addresses::default());
    // Lendings load the state of the others from whichever process of them is there.
    let doors = [("books", Door::open().await?), ("students", Door::open().await?)];
    let peers = doors.each_ref().map(|(name, door)| format!("{name}=http://{}/", door.address()));
    let heard = ["--peer", &peers[0], "--peer", &peers[1]];
    let start = async |name: &str| {
        let process = library.start_with(name, if name == "lendings" { &heard } else { &[] }).await?;
        let door = doors.iter().find(|(behind, _)| *behind == name);
        door.inspect(|(_, door)| door.lead(Some(process.address())));
        anyhow::Ok(process)
    };
    let mut processes: Vec<[Option<Running>; 2]> = Vec::new();
    for (place, name) in SERVICES.into_iter().enumerate() {
        let pair = [start(name).await?, start(name).await?];
        for (replica, process) in pair.iter().enumerate() {
            addresses.set(place, replica, Some(process.address()));
        }
        processes.push(pair.map(Some));
    }
    let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut begun = Begun::default();
    begun.book(&addresses).await?;
    until(addresses.of("sagas", 0)[0], &begun.books[0], is_in("COMPLETED")).await?;
    let writer = tokio::spawn(write(Arc::clone(&addresses), Arc::clone(&stop), begun));
    let reader = tokio::spawn(read(Arc::clone(&addresses), Arc::clone(&stop), Arc::clone(&reads)));
    for (place, name) in SERVICES.into_iter().enumerate() {
        for (replica, process) in processes[place].iter_mut().enumerate() {
            let killed = process.take().context("it was started")?;
            killed.kill9()?;
            // Whoever balances requests sees soon that it is gone, and not at once.
            sleep(WITHOUT).await;
            addresses.set(place, replica, None);
            sleep(WITHOUT).await;
            let next = start(name).await?;
            addresses.set(place, replica, Some(next.address()));
            *process = Some(next);
        }
    }
    stop.store(true, Ordering::Relaxed);
    let begun = writer.await??;
    reader.await??;
    let reads = reads.load(Ordering::Relaxed);
    anyhow::ensure!(
        begun.lendings.len() > SERVICES.len() && reads > 100,
        "{} lendings, {reads} readings",
        begun.lendings.len()
    );
    each_happened_once(&addresses, &begun).await
}

async fn each_happened_once(addresses: &Addresses, begun: &Begun) -> anyhow::Result<()> {
    let Some(sagas) = addresses.of("sagas", 0).first().copied() else { bail!("sagas listens") };
    for id in begun.books.iter().chain(&begun.lendings) {
        until(sagas, id, is_in("COMPLETED")).await?;
    }
    assert_eq!(all(addresses, "books", "isbn").await?.len(), begun.books.len(), "each once");
    for (service, field) in [("genres", "name"), ("authors", "name")] {
        let names = all(addresses, service, field).await?;
        let once: BTreeSet<&String> = names.iter().collect();
        assert_eq!((names.len(), once.len()), (begun.books.len(), begun.books.len()), "{service}: each once");
    }
    assert_eq!(all(addresses, "lendings", "lendingNumber").await?.len(), begun.lendings.len(), "each once");
    assert_eq!(all(addresses, "students", "studentNumber").await?.len(), begun.students.len(), "each once");
    for student in &begun.students {
        let loans = "query($number: ID!) { student(studentNumber: $number) { openLoans } }";
        let loans = addresses.ask("students", 0, loans, &json!({ "number": student })).await?;
        assert_eq!(loans["student"]["openLoans"], 1, "{student}");
    }
    Ok(())
}

/// A field of everything in a service's list.
async fn all(addresses: &Addresses, service: &str, field: &str) -> anyhow::Result<Vec<String>> {
    let query = format!(
        "query($after: String) {{ list: {service}(first: 100, after: $after) {{
            pageInfo {{ hasNextPage endCursor }} edges {{ node {{ value: {field} }} }} }} }}"
    );
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = addresses.ask(service, 0, &query, &json!({ "after": after })).await?["list"].clone();
        let edges = page["edges"].as_array().context("a list")?;
        found.extend(edges.iter().filter_map(|edge| edge["node"]["value"].as_str().map(str::to_owned)));
        if page["pageInfo"]["hasNextPage"] != json!(true) {
            return Ok(found);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}
