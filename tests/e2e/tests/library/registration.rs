//! A student comes together with an account, without a token; or neither comes, and the username is free again.

use std::fs;
use std::net::SocketAddr;

use anyhow::Context;
use octavo_e2e::{Running, ask_as};
use serde_json::{Value, json};
use tempfile::TempDir;

const REGISTER: &str = "mutation($username: String!, $born: Date!, $wait: Duration, $key: String!) {
    done: registerStudentWithAccount(username: $username, name: \"Zoë Größe\", email: \"zoe@example.org\",
        password: \"correct horse\", birthDate: $born, phone: \"+351 912 345 678\", gdprConsent: true,
        interests: [\"Poetry\"], awaitCompletion: $wait, idempotencyKey: $key) {
      saga { id phase problem { code message path } steps { name status }
        user { username state } student { studentNumber name phone user { username } } }
      user { id state email student { studentNumber } } problems { code path } } }";

const LOGIN: &str = "mutation($username: String!) {
    done: login(username: $username, password: \"correct horse\", idempotencyKey: \"l\") { token } }";

/// A library that asks for tokens, empty but for its administrator.
pub(crate) async fn secured(folder: &TempDir) -> anyhow::Result<Running> {
    let secret = folder.path().join("secret");
    fs::write(&secret, "correct horse\n")?;
    let (data, secret) = (folder.path().join("data"), secret.to_string_lossy().into_owned());
    let data = data.to_string_lossy();
    Running::start("lms", &["--data", &data, "--empty", "--secured", "--admin-password-file", &secret]).await
}

/// What an answer that has no errors has done.
pub(crate) async fn done(
    at: SocketAddr,
    token: &str,
    query: &str,
    variables: Value,
) -> anyhow::Result<Value> {
    Ok(ask_as(at, token, query, variables).await?.data()?["done"].clone())
}

pub(crate) async fn login(at: SocketAddr, username: &str) -> anyhow::Result<String> {
    let given = done(at, "", LOGIN, json!({ "username": username })).await?;
    Ok(given["token"].as_str().with_context(|| format!("{username} cannot log in: {given}"))?.to_owned())
}

async fn register(at: SocketAddr, username: &str, born: &str, key: &str) -> anyhow::Result<Value> {
    // What is personal is null for whoever has no token, with an error; the rest is there.
    let variables = json!({ "username": username, "born": born, "wait": "PT30S", "key": key });
    Ok(ask_as(at, "", REGISTER, variables).await?.body["data"]["done"].clone())
}

#[tokio::test]
async fn a_student_comes_with_an_account_and_can_log_in() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = secured(&folder).await?;
    let at = library.address();
    let registered = register(at, "zoe", "2001-02-03", "k").await?;
    let (user, id) = (&registered["user"], &registered["saga"]["id"]);
    assert_eq!(
        (&user["state"], &user["email"]),
        (&json!("ACTIVE"), &json!("zoe@example.org")),
        "{registered}"
    );
    assert_eq!(
        register(at, "zoe", "2001-02-03", "k").await?["saga"]["id"],
        *id,
        "the same key is the same saga"
    );

    let token = login(at, "zoe").await?;
    let own = "{ done: userByUsername(username: \"ZOE\") { student { name phone birthDate interests { name }
        activity { edges { node { kind } } } } } }";
    let student = done(at, &token, own, json!({})).await?["student"].clone();
    let expected = json!({ "name": "Zoë Größe", "phone": "+351 912 345 678", "birthDate": "2001-02-03",
        "interests": [{ "name": "Poetry" }], "activity": { "edges": [{ "node": { "kind": "REGISTERED" } }] } });
    assert_eq!(student, expected);

    let saga = "query($id: ID!) { done: saga(id: $id) { __typename phase remaining
        ... on RegisterStudentSaga { student { studentNumber user { username } } user { username } } } }";
    let mut seen = Value::Null;
    for _ in 0..100 {
        seen = done(at, "", saga, json!({ "id": id })).await?;
        if seen["phase"] == "COMPLETED" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(
        (&seen["__typename"], &seen["phase"]),
        (&json!("RegisterStudentSaga"), &json!("COMPLETED")),
        "{seen}"
    );
    assert_eq!(seen["student"]["studentNumber"], user["student"]["studentNumber"], "{seen}");
    assert_eq!(
        (&seen["user"]["username"], &seen["student"]["user"]["username"]),
        (&json!("zoe"), &json!("zoe"))
    );
    Ok(())
}

#[tokio::test]
async fn who_is_refused_by_students_leaves_no_account_behind() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = secured(&folder).await?;
    let at = library.address();
    let refused = register(at, "kid", "2024-02-03", "k1").await?;
    assert_eq!((&refused["user"], &refused["problems"]), (&Value::Null, &json!([])), "{refused}");
    let saga = "query($id: ID!) { done: saga(id: $id) { phase problem { code message path } } }";
    let mut seen = Value::Null;
    for _ in 0..100 {
        seen = done(at, "", saga, json!({ "id": refused["saga"]["id"] })).await?;
        if seen["phase"] == "COMPENSATED" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let message = "birthDate breaks the rule: age >= 12";
    let problem = json!({ "code": "INVALID", "message": message, "path": ["birthDate"] });
    assert_eq!(seen, json!({ "phase": "COMPENSATED", "problem": problem }), "without what was given");
    let nobody = "{ done: userByUsername(username: \"kid\") { id } }";
    assert_eq!(done(at, "", nobody, json!({})).await?, Value::Null);
    let students = "{ done: students { edges { node { studentNumber } } } }";
    assert_eq!(done(at, "", students, json!({})).await?["edges"], json!([]));

    let wrong = register(at, "k d", "2001-02-03", "k2").await?;
    assert_eq!(
        wrong["problems"],
        json!([{ "code": "INVALID", "path": ["username"] }]),
        "users know that at once"
    );
    assert_eq!(wrong["saga"], Value::Null);
    let grown = register(at, "kid", "2001-02-03", "k3").await?;
    assert_eq!(grown["user"]["state"], "ACTIVE", "the username is free again: {grown}");
    let other = register(at, "KID", "2001-02-03", "k4").await?;
    assert_eq!(other["problems"], json!([{ "code": "DUPLICATE", "path": ["username"] }]));
    Ok(())
}

#[tokio::test]
async fn a_registration_that_others_began_is_not_for_everyone() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = secured(&folder).await?;
    let at = library.address();
    let admin = login(at, "admin").await?;
    let variables = json!({ "username": "zoe", "born": "2001-02-03", "wait": "PT30S", "key": "k" });
    let registered = done(at, &admin, REGISTER, variables).await?;
    let (id, saga) = (&registered["saga"]["id"], "query($id: ID!) { done: saga(id: $id) { phase } }");
    let codes = async |token: &str| {
        let answer = ask_as(at, token, saga, json!({ "id": id })).await?;
        Ok::<_, anyhow::Error>(answer.body["errors"][0]["extensions"]["code"].clone())
    };
    assert_eq!(codes("").await?, "UNAUTHENTICATED");
    assert_eq!(codes(&login(at, "zoe").await?).await?, "FORBIDDEN");
    assert_eq!(codes(&admin).await?, Value::Null);
    Ok(())
}
