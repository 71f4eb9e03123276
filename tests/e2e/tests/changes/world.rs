//! The library, one of each entity in it, and what is asked about them.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use octavo_e2e::{Answer, Running, ask_as};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::table::Field;

/// What is private is kept for whoever brings the same token; the library does not ask who that is.
const CALLER: &str = "somebody";

/// Generous: tests share the machine.
const SETTLES_WITHIN: Duration = Duration::from_mins(4);

/// One of each entity of the sample, some under the names that the mutations give them.
const FOUND: &str = r#"{
  book(isbn: "9780439023481") { Book: id isbn genre { Genre: id genre: id } authors { Author: id author: authorNumber }
    comments(first: 1) { edges { node { Comment: id comment: id } } } }
  student(studentNumber: "2021/2") { Student: id student: studentNumber user { User: id user: id username } }
  genreByName(name: "Biography") { otherGenre: id }
  authors(first: 1) { edges { node { otherAuthor: authorNumber } } }
}"#;

/// The variables that a read of Query may name.
const VARIABLES: [(&str, &str); 8] = [
    ("author", "ID!"),
    ("isbn", "ID!"),
    ("genre", "ID!"),
    ("lending", "ID!"),
    ("Book", "ID!"),
    ("student", "ID!"),
    ("user", "ID!"),
    ("username", "String!"),
];

pub(crate) struct World {
    library: Running,
    /// The identifiers, by type, and the mutations' variables.
    names: Value,
    folder: TempDir,
}

/// What was read, and whether something of it was kept.
pub(crate) struct Read {
    pub(crate) value: Value,
    pub(crate) kept: bool,
}

impl World {
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let data = folder.path().to_string_lossy().into_owned();
        let library = Running::start("lms", &["--data", &data, "--cache"]).await?;
        let mut world = Self { library, names: json!({}), folder };
        let found = world.ask(FOUND).await?;
        world.learn(found.data()?);
        world.settle().await?;
        Ok(world)
    }

    /// Waits until all that the sample made is said: what comes after would wait behind it.
    async fn settle(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            let waiting = self.ask("{ consistency { services { name outbox } } }").await?;
            // A service that loads may answer that it cannot now.
            let data = waiting.data().cloned().unwrap_or_default();
            let services = data["consistency"]["services"].as_array().cloned().unwrap_or_default();
            if !services.is_empty() && services.iter().all(|service| service["outbox"] == 0) {
                return Ok(());
            }
            ensure!(began.elapsed() < SETTLES_WITHIN, "the sample is not said yet: {}", waiting.text);
            sleep(Duration::from_millis(200)).await;
        }
    }

    pub(crate) async fn ask(&self, document: &str) -> anyhow::Result<Answer> {
        ask_as(self.library.address(), CALLER, document, self.names.clone()).await
    }

    /// Keeps what is found under a name.
    fn learn(&mut self, found: &Value) {
        match found {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if value.is_string() {
                        self.names[name] = value.clone();
                    }
                    self.learn(value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            _ => {}
        }
    }

    pub(crate) async fn read(&self, field: &Field) -> anyhow::Result<Read> {
        let Field { of, read, .. } = field;
        let document = if of == "Query" {
            let is_used = |(name, _): &&(&str, &str)| {
                [")", "]", " "].iter().any(|after| read.contains(&format!("${name}{after}")))
            };
            let used = VARIABLES.iter().filter(is_used);
            let declared: Vec<_> = used.map(|(name, of)| format!("${name}: {of}")).collect();
            let declared = declared.join(", ");
            let declared = if declared.is_empty() { declared } else { format!("({declared})") };
            format!("query{declared} {{ {read} }}")
        } else {
            format!("query(${of}: ID!) {{ node(id: ${of}) {{ ... on {of} {{ {read} }} }} }}")
        };
        let answer = self.ask(&document).await?;
        let kept = answer.cache.starts_with("hit") || answer.cache.starts_with("partial");
        let value = answer.data().with_context(|| format!("{}: {document}", field.coordinate))?.clone();
        Ok(Read { value, kept })
    }

    /// Carries a mutation of causes.graphql out.
    pub(crate) async fn cause(&mut self, name: &str) -> anyhow::Result<()> {
        let begin = format!("mutation {name}");
        let mut documents = include_str!("causes.graphql").split("\n\n");
        let document =
            documents.find(|text| text.strip_prefix(&begin).is_some_and(|rest| rest.starts_with(['(', ' '])));
        self.change(document.with_context(|| format!("causes.graphql has no {name}"))?).await
    }

    /// Carries a mutation out, and keeps what it finds.
    pub(crate) async fn change(&mut self, document: &str) -> anyhow::Result<()> {
        let answer = self.ask(document).await?;
        let done = answer.data()?["done"].clone();
        ensure!(done["problems"] == json!([]), "{document}: {}", answer.text);
        self.learn(&done);
        Ok(())
    }

    /// What the gateway measures.
    pub(crate) async fn measured(&self) -> anyhow::Result<String> {
        Ok(reqwest::get(format!("http://{}/metrics", self.library.address())).await?.text().await?)
    }

    /// The bodies of all events that were said.
    pub(crate) async fn events(&self) -> anyhow::Result<Vec<String>> {
        let bus = self.folder.path().join("bus.sqlite");
        let options = SqliteConnectOptions::new().filename(bus).read_only(true);
        let mut connection = options.connect().await?;
        let select =
            "SELECT m.body FROM messages m JOIN topics t ON t.id = m.topic WHERE t.name LIKE '%.events'";
        let bodies = sqlx::query_scalar(select).fetch_all(&mut connection).await?;
        connection.close().await?;
        Ok(bodies)
    }
}
