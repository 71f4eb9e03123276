//! Two processes of each service: whichever is killed, writing goes on, reading goes on, and each thing happens once.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use octavo_e2e::{Running, ask, isbn};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::sagas::{CATALOGUE, Library, is_in, until};

const SERVICES: [&str; 4] = ["authors", "books", "genres", "sagas"];
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

/// Begins a saga after the other, until it is told to stop; their identifiers.
async fn write(addresses: Arc<Addresses>, stop: Arc<AtomicBool>) -> anyhow::Result<Vec<Value>> {
    let mut begun = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let isbn = isbn(begun.len());
        let variables = json!({ "isbn": isbn, "name": format!("Name {isbn}"), "key": isbn });
        let data = addresses.ask("sagas", begun.len(), CATALOGUE, &variables).await?;
        anyhow::ensure!(data["catalogueBook"]["problems"] == json!([]), "{data}");
        begun.push(data["catalogueBook"]["saga"]["id"].clone());
        sleep(Duration::from_millis(50)).await;
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
        ("sagas", "{ sagas(first: 1) { edges { node { phase } } } }"),
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
    let mut processes: Vec<[Option<Running>; 2]> = Vec::new();
    for (place, name) in SERVICES.into_iter().enumerate() {
        let pair = [library.start(name).await?, library.start(name).await?];
        for (replica, process) in pair.iter().enumerate() {
            addresses.set(place, replica, Some(process.address()));
        }
        processes.push(pair.map(Some));
    }
    let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let writer = tokio::spawn(write(Arc::clone(&addresses), Arc::clone(&stop)));
    let reader = tokio::spawn(read(Arc::clone(&addresses), Arc::clone(&stop), Arc::clone(&reads)));
    for (place, name) in SERVICES.into_iter().enumerate() {
        for (replica, process) in processes[place].iter_mut().enumerate() {
            let killed = process.take().context("it was started")?;
            killed.kill9()?;
            // Whoever balances requests sees soon that it is gone, and not at once.
            sleep(WITHOUT).await;
            addresses.set(place, replica, None);
            sleep(WITHOUT).await;
            let next = library.start(name).await?;
            addresses.set(place, replica, Some(next.address()));
            *process = Some(next);
        }
    }
    stop.store(true, Ordering::Relaxed);
    let begun = writer.await??;
    reader.await??;
    let reads = reads.load(Ordering::Relaxed);
    anyhow::ensure!(begun.len() > 20 && reads > 100, "{} sagas, {reads} readings", begun.len());

    let Some(sagas) = addresses.of("sagas", 0).first().copied() else { bail!("sagas listens") };
    for id in &begun {
        until(sagas, id, is_in("COMPLETED")).await?;
    }
    let books = all(&addresses, "books", "isbn").await?;
    assert_eq!(books.len(), begun.len(), "each once");
    for (service, field) in [("genres", "name"), ("authors", "name")] {
        let names = all(&addresses, service, field).await?;
        let once: BTreeSet<&String> = names.iter().collect();
        assert_eq!((names.len(), once.len()), (begun.len(), begun.len()), "{service}: each once");
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
