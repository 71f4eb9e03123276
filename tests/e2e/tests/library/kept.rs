//! What was answered is kept, also when the process is killed right after.

use octavo_e2e::ask;
use serde_json::json;
use tempfile::TempDir;

const ADD: &str = include_str!("../../../../schema/operations/add-comment.graphql");

#[tokio::test]
async fn a_key_sent_again_after_a_kill_gets_the_same_bytes() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = crate::open(&folder).await?;
    let isbn = "9780439023481";
    let variables = json!({
        "studentNumber": "2021/2", "isbn": isbn, "comment": "Grüße, ß and 📚", "grade": 9, "idempotencyKey": "once",
    });
    let first = ask(library.address(), ADD, variables.clone()).await?;
    assert_eq!(first.data()?["addComment"]["problems"], json!([]));
    library.kill9()?;

    let library = crate::open(&folder).await?;
    let second = ask(library.address(), ADD, variables).await?;
    assert_eq!(first.text, second.text);
    let comments = "{ student(studentNumber: \"2021/2\") { comments(first: 100) { edges { node { comment \
                    book { isbn } } } } } }";
    let kept = ask(library.address(), comments, json!({})).await?;
    let edges = kept.data()?["student"]["comments"]["edges"].as_array().cloned().unwrap_or_default();
    let same: Vec<_> = edges.iter().filter(|edge| edge["node"]["book"]["isbn"] == isbn).collect();
    assert_eq!(same.len(), 1, "{}", kept.text);
    assert_eq!(same[0]["node"]["comment"], "Grüße, ß and 📚");
    let status = library.interrupt().await?;
    assert!(status.success(), "{status}");
    Ok(())
}
