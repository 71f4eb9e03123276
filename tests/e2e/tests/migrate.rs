//! `octavo migrate` against services as processes: how they stand, and what keeps them from telling.

use std::fs;
use std::process::Output;

use anyhow::Context;
use octavo_e2e::{Running, finish};
use serde_json::Value;
use tempfile::TempDir;

/// The exit code, and both outputs.
fn run(arguments: &[&str]) -> anyhow::Result<(Option<i32>, String, String)> {
    let Output { status, stdout, stderr } = finish("octavo", arguments)?;
    Ok((status.code(), String::from_utf8(stdout)?, String::from_utf8(stderr)?))
}

#[tokio::test]
async fn services_tell_how_they_stand_and_nothing_waits_in_them() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (token, wrong) = (at("token"), at("wrong"));
    fs::write(&token, "shared\n")?;
    fs::write(&wrong, "other\n")?;
    let start = async |service: &str| {
        let url = format!("sqlite:{}", at(service));
        Running::start(&format!("lms-{service}"), &["--database-url", &url, "--peer-token-file", &token])
            .await
    };
    let (genres, students, sagas) = (start("genres").await?, start("students").await?, start("sagas").await?);
    let node = Running::start("lms-node", &["--peer-token-file", &token]).await?;
    let named = [("genres", &genres), ("students", &students), ("sagas", &sagas), ("node", &node)]
        .map(|(name, running)| format!("--service={name}=http://{}/", running.address()));
    let services: Vec<&str> = named.iter().map(String::as_str).collect();
    let with = |what: &'static str, more: &[&'static str]| {
        let arguments = [&["migrate", what][..], &services, &["--peer-token-file", &token], more].concat();
        run(&arguments)
    };

    let (code, out, told) = with("status", &[])?;
    assert_eq!(code, Some(0), "{out}{told}");
    for line in [
        "applied  kit/0004 processes (expand, by lms 0.1.0)",
        "applied  genres/0001 genres (expand, by lms 0.1.0)",
        "applied  students/0001 students_comments_activity (expand, by lms 0.1.0)",
        "node: keeps nothing",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    assert_eq!(out.matches(" runs 0.1.0").count(), 3, "one process each: {out}");
    for what in ["plan", "up"] {
        let (code, out, told) = with(what, &[])?;
        assert_eq!((code, out.matches("  nothing to take away").count()), (Some(0), 3), "{out}{told}");
    }
    let (code, out, _) = with("status", &["--format", "json"])?;
    let json: Value = serde_json::from_str(&out).context(out)?;
    assert_eq!(code, Some(0));
    assert_eq!(json["services"][0]["told"]["ledger"][0]["name"], "genres", "{json}");

    let away = "--service=books=http://127.0.0.1:9/";
    let (code, out, told) = with("plan", &[away])?;
    assert_eq!(code, Some(1), "{out}{told}");
    assert!(out.contains("books: does not tell: nobody answers: "), "{out}");
    assert!(told.contains("services that do not tell: 1"), "{told}");
    let (code, out, _) = run(&["migrate", "status", services[0], "--peer-token-file", &wrong])?;
    assert_eq!(code, Some(1));
    assert!(out.contains("bring the services' shared token as `Authorization: Bearer` (403"), "{out}");
    for wrong in
        [&["migrate", "status"][..], &["migrate", "up", "--service", "genres"], &["migrate", services[0]]]
    {
        assert_eq!(run(wrong)?.0, Some(2), "{wrong:?}");
    }
    Ok(())
}
