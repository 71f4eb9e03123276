//! A student who registers, borrows, comments and leaves, by way of the gateway.

use std::net::SocketAddr;

use anyhow::Context as _;
use octavo_e2e::ask_as;
use serde_json::{Value, json};

/// What is known of the student, each of which nothing else in the library holds; files are searched without regard to case.
pub(crate) const KNOWN: [&str; 9] = [
    "Quillonda Vextrapple",
    "Quillonda Marrowfinch",
    "qvex.trapple",
    "qvextrapple@quillmail.example",
    "+351 917 260 413",
    "1987-06-19",
    "Zymoscopic Kites",
    "my grandmother Ottavine wept",
    "a zorbulating tale of tidal clocks",
];
/// What of it [`Caller::read`] reads.
pub(crate) const KNOWN_TO_READERS: [&str; 7] = [
    "Quillonda Marrowfinch",
    "qvex.trapple",
    "qvextrapple@quillmail.example",
    "+351 917 260 413",
    "1987-06-19",
    "my grandmother Ottavine wept",
    "a zorbulating tale of tidal clocks",
];
const ISBNS: [&str; 2] = ["9780306406157", "9780439023481"];

/// Somebody, as the gateway's cache tells callers apart; services ask nobody for a token here.
pub(crate) struct Caller(SocketAddr);

impl Caller {
    pub(crate) fn new(gateway: SocketAddr) -> Self {
        Self(gateway)
    }

    /// A student with an account, of whom all is known that there is to know; the number.
    pub(crate) async fn live(&self) -> anyhow::Result<String> {
        let [name, later, username, email, phone, born, interest, said, told] = KNOWN;
        for isbn in ISBNS {
            let book = format!(
                "catalogueBook(isbn: \"{isbn}\", title: \"Book {isbn}\", genre: \"Essays\", authors: [{{ name: \"A\", \
                 bio: \"B\" }}], awaitCompletion: \"PT30S\", idempotencyKey: \"{isbn}\")"
            );
            self.saga(&book, "").await?;
        }
        let other = "registerUser(username: \"other\", name: \"Other\", email: \"other@example.org\", \
                     password: \"correct horse\", idempotencyKey: \"o\")";
        self.done(other, "").await?;
        let register = format!(
            "registerStudentWithAccount(username: \"{username}\", name: \"{name}\", email: \"{email}\", \
             password: \"correct horse\", birthDate: \"{born}\", phone: \"{phone}\", gdprConsent: true, \
             interests: [\"{interest}\"], awaitCompletion: \"PT30S\", idempotencyKey: \"k\")"
        );
        let saga = "saga { student { studentNumber user { id } } }";
        let student = self.done(&register, saga).await?["saga"]["student"].clone();
        let (number, user) = (text(&student["studentNumber"])?, text(&student["user"]["id"])?);
        let comment = format!(
            "addComment(studentNumber: \"{number}\", isbn: \"{}\", comment: \"{said}\", grade: 4, idempotencyKey: \"c\")",
            ISBNS[0]
        );
        self.done(&comment, "").await?;
        self.borrow(&number, told).await?;
        for renamed in [
            format!(
                "updateUser(id: \"{user}\", name: \"{later}\", expectedVersion: 1, idempotencyKey: \"u\")"
            ),
            format!(
                "updateStudent(studentNumber: \"{number}\", name: \"{later}\", expectedVersion: 1, idempotencyKey: \"s\")"
            ),
        ] {
            self.done(&renamed, "").await?;
        }
        Ok(number)
    }

    async fn borrow(&self, number: &str, told: &str) -> anyhow::Result<()> {
        let lend = format!(
            "lendBook(studentNumber: \"{number}\", isbn: \"{}\", awaitCompletion: \"PT30S\", idempotencyKey: \"l\")",
            ISBNS[1]
        );
        let saga = self.saga(&lend, "lending { lendingNumber }").await?;
        let lending = text(&saga["lending"]["lendingNumber"])?;
        let back = format!(
            "returnBook(lendingNumber: \"{lending}\", comment: \"{told}\", grade: 9, awaitCompletion: \"PT30S\", \
             idempotencyKey: \"r\")"
        );
        self.saga(&back, "").await.map(drop)
    }

    /// Reads what the gateway keeps: entities that are led to by others.
    pub(crate) async fn read(&self) -> anyhow::Result<()> {
        let query = "{ lendings { edges { node { student { name birthDate phone user { username email } } } } } \
            books { edges { node { comments { edges { node { comment } } } } } } }";
        ask_as(self.0, "a caller", query, json!({})).await?.data().map(drop)
    }

    pub(crate) async fn erase(&self, number: &str) -> anyhow::Result<()> {
        let erase = format!(
            "eraseStudent(studentNumber: \"{number}\", awaitCompletion: \"PT30S\", idempotencyKey: \"e\")"
        );
        self.saga(&erase, "").await.map(drop)
    }

    /// The saga that a field begins, which is to end well.
    async fn saga(&self, field: &str, wanted: &str) -> anyhow::Result<Value> {
        let wanted = format!("saga {{ phase problem {{ message }} warnings {{ message }} {wanted} }}");
        let saga = self.done(field, &wanted).await?["saga"].clone();
        anyhow::ensure!(saga["phase"] == "COMPLETED" && saga["warnings"] == json!([]), "{field}: {saga}");
        Ok(saga)
    }

    /// What a field comes to that is answered without problems.
    async fn done(&self, field: &str, wanted: &str) -> anyhow::Result<Value> {
        let query = format!("mutation {{ done: {field} {{ {wanted} problems {{ code message }} }} }}");
        let done = ask_as(self.0, "a caller", &query, json!({})).await?.data()?["done"].clone();
        anyhow::ensure!(done["problems"] == json!([]), "{field}: {done}");
        Ok(done)
    }
}

fn text(value: &Value) -> anyhow::Result<String> {
    Ok(value.as_str().with_context(|| format!("{value} is no text"))?.to_owned())
}
