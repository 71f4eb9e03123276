//! What clients ask for in `schema/operations` is answered by the sample library.

use std::fs;

use octavo_e2e::{ask, root};
use serde_json::{Value, json};
use tempfile::TempDir;

#[tokio::test]
async fn each_operation_is_answered_without_an_error() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = crate::open(&folder).await?;
    let author = ask(
        library.address(),
        "{ books(first: 1) { edges { node { authors { authorNumber } } } } }",
        json!({}),
    );
    let author = author.await?.data()?["books"]["edges"][0]["node"]["authors"][0]["authorNumber"].clone();
    let isbn = "9780439023481";
    let comment = json!({
        "studentNumber": "2021/2", "isbn": isbn, "comment": "Again!", "grade": 10, "idempotencyKey": "k",
    });
    let wish = |isbn: &str| json!({ "studentNumber": "2021/2", "isbn": isbn, "idempotencyKey": isbn });
    let lent = fs::read_to_string(root().join("schema/operations/lend-book.graphql"))?;
    let lent = ask(library.address(), &lent, wish("9780439554930")).await?;
    let number = lent.data()?["lendBook"]["saga"]["lending"]["lendingNumber"].clone();
    let back = json!({ "lendingNumber": number, "comment": "Good.", "grade": 7, "idempotencyKey": "k" });
    // Each with its variables, and something that the answer holds.
    let cases: [(&str, Value, &[&str]); 9] = [
        ("shelf", json!({}), &["/books/edges/0/node/comments/edges/0/node/student/user/username"]),
        ("add-comment", comment, &["/addComment/comment/book/averageGrade", "/addComment/comment/createdAt"]),
        (
            "author-page",
            json!({ "authorNumber": author }),
            &["/author/bio", "/author/books/edges/0/node/title"],
        ),
        (
            "top",
            json!({}),
            &[
                "/top/genres/0/genre/name",
                "/top/genres/4/books",
                "/top/books/4/book/title",
                "/top/students/0/student/name",
            ],
        ),
        (
            "lend-book",
            wish(isbn),
            &["/lendBook/saga/lending/student/name", "/lendBook/saga/lending/book/title"],
        ),
        ("return-book", back, &["/returnBook/saga/lending/returnedAt"]),
        ("overdue", json!({}), &["/overdueLendings/pageInfo/hasNextPage"]),
        ("search", json!({ "title": "war", "first": 3 }), &["/books/edges/2/node/authors/0/name"]),
        (
            "student-page",
            json!({ "studentNumber": "2021/2", "withActivity": true }),
            &[
                "/student/user/username",
                "/student/interests/0/name",
                "/student/suggestions/4/authors/0/name",
                "/student/comments/edges/0/node/book/title",
                "/student/activity/edges/0/node/book/title",
            ],
        ),
    ];
    let written = fs::read_dir(root().join("schema/operations"))?.count();
    assert_eq!(written, cases.len(), "every operation is sent");
    for (name, variables, places) in cases {
        let query = fs::read_to_string(root().join(format!("schema/operations/{name}.graphql")))?;
        let answer = ask(library.address(), &query, variables).await?;
        let data = answer.data()?;
        for place in places {
            assert!(data.pointer(place).is_some_and(|value| !value.is_null()), "{name}: {place} in {data}");
        }
    }
    Ok(())
}
