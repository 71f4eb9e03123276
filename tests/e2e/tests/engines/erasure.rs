//! What is left of a student who was erased in the files of the engines, which are the test's own.

use std::path::Path;

use mongodb::bson::doc;
use octavo_e2e::{Running, ask, files_with};
use octavo_engines::{Engine, Mongo, Postgres};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// What is known of the student; files are searched without regard to case.
const KNOWN: [&str; 7] = [
    "Quillonda Vextrapple",
    "qvex.trapple",
    "qvextrapple@quillmail.example",
    "+351 917 260 413",
    "1987-06-19",
    "Zymoscopic Kites",
    "my grandmother Ottavine wept",
];

const REGISTER: &str = "mutation { done: registerStudentWithAccount(username: \"qvex.trapple\",
    name: \"Quillonda Vextrapple\", email: \"qvextrapple@quillmail.example\", password: \"correct horse\",
    birthDate: \"1987-06-19\", phone: \"+351 917 260 413\", gdprConsent: true, interests: [\"Zymoscopic Kites\"],
    awaitCompletion: \"PT30S\", idempotencyKey: \"k\") { user { state } problems { message } } }";

const OTHER: &str =
    "mutation { done: registerUser(username: \"other\", name: \"Other\", email: \"other@example.org\",
    password: \"correct horse\", idempotencyKey: \"o\") { problems { message } } }";

const COMMENT: &str =
    "mutation($number: ID!) { done: addComment(studentNumber: $number, isbn: \"9780306406157\",
    comment: \"my grandmother Ottavine wept\", grade: 4, idempotencyKey: \"c\") { problems { message } } }";

const ERASE: &str =
    "mutation($number: ID!) { done: eraseStudent(studentNumber: $number, awaitCompletion: \"PT30S\",
    idempotencyKey: \"e\") { saga { phase problem { message } } problems { message } } }";

/// Users, students and sagas, each a process on its engine, with a bus in a file.
struct Library {
    users: Running,
    students: Running,
    sagas: Running,
}

impl Library {
    async fn start(postgres: &Postgres, mongo: &Mongo, folder: &Path) -> anyhow::Result<Self> {
        let bus = format!("sqlite:{}", folder.join("bus.sqlite").display());
        let start = async |name: &str, database: String, more: &[String]| {
            let arguments = ["--database-url", &database, "--bus-url", &bus].map(str::to_owned);
            let arguments: Vec<&str> = arguments.iter().chain(more).map(String::as_str).collect();
            Running::start(&format!("lms-{name}"), &arguments).await
        };
        let users = start("users", postgres.create_database("users").await?, &[]).await?;
        let sagas = start("sagas", postgres.create_database("sagas").await?, &[]).await?;
        let peer = |name: &str, process: &Running| {
            ["--peer".to_owned(), format!("{name}=http://{}/", process.address())]
        };
        let peers = [peer("users", &users), peer("sagas", &sagas)].concat();
        let students = start("students", mongo.database_url("students"), &peers).await?;
        Ok(Self { users, students, sagas })
    }

    /// A student with an account and a comment; the number.
    async fn live(&self) -> anyhow::Result<Value> {
        done(&self.users, OTHER, json!({})).await?;
        let registered = done(&self.users, REGISTER, json!({})).await?;
        assert_eq!(registered["user"]["state"], "ACTIVE", "{registered}");
        let all = "{ done: students { edges { node { studentNumber } } } }";
        let all = ask(self.students.address(), all, json!({})).await?.data()?["done"].clone();
        let number = all["edges"][0]["node"]["studentNumber"].clone();
        done(&self.students, COMMENT, json!({ "number": number })).await?;
        Ok(number)
    }

    async fn stop(self) -> anyhow::Result<()> {
        for process in [self.users, self.students, self.sagas] {
            assert!(process.interrupt().await?.success());
        }
        Ok(())
    }
}

async fn done(service: &Running, query: &str, variables: Value) -> anyhow::Result<Value> {
    let done = ask(service.address(), query, variables).await?.data()?["done"].clone();
    anyhow::ensure!(done["problems"] == json!([]), "{done}");
    Ok(done)
}

/// Has each engine give up what was deleted, as docs/erasure.md says.
async fn compact(postgres: &mut Postgres, mongo: &mut Mongo) -> anyhow::Result<()> {
    for (database, statements) in [
        ("postgres", ["ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()"]),
        ("users", ["ANALYZE", "VACUUM FULL"]),
        ("sagas", ["ANALYZE", "VACUUM FULL"]),
        ("postgres", ["CHECKPOINT", "SELECT pg_switch_wal()"]),
        ("postgres", ["CHECKPOINT", "CHECKPOINT"]),
    ] {
        let mut connection = PgConnection::connect(&postgres.database_url(database)).await?;
        for statement in statements {
            sqlx::raw_sql(statement).execute(&mut connection).await?;
        }
        connection.close().await?;
    }
    let client = mongodb::Client::with_uri_str(&mongo.url()).await?;
    for collection in ["students", "comments", "activity", "events"] {
        client.database("students").run_command(doc! { "compact": collection, "force": true }).await?;
    }
    client.shutdown().await;
    mongo.stop().await?;
    postgres.stop().await
}

#[tokio::test]
async fn nothing_is_left_in_the_files_of_the_engines() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let (mut postgres, mut mongo) = (Postgres::start().await?, Mongo::start().await?);
    let library = Library::start(&postgres, &mongo, folder.path()).await?;
    let number = library.live().await?;
    let places = [postgres.server().data(), mongo.server().data()];
    for text in KNOWN {
        let mut found = places
            .iter()
            .map(|place| files_with(place, &KNOWN))
            .collect::<anyhow::Result<Vec<_>>>()?
            .concat();
        found.retain(|(_, known)| *known == text);
        assert!(!found.is_empty(), "the search finds what is there: {text}");
    }
    let erased = done(&library.sagas, ERASE, json!({ "number": number })).await?;
    assert_eq!(erased["saga"]["phase"], "COMPLETED", "{erased}");
    library.stop().await?;
    compact(&mut postgres, &mut mongo).await?;
    for place in places {
        assert_eq!(files_with(&place, &KNOWN)?, []);
    }
    assert_eq!(files_with(folder.path(), &KNOWN)?, [], "the bus never held it");
    Ok(())
}
