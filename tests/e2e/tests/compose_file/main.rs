//! docker-compose.yml says what is true: its binaries, flags, files, ports and databases exist, and its services start.

mod file;
mod services;

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::Context;
use file::{ComposeFile, Service, beside};
use octavo_engines::binary;

const LIBRARY: [&str; 9] =
    ["authors", "books", "genres", "lendings", "node", "reports", "sagas", "students", "users"];
const ENGINES: [&str; 4] = ["mongo", "postgres", "pulsar", "redis"];

#[test]
fn every_service_and_engine_is_there() -> anyhow::Result<()> {
    let file = ComposeFile::read()?;
    let named: BTreeSet<&str> = file.services.keys().map(String::as_str).collect();
    let expected: BTreeSet<&str> = LIBRARY.into_iter().chain(ENGINES).chain(["gateway"]).collect();
    assert_eq!(named, expected);
    Ok(())
}

#[test]
fn commands_name_binaries_and_flags_that_exist() -> anyhow::Result<()> {
    for (name, service) in ComposeFile::read()?.built() {
        let (command, arguments) =
            service.command.split_first().with_context(|| format!("{name} has no command"))?;
        assert_eq!(
            service.built_binary(),
            Some(command.as_str()),
            "{name} runs the binary that its image holds"
        );
        let help = help_of(command, arguments).with_context(|| name.clone())?;
        for flag in arguments.iter().filter(|argument| argument.starts_with("--")) {
            let known = help.split([' ', ',', '\n', '=']).any(|word| word == flag);
            assert!(known, "{name}: `{command}` has no flag {flag}:\n{help}");
        }
    }
    Ok(())
}

#[test]
fn the_image_recipe_makes_every_binary() -> anyhow::Result<()> {
    let recipe = std::fs::read_to_string(beside("deploy/Dockerfile"))?;
    for (name, service) in ComposeFile::read()?.built() {
        let binary = service.built_binary().with_context(|| format!("{name}'s image is told no BINARY"))?;
        let kept = recipe.split_whitespace().any(|word| word == format!("target/release/{binary}"));
        assert!(kept, "{name}: deploy/Dockerfile does not keep {binary}");
    }
    Ok(())
}

#[test]
fn files_that_are_named_exist() -> anyhow::Result<()> {
    let file = ComposeFile::read()?;
    for (name, service) in &file.services {
        let mounted = service.volumes.iter().filter_map(|volume| volume.split(':').next());
        for path in mounted.filter(|path| path.starts_with("./")) {
            assert!(beside(path).exists(), "{name} mounts {path}, which is not there");
        }
        for volume in service.volumes.iter().filter(|volume| !volume.starts_with("./")) {
            let source = volume.split(':').next().unwrap_or_default();
            assert!(
                file.volumes.contains_key(source),
                "{name} uses the volume {source}, which is not declared"
            );
        }
        if let Some(build) = &service.build {
            assert!(beside(&build.dockerfile).exists(), "{name}: {} is not there", build.dockerfile);
        }
        for (flag, folder) in [("--supergraph", ""), ("--config", "deploy/")] {
            let Some(value) = service.value_of(flag) else { continue };
            let path = format!("{folder}{value}");
            assert!(beside(&path).exists(), "{name}: {flag} names {path}, which is not there");
        }
    }
    Ok(())
}

#[test]
fn every_service_is_watched_and_reached_on_loopback_alone() -> anyhow::Result<()> {
    for (name, service) in &ComposeFile::read()?.services {
        assert!(service.healthcheck.is_some(), "{name} has no healthcheck");
        for port in &service.ports {
            assert!(port.starts_with("127.0.0.1:"), "{name} publishes {port} beyond loopback");
        }
        let Some(listen) = service.value_of("--listen") else { continue };
        let port =
            listen.strip_prefix("0.0.0.0:").with_context(|| format!("{name} listens on {listen} alone"))?;
        let asked = service.healthcheck.iter().flat_map(|check| &check.test).next_back();
        assert_eq!(asked.map(String::as_str), Some(port), "{name}'s healthcheck asks the port it listens on");
        assert_eq!(
            service.ports,
            [format!("127.0.0.1:{port}:{port}")],
            "{name} publishes the port it listens on"
        );
    }
    Ok(())
}

#[test]
fn services_start_after_what_they_need() -> anyhow::Result<()> {
    let file = ComposeFile::read()?;
    let mut started: BTreeSet<&str> = BTreeSet::new();
    while started.len() < file.services.len() {
        let startable =
            |service: &Service| service.depends_on.keys().all(|needed| started.contains(needed.as_str()));
        let next: Vec<&str> = file
            .services
            .iter()
            .filter(|(name, service)| !started.contains(name.as_str()) && startable(service))
            .map(|(name, _)| name.as_str())
            .collect();
        assert!(
            !next.is_empty(),
            "after {started:?} nothing can start: a circle, or a name that does not exist"
        );
        started.extend(next);
    }
    for (name, service) in &file.services {
        for (needed, dependency) in &service.depends_on {
            assert_eq!(dependency.condition, "service_healthy", "{name} waits until {needed} is ready");
        }
        let database = service.variable("DATABASE_URL").unwrap_or_default();
        // An engine in a folder has no host.
        let host = database.split_once("//").and_then(|(_, rest)| rest.rsplit('@').next()?.split(':').next());
        if let Some(host) = host.filter(|host| !host.is_empty()) {
            assert!(
                service.depends_on.contains_key(host),
                "{name} keeps its data in {host} and does not wait for it"
            );
        }
    }
    let gateway: Vec<&str> = file.services["gateway"].depends_on.keys().map(String::as_str).collect();
    assert_eq!(
        gateway,
        ["authors", "books", "genres", "lendings", "node", "redis", "reports", "sagas", "students", "users"]
    );
    Ok(())
}

#[test]
fn every_database_is_made() -> anyhow::Result<()> {
    let file = ComposeFile::read()?;
    let script = std::fs::read_to_string(beside("deploy/postgres/databases.sql"))?;
    for (name, service) in &file.services {
        let Some(url) = service.variable("DATABASE_URL").filter(|url| url.starts_with("postgres")) else {
            continue;
        };
        let database = url.rsplit('/').next().unwrap_or_default();
        assert!(script.contains(&format!("CREATE DATABASE {database};")), "{name}: nobody makes {database}");
    }
    Ok(())
}

/// A process is told where its traces go by whoever runs compose, and says its own name.
#[test]
fn every_process_tells_its_traces_where_whoever_runs_it_says() -> anyhow::Result<()> {
    let documented = std::fs::read_to_string(beside("docs/tracing.md"))?;
    let variables: Vec<&str> = documented
        .split('`')
        .filter(|word| word.starts_with("OTEL_") && !word.contains([' ', '=']))
        .collect();
    assert!(variables.contains(&"OTEL_EXPORTER_OTLP_ENDPOINT"), "{variables:?}");
    for (name, service) in ComposeFile::read()?.built() {
        for variable in &variables {
            let is_passed_on = service.environment.get(*variable) == Some(&None);
            let is_its_own = *variable == "OTEL_SERVICE_NAME";
            assert_ne!(is_passed_on, is_its_own, "{name} and {variable}");
        }
    }
    Ok(())
}

/// What `--help` says of the subcommand that these arguments begin with, or of the command itself.
fn help_of(command: &str, arguments: &[String]) -> anyhow::Result<String> {
    let subcommand = arguments.first().filter(|argument| !argument.starts_with('-'));
    let output = Command::new(binary(command)?).args(subcommand).arg("--help").output()?;
    Ok(String::from_utf8(output.stdout)?)
}
