//! A machine without the engines' programs: containers take their place, asked for from a stand-in for docker, which
//! writes down what it is asked.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};

/// What the browser tests and the build need, which no container brings.
const OTHERS: [&str; 3] = ["protoc", "chromium", "chromedriver"];

fn program(folder: &Path, name: &str, script: &str) -> anyhow::Result<()> {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n"))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// `xtask engines`, which finds no programs but those of a folder.
fn engines(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .arg("engines")
        .env("PATH", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn engines_come_from_containers_and_are_removed() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let asked = folder.path().join("asked");
    for name in OTHERS {
        program(folder.path(), name, "exit 1")?;
    }
    let shown = asked.display();
    program(
        folder.path(),
        "docker",
        &format!("echo \"$@\" >> {shown}; case \"$*\" in *'--file - up'*) /bin/cat >> {shown};; esac"),
    )?;
    let mut task = engines(folder.path()).spawn()?;
    let mut said = Vec::new();
    for line in BufReader::new(task.stdout.take().context("piped")?).lines() {
        said.push(line?);
        if said.last().is_some_and(|line| line.starts_with("running until")) {
            kill_process(
                Pid::from_raw(task.id().cast_signed()).context("a process has an id")?,
                Signal::INT,
            )?;
        }
    }
    task.wait()?;
    let asked = fs::read_to_string(&asked)?;
    let commands: Vec<&str> = asked.lines().filter(|line| !line.starts_with([' ', 's'])).collect();
    let project = format!("octavo-test-{}", task.id());
    assert_eq!(commands.len(), 3, "{asked}\n{said:?}");
    assert_eq!(commands[0], "info");
    assert!(commands[1].starts_with(&format!("compose --project-name {project} --file ")), "{asked}");
    assert!(commands[1].ends_with(
        "docker-compose.yml --file - up --detach --wait --quiet-pull postgres mongo redis pulsar"
    ));
    assert!(commands[2].starts_with(&format!("compose --project-name {project} ")), "{asked}");
    assert!(commands[2].contains(" down --volumes "), "{asked}");
    // Each engine is asked for at the port that the tests are told of.
    for (variable, container) in
        [("POSTGRES", "5432"), ("MONGO", "27017"), ("REDIS", "6379"), ("PULSAR_ADMIN", "8080")]
    {
        let export =
            said.iter().find(|line| line.starts_with(&format!("export OCTAVO_TEST_{variable}_URL=")));
        let address = export.with_context(|| format!("{variable} in {said:?}"))?;
        let address =
            address.split('/').nth(2).and_then(|rest| rest.rsplit('@').next()).context("an address")?;
        assert!(asked.contains(&format!("\"{address}:{container}\"")), "{address}: {asked}");
    }
    let broker =
        said.iter().find_map(|line| line.strip_prefix("export OCTAVO_TEST_PULSAR_URL=pulsar://127.0.0.1:"));
    let broker = broker.context("a broker")?;
    assert!(asked.contains(&format!("\"127.0.0.1:{broker}:{broker}\"")), "{asked}");
    assert!(asked.contains(&format!("brokerServicePort: \"{broker}\"")), "{asked}");
    Ok(())
}

#[test]
fn without_programs_and_containers_one_line_says_what_is_missing() -> anyhow::Result<()> {
    for docker in [None, Some("exit 1")] {
        let folder = tempfile::tempdir()?;
        if let Some(script) = docker {
            program(folder.path(), "docker", script)?;
        }
        let output = engines(folder.path()).output()?;
        let told = String::from_utf8(output.stderr)?;
        assert!(!output.status.success());
        assert_eq!(told.lines().count(), 1, "{told}");
        for missing in ["Redis", "Chromium", "docker"] {
            assert!(told.contains(missing), "{missing}: {told}");
        }
    }
    Ok(())
}
