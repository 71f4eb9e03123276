//! A student takes books and brings them back: three at most, and what is refused leaves no slot behind.

use std::net::SocketAddr;
use std::time::Duration;

use octavo_e2e::ask;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

const LEND: &str = "mutation($student: ID!, $isbn: ID!, $wait: Duration, $key: String!) {
    lendBook(studentNumber: $student, isbn: $isbn, awaitCompletion: $wait, idempotencyKey: $key) {
      saga { id phase problem { code path } steps { name status }
        lending { lendingNumber titleWhenLent book { title } student { name openLoans } } }
      problems { code path } } }";

const RETURN: &str = "mutation($number: ID!, $comment: String, $grade: Int, $key: String!) {
    returnBook(lendingNumber: $number, comment: $comment, grade: $grade, awaitCompletion: \"PT20S\",
        idempotencyKey: $key) {
      saga { phase problem { code path } warnings { code }
        lending { returnedAt comment { comment grade } student { openLoans } } }
      problems { code path } } }";

/// What can be seen of a student.
const STUDENT: &str = "query($student: ID!) { student(studentNumber: $student) { openLoans hasOverdue
    lendings(first: 3) { edges { node { lendingNumber returnedAt } } }
    activity(first: 5) { edges { node { kind book { isbn } } } } } }";

const READER: &str = "2021/2";
const ISBNS: [&str; 4] = ["9780439023481", "9780439554930", "9780316015844", "9780061120084"];

async fn lend(at: SocketAddr, student: &str, isbn: &str) -> anyhow::Result<Value> {
    let key = format!("lend {isbn} to {student}");
    let variables = json!({ "student": student, "isbn": isbn, "wait": "PT20S", "key": key });
    Ok(ask(at, LEND, variables).await?.data()?["lendBook"].clone())
}

async fn give_back(at: SocketAddr, number: &Value, said: Value, key: &str) -> anyhow::Result<Value> {
    let variables =
        json!({ "number": number, "comment": said["comment"], "grade": said["grade"], "key": key });
    Ok(ask(at, RETURN, variables).await?.data()?["returnBook"].clone())
}

async fn student(at: SocketAddr) -> anyhow::Result<Value> {
    Ok(ask(at, STUDENT, json!({ "student": READER })).await?.data()?["student"].clone())
}

fn kinds(student: &Value) -> Vec<&Value> {
    let entries = student["activity"]["edges"].as_array().into_iter().flatten();
    entries.map(|entry| &entry["node"]["kind"]).collect()
}

#[tokio::test]
async fn a_student_has_three_books_at_once_and_brings_them_back() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = crate::open(&folder).await?;
    let at = library.address();
    let mut numbers = Vec::new();
    for (loans, isbn) in (1..).zip(&ISBNS[..3]) {
        let lent = lend(at, READER, isbn).await?;
        assert_eq!(lent["saga"]["phase"], "COMPLETED", "{lent}");
        let lending = &lent["saga"]["lending"];
        assert_eq!(lending["titleWhenLent"], lending["book"]["title"], "{lent}");
        assert_eq!(lending["student"]["openLoans"], loans, "{lent}");
        numbers.push(lending["lendingNumber"].clone());
    }
    let fourth = lend(at, READER, ISBNS[3]).await?;
    assert_eq!(fourth["saga"]["phase"], "COMPENSATED", "{fourth}");
    assert_eq!(fourth["saga"]["problem"], json!({ "code": "INVALID", "path": ["studentNumber"] }));
    let full = student(at).await?;
    assert_eq!((&full["openLoans"], &full["hasOverdue"]), (&json!(3), &json!(false)));
    assert_eq!(kinds(&full)[..3], ["BOOK_LENT"; 3], "{full}");

    let said = json!({ "comment": "I read it twice.", "grade": 9 });
    let returned = give_back(at, &numbers[0], said.clone(), "r1").await?;
    let saga = &returned["saga"];
    assert_eq!((&saga["phase"], &saga["warnings"]), (&json!("COMPLETED"), &json!([])), "{returned}");
    assert_eq!(saga["lending"]["comment"], said);
    assert_eq!(saga["lending"]["student"]["openLoans"], 2);
    let again = give_back(at, &numbers[0], json!({}), "r2").await?;
    assert_eq!(again["saga"]["problem"], json!({ "code": "INVALID", "path": ["lendingNumber"] }), "{again}");
    let now = student(at).await?;
    assert_eq!(now["openLoans"], 2, "it was returned once");
    let mut after = kinds(&now)[..2].to_vec();
    after.sort_by_key(ToString::to_string);
    assert_eq!(after, ["BOOK_RETURNED", "COMMENT_ADDED"], "{now}");

    let lent = lend(at, READER, ISBNS[3]).await?;
    assert_eq!(lent["saga"]["phase"], "COMPENSATED", "the key leads to the saga that was refused");
    let variables = json!({ "student": READER, "isbn": ISBNS[3], "wait": "PT20S", "key": "once more" });
    let lent = ask(at, LEND, variables).await?.data()?["lendBook"].clone();
    assert_eq!(lent["saga"]["phase"], "COMPLETED", "{lent}");
    Ok(())
}

#[tokio::test]
async fn what_is_refused_leaves_no_slot_behind() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = crate::open(&folder).await?;
    let at = library.address();
    for (number, isbn, code, path) in
        [(READER, "9780306406157", "NOT_FOUND", "isbn"), ("1999/1", ISBNS[0], "NOT_FOUND", "studentNumber")]
    {
        let refused = lend(at, number, isbn).await?;
        assert_eq!(refused["saga"]["phase"], "COMPENSATED", "{refused}");
        assert_eq!(refused["saga"]["problem"], json!({ "code": code, "path": [path] }), "{refused}");
        assert_eq!(refused["saga"]["lending"], Value::Null);
    }
    assert_eq!(student(at).await?["openLoans"], 0);

    let wrong = lend(at, READER, "978030640615").await?;
    assert_eq!(wrong, json!({ "saga": null, "problems": [{ "code": "INVALID", "path": ["isbn"] }] }));
    for (said, path) in [
        (json!({ "grade": 3 }), "comment"),
        (json!({ "comment": "Short." }), "grade"),
        (json!({ "comment": "Short.", "grade": 11 }), "grade"),
        (json!({ "comment": "", "grade": 3 }), "comment"),
    ] {
        let refused = give_back(at, &json!("2024/1"), said, "r").await?;
        let problems = json!([{ "code": "INVALID", "path": [path] }]);
        assert_eq!(refused, json!({ "saga": null, "problems": problems }));
    }
    Ok(())
}

#[tokio::test]
async fn a_lending_that_was_begun_is_finished_after_a_kill() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = crate::open(&folder).await?;
    let variables = json!({ "student": READER, "isbn": ISBNS[0], "wait": null, "key": "k" });
    let begun = ask(library.address(), LEND, variables).await?.data()?["lendBook"]["saga"].clone();
    library.kill9()?;
    let library = crate::open(&folder).await?;
    let at = library.address();
    let saga =
        "query($id: ID!) { saga(id: $id) { phase ... on LendBookSaga { lending { lendingNumber } } } }";
    for _ in 0..300 {
        let saga = ask(at, saga, json!({ "id": begun["id"] })).await?.data()?["saga"].clone();
        if saga["phase"] == "COMPLETED" {
            let seen = student(at).await?;
            assert_eq!(seen["openLoans"], 1);
            assert_eq!(
                seen["lendings"]["edges"][0]["node"]["lendingNumber"],
                saga["lending"]["lendingNumber"]
            );
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("{begun} does not settle")
}
