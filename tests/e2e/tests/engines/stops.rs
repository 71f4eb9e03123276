//! What answers while something is away: each service and each engine is killed in turn, and each root field is asked. The
//! table of it stands in `docs/availability.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context;
use octavo_e2e::{Door, Running, ask, isbn, root};
use octavo_engines::{Engine as _, Mongo, Postgres, Pulsar, Redis};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::stack::fill;

const SERVICES: [&str; 9] =
    ["authors", "books", "genres", "lendings", "node", "reports", "sagas", "students", "users"];
const ENGINES: [&str; 4] = ["PostgreSQL", "documents", "Redis", "Pulsar"];
/// Within how long everything answers again when what was away is there.
const RECOVERED_WITHIN: Duration = Duration::from_mins(1);
/// How often a field that should answer is asked before it is said to be away: a busy machine may refuse it for another reason.
const TRIES: usize = 40;
const PAUSE: Duration = Duration::from_millis(200);

/// Root fields, each asked for what its own service knows. `NEW` is different each time.
const FIELDS: [(&str, &str); 20] = [
    ("authors", "{ authors(first: 1) { edges { node { name } } } }"),
    ("books", "{ books(first: 1) { edges { node { title } } } }"),
    ("consistency", "{ consistency { edges { healthy } } }"),
    ("deadLetters", "{ deadLetters { edges { node { id } } } }"),
    ("genres", "{ genres(first: 1) { edges { node { name } } } }"),
    ("lendings", "{ lendings(first: 1) { edges { node { lendingNumber } } } }"),
    ("node", "{ node(id: \"BOOK\") { id } }"),
    ("reports", "{ reports { topBooks { lendings } } }"),
    ("sagas", "{ sagas(first: 1) { edges { node { id } } } }"),
    ("students", "{ students(first: 1) { edges { node { name } } } }"),
    ("top.genres", "{ top { genres { books } } }"),
    ("users", "{ users(first: 1) { edges { node { username } } } }"),
    (
        "addComment",
        "mutation { done: addComment(studentNumber: \"STUDENT\", isbn: \"ISBN\", comment: \"Fine.\", grade: 8, \
      idempotencyKey: \"NEW\") { problems { code message } } }",
    ),
    (
        "createAuthor",
        "mutation { done: createAuthor(name: \"NEW\", bio: \"Writes.\", idempotencyKey: \"NEW\") \
      { problems { code message } } }",
    ),
    (
        "createBook",
        "mutation { done: createBook(isbn: \"ISBN\", title: \"NEW\", authorNumbers: [\"1\"], idempotencyKey: \"NEW\") \
      { problems { code message } } }",
    ),
    (
        "createGenre",
        "mutation { done: createGenre(name: \"NEW\", idempotencyKey: \"NEW\") { problems { code message } } }",
    ),
    (
        "lendBook",
        "mutation { done: lendBook(studentNumber: \"STUDENT\", isbn: \"ISBN\", idempotencyKey: \"NEW\") \
      { problems { code message } } }",
    ),
    (
        "registerStudent",
        "mutation { done: registerStudent(name: \"NEW\", birthDate: \"2001-02-03\", phone: \"+49 30 1234567\", \
      gdprConsent: true, idempotencyKey: \"NEW\") { problems { code message } } }",
    ),
    (
        "registerStudentWithAccount",
        "mutation { done: registerStudentWithAccount(username: \"wNEW\", name: \"NEW\", \
      email: \"new@example.org\", password: \"correct horse battery\", birthDate: \"2001-02-03\", phone: \"+49 30 1234567\", \
      gdprConsent: true, idempotencyKey: \"NEW\") { problems { code message } } }",
    ),
    (
        "registerUser",
        "mutation { done: registerUser(username: \"uNEW\", name: \"NEW\", email: \"new@example.org\", \
      password: \"correct horse battery\", idempotencyKey: \"NEW\") { problems { code message } } }",
    ),
];

/// The library on engines of its own.
struct Library {
    postgres: Postgres,
    mongo: Mongo,
    redis: Redis,
    pulsar: Pulsar,
    doors: BTreeMap<&'static str, Door>,
    databases: BTreeMap<&'static str, String>,
    processes: BTreeMap<&'static str, Running>,
    folder: TempDir,
}

impl Library {
    async fn start() -> anyhow::Result<Self> {
        let (postgres, mongo) = (Postgres::start().await?, Mongo::start().await?);
        let (redis, pulsar, folder) = (Redis::start().await?, Pulsar::start().await?, TempDir::new()?);
        let (mut doors, mut databases) = (BTreeMap::new(), BTreeMap::new());
        for name in SERVICES {
            doors.insert(name, Door::open().await?);
            let database = match name {
                "node" => continue,
                "students" => mongo.database_url(name),
                "reports" => format!("tantivy:{}", folder.path().join(name).display()),
                _ => postgres.create_database(name).await?,
            };
            databases.insert(name, database);
        }
        let processes = BTreeMap::new();
        let mut library = Self { postgres, mongo, redis, pulsar, doors, databases, processes, folder };
        for name in SERVICES {
            library.start_service(name).await?;
        }
        Ok(library)
    }

    async fn start_service(&mut self, name: &'static str) -> anyhow::Result<()> {
        let mut arguments = Vec::new();
        if let Some(database) = self.databases.get(name) {
            arguments.extend(["--database-url".to_owned(), database.clone()]);
            arguments.extend(["--bus-url".to_owned(), self.pulsar.url()]);
            arguments.extend(["--bus-admin-url".to_owned(), self.pulsar.admin_url()]);
        }
        for peer in SERVICES.into_iter().filter(|peer| *peer != name) {
            arguments.extend(["--peer".to_owned(), format!("{peer}=http://{}/", self.door(peer)?.address())]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let process = Running::start(&format!("lms-{name}"), &arguments).await?;
        self.door(name)?.lead(Some(process.address()));
        self.processes.insert(name, process);
        Ok(())
    }

    fn door(&self, name: &str) -> anyhow::Result<&Door> {
        self.doors.get(name).with_context(|| format!("{name} has a door"))
    }

    async fn gateway(&self) -> anyhow::Result<Running> {
        let mut config = format!(
            "authorization: {{ enforce: false }}\ncache:\n  redis: {{ url: \"{}\" }}\nsubgraphs:\n",
            self.redis.url()
        );
        for (name, door) in &self.doors {
            writeln!(config, "  {name}: {{ url: \"http://{}/graphql\" }}", door.address())?;
        }
        let file = self.folder.path().join("gateway.yaml");
        fs::write(&file, config)?;
        let config = file.to_string_lossy();
        Running::start("octavo", &["serve", "--supergraph", "schema/supergraph.graphql", "--config", &config])
            .await
    }

    fn kill(&mut self, what: &'static str) -> anyhow::Result<()> {
        match what {
            "PostgreSQL" => self.postgres.kill9(),
            "documents" => self.mongo.kill9(),
            "Redis" => self.redis.kill9(),
            "Pulsar" => self.pulsar.kill9(),
            service => {
                self.door(service)?.lead(None);
                self.processes.remove(service).context("it runs")?.kill9()
            }
        }
    }

    async fn revive(&mut self, what: &'static str) -> anyhow::Result<()> {
        match what {
            "PostgreSQL" => self.postgres.restart().await,
            "documents" => self.mongo.restart().await,
            "Redis" => self.redis.restart().await,
            "Pulsar" => self.pulsar.restart().await,
            service => self.start_service(service).await,
        }
    }
}

/// Asks each root field, with what is new each time.
struct Asking {
    gateway: SocketAddr,
    book: String,
    student: String,
    number: usize,
}

impl Asking {
    /// Whether each field answers, and what the others said; `away` need not, and are asked once.
    async fn all(&mut self, away: &BTreeSet<String>) -> anyhow::Result<Vec<Result<(), String>>> {
        let mut answers = Vec::new();
        for (field, document) in FIELDS {
            let mut answer = self.once(document).await?;
            for _ in 1..if away.contains(field) { 1 } else { TRIES } {
                if answer.is_ok() {
                    break;
                }
                sleep(PAUSE).await;
                answer = self.once(document).await?;
            }
            answers.push(answer);
        }
        Ok(answers)
    }

    /// Whether a field answers, and what it said if it does not.
    async fn once(&mut self, document: &str) -> anyhow::Result<Result<(), String>> {
        self.number += 1;
        let (new, isbn) = (format!("n{}", self.number), isbn(self.number));
        let document = document.replace("NEW", &new).replace("ISBN", &isbn);
        let document = document.replace("STUDENT", &self.student).replace("BOOK", &self.book);
        let answer = ask(self.gateway, &document, json!({})).await?.body;
        let problems = &answer["data"]["done"]["problems"];
        let is_well = answer.get("errors").is_none() && (problems.is_null() || *problems == json!([]));
        Ok(if is_well { Ok(()) } else { Err(answer.to_string()) })
    }

    /// Waits until every field answers.
    async fn recovered(&mut self, after: &str) -> anyhow::Result<()> {
        let (began, each_once) = (Instant::now(), FIELDS.map(|(field, _)| field.to_owned()).into());
        loop {
            let answers = self.all(&each_once).await?;
            let away: Vec<String> = answers.into_iter().filter_map(Result::err).collect();
            if away.is_empty() {
                return Ok(());
            }
            anyhow::ensure!(began.elapsed() < RECOVERED_WITHIN, "{after} is there again: {away:?}");
            sleep(PAUSE).await;
        }
    }
}

/// The fields that are away without something, as the page says.
fn away(page: &str, stopped: &str) -> BTreeSet<String> {
    let cells =
        |line: &str| line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect::<Vec<_>>();
    let mut rows = page.lines().skip_while(|line| !line.starts_with("| without |")).map(cells);
    let heads = rows.next().unwrap_or_default();
    let Some(column) = heads.iter().position(|head| head == stopped) else { return BTreeSet::new() };
    let rows = rows.take_while(|cells| cells.len() == heads.len());
    rows.filter(|cells| cells[column] == "away").map(|cells| cells[1].clone()).collect()
}

#[tokio::test]
async fn what_answers_while_something_is_away_is_as_the_table_says() -> anyhow::Result<()> {
    let mut library = Library::start().await?;
    let gateway = library.gateway().await?;
    fill(gateway.address()).await?;
    let found = "{ books(first: 1) { edges { node { id } } } students(first: 1) { edges { node { studentNumber } } } }";
    let found = ask(gateway.address(), found, json!({})).await?.data()?.clone();
    let text = |value: &Value| value.as_str().map(str::to_owned).context("a text");
    let mut asking = Asking {
        gateway: gateway.address(),
        book: text(&found["books"]["edges"][0]["node"]["id"])?,
        student: text(&found["students"]["edges"][0]["node"]["studentNumber"])?,
        number: 0,
    };
    asking.recovered("everything").await?;
    let mut rows: Vec<String> = FIELDS.iter().map(|(field, _)| format!("| `{field}` |")).collect();
    let (mut reasons, page) = (Vec::new(), fs::read_to_string(root().join("docs/availability.md"))?);
    for stopped in SERVICES.into_iter().chain(ENGINES) {
        library.kill(stopped)?;
        for ((row, (field, _)), answer) in
            rows.iter_mut().zip(FIELDS).zip(asking.all(&away(&page, stopped)).await?)
        {
            row.push_str(if answer.is_ok() { " |" } else { " away |" });
            reasons.extend(answer.err().map(|reason| format!("{field} without {stopped}: {reason}")));
        }
        library.revive(stopped).await?;
        asking.recovered(stopped).await?;
    }
    let heads = SERVICES.into_iter().chain(ENGINES).map(|head| format!(" {head} |"));
    let heads = format!("| without |{}\n|{}", heads.collect::<String>(), " --- |".repeat(14));
    let table = format!("{heads}\n{}\n", rows.join("\n"));
    let reasons = reasons.join("\n");
    assert!(page.contains(&table), "docs/availability.md has another table than this:\n{table}\n{reasons}");
    Ok(())
}
