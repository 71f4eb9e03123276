//! The processes, and a few books in them.

use std::fs;
use std::net::SocketAddr;

use anyhow::Context;
use octavo_e2e::{Running, SERVICES, Tap, ask};
use octavo_engines::shared;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What a driver sends to read or change documents, once for each command.
const DOCUMENT_COMMANDS: &[&[u8]] =
    &[b"\x02find\0", b"\x02aggregate\0", b"\x02update\0", b"\x02insert\0", b"\x02findAndModify\0"];

/// One service: its process, and what counts the requests to it.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) process: Running,
    pub(crate) requests: Tap,
}

/// The five services, each on an empty database of the shared engines.
pub(crate) struct Stack {
    pub(crate) members: Vec<Member>,
    documents: Tap,
}

impl Stack {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let mongo = shared::mongo_database("e2e")?;
        let address: SocketAddr =
            mongo.split('/').nth(2).context("the URL names an address")?.parse().context("an address")?;
        let documents = Tap::start(address, DOCUMENT_COMMANDS).await?;
        let mut members = Vec::new();
        for name in SERVICES {
            let database = if name == "students" {
                mongo.replace(&address.to_string(), &documents.address().to_string())
            } else {
                shared::postgres_database(name).await?
            };
            let process = Running::start(&format!("lms-{name}"), &["--database-url", &database]).await?;
            let requests = Tap::of_requests(process.address()).await?;
            members.push(Member { name, process, requests });
        }
        Ok(Self { members, documents })
    }

    /// A gateway in front of them with a cache on this Redis.
    pub(crate) async fn gateway(&self, folder: &TempDir, redis: &str) -> anyhow::Result<Running> {
        let urls = self.members.iter().map(|member| {
            let address = member.requests.address();
            format!("  {}: {{ url: \"http://{address}/graphql\" }}\n", member.name)
        });
        let urls: String = urls.collect();
        let cache = format!("cache:\n  redis: {{ url: \"{redis}\", timeout_ms: 500 }}\n");
        let config = format!("{cache}authorization: {{ enforce: false }}\nsubgraphs:\n{urls}");
        let file = folder.path().join("gateway.yaml");
        fs::write(&file, config)?;
        let config = file.to_string_lossy();
        Running::start("octavo", &["serve", "--supergraph", "schema/supergraph.graphql", "--config", &config])
            .await
    }

    pub(crate) fn service(&self, name: &str) -> anyhow::Result<SocketAddr> {
        let member = self.members.iter().find(|member| member.name == name);
        Ok(member.with_context(|| format!("{name} is a service"))?.process.address())
    }

    /// How many requests each service was sent so far.
    pub(crate) fn requests(&self) -> Vec<usize> {
        self.members.iter().map(|member| member.requests.count()).collect()
    }

    /// How many statements and commands each service has sent to its database so far.
    pub(crate) fn statements(&self) -> anyhow::Result<Vec<usize>> {
        let of = |member: &Member| match member.name {
            "students" => Ok(self.documents.count()),
            _ => member.process.statements(),
        };
        self.members.iter().map(of).collect()
    }
}

/// Three books of two authors and a genre, with a comment on each by a student with an account, by way of the gateway.
pub(crate) async fn fill(gateway: SocketAddr) -> anyhow::Result<()> {
    let genre =
        changed(gateway, "createGenre(name: \"Fantasy\", idempotencyKey: \"g\")", "genre { id }").await?;
    let genre = text(&genre["genre"]["id"])?;
    let user = "registerUser(username: \"ada\", name: \"Ada\", email: \"ada@example.org\", \
                password: \"correct horse battery\", idempotencyKey: \"u\")";
    let user = changed(gateway, user, "user { id }").await?;
    let user = text(&user["user"]["id"])?;
    let student = format!(
        "registerStudent(name: \"Ada\", birthDate: \"2001-02-03\", phone: \"+49 30 1234567\", gdprConsent: true, \
         interests: [\"Fantasy\"], userId: \"{user}\", idempotencyKey: \"s\")"
    );
    let student = changed(gateway, &student, "student { studentNumber }").await?;
    let student = text(&student["student"]["studentNumber"])?;
    let books = [
        ("9780547928227", "The Hobbit", "J. R. R. Tolkien"),
        ("9780439023481", "The Hunger Games", "Suzanne Collins"),
        ("9780141439518", "The Prejudice", "Jane Austen"),
    ];
    for (isbn, title, author) in books {
        let create =
            format!("createAuthor(name: \"{author}\", bio: \"Writes.\", idempotencyKey: \"{isbn}\")");
        let author = changed(gateway, &create, "author { authorNumber }").await?;
        let author = text(&author["author"]["authorNumber"])?;
        let create = format!(
            "createBook(isbn: \"{isbn}\", title: \"{title}\", genreId: \"{genre}\", authorNumbers: [\"{author}\"], \
             idempotencyKey: \"{isbn}\")"
        );
        changed(gateway, &create, "book { isbn }").await?;
        let comment = format!(
            "addComment(studentNumber: \"{student}\", isbn: \"{isbn}\", comment: \"Fine.\", grade: 8, \
             idempotencyKey: \"{isbn}\")"
        );
        changed(gateway, &comment, "comment { id }").await?;
    }
    Ok(())
}

/// Sends a mutation that nothing speaks against.
pub(crate) async fn changed(gateway: SocketAddr, field: &str, entity: &str) -> anyhow::Result<Value> {
    let query = format!("mutation {{ done: {field} {{ {entity} problems {{ message path }} }} }}");
    let answer = ask(gateway, &query, json!({})).await?;
    let done = answer.data()?["done"].clone();
    anyhow::ensure!(done["problems"] == json!([]), "{field}: {done}");
    Ok(done)
}

fn text(value: &Value) -> anyhow::Result<String> {
    Ok(value.as_str().with_context(|| format!("{value} is no text"))?.to_owned())
}
