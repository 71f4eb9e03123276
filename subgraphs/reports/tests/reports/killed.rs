//! A process that is killed again and again, while it loads a state and while it applies what comes.

use std::{sync::Arc, time::Duration};

use async_graphql::{EmptyMutation, Object};
use async_trait::async_trait;
use lms_kit::{
    Service, Sources, StoreError,
    outbox::Wake,
    service::{Engine, Messages, SchemaParts, Silent, schema},
};
use tokio::{net::TcpListener, time::Instant};

use crate::{
    process::Running,
    said::{SERVICES, Said, library},
    world::{Told, World, bus, entries, index, publish, url},
};

struct Query;

#[Object]
impl Query {
    async fn nothing(&self) -> bool {
        true
    }
}

/// The engine of a stand-in, which tells a state and keeps nothing else.
struct Telling(Told);

#[async_trait]
impl Engine for Telling {
    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    fn statements(&self) -> u64 {
        0
    }

    async fn now_ms(&self) -> Result<i64, StoreError> {
        Ok(0)
    }

    fn messages(&self) -> Option<Messages> {
        let changes = Arc::new(self.0.clone());
        Some(Messages { outbox: Arc::new(Silent), wake: Wake::default(), changes, dead_letters: None })
    }

    async fn close(&self) {}
}

/// Has a stand-in for a service answer with a state; the flags by which it is found.
async fn owner(name: &'static str, events: &[Said]) -> [String; 2] {
    let told = Told::default();
    let first = events.iter().filter(|said| said.service == name && said.seq == 1);
    told.answers(first.map(|said| said.body.clone()).collect());
    let parts = SchemaParts::new(name, schema(Query, EmptyMutation).finish(), &[]);
    let service = Service::new(parts, Arc::new(Telling(told)), Sources::system()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { service.serve(listener, std::future::pending()).await });
    ["--peer".to_owned(), format!("{name}=http://{address}/")]
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_killed_at_any_time_counts_as_much_as_whoever_was_not() {
    let events = library(3_000);
    let spared = World::hearing(&events).await;

    // The state is as of the first event of each; what came after it is on the bus.
    let folder = tempfile::tempdir().unwrap();
    let bus_file = folder.path().join("bus.sqlite").display().to_string();
    let mut flags = vec!["--bus-url".to_owned(), format!("sqlite:{bus_file}")];
    for service in SERVICES {
        flags.extend(owner(service, &events).await);
    }
    let bus = bus(folder.path()).await;
    let (index, url) = (index(folder.path()), url(folder.path()));
    let mut later: Vec<Said> = events.iter().filter(|said| said.seq > 1).cloned().collect();
    later.push(crate::said::lending("marker", "marker", None, 0, 1));
    let mut chunks = later.chunks(later.len() / 12 + 1);
    let whole = spared.entries().unwrap();
    let mut seen = Vec::new();
    for life in 0..24 {
        let running = Running::start(&url, &flags);
        if let Some(chunk) = chunks.next() {
            publish(&bus, chunk).await;
        }
        tokio::time::sleep(Duration::from_millis(100 + life * 137 % 1_500)).await;
        running.kill();
        let counted = entries(&index).unwrap_or_default();
        seen.push(counted.iter().filter(|(key, text)| whole.get(*key) == Some(*text)).count());
    }
    let started = seen.iter().filter(|&&number| number > 0 && number < whole.len()).count();
    assert!(started > 5, "it is killed in the middle of its work: {seen:?}");

    let last = Running::start(&url, &flags);
    let deadline = Instant::now() + Duration::from_mins(2);
    while entries(&index).as_ref() != Some(&whole) {
        assert!(
            Instant::now() < deadline,
            "{:?} of {} entries",
            entries(&index).map(|all| all.len()),
            whole.len()
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    last.kill();
}
