//! Scenarios by chance for hours, or those that are named once.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Parser;
use octavo_chaos::{Run, Scenario, Stack};
use octavo_e2e::root;

/// Hurts the library on real engines, and checks what it has stored.
#[derive(Parser)]
struct Arguments {
    /// The seed of the first scenario; each takes one.
    #[arg(long, default_value_t = 1)]
    seed_from: usize,
    /// For how long; each scenario in turn is begun while time is left. One round at least.
    #[arg(long, default_value_t = 0.0)]
    hours: f64,
    /// A folder to write the report to, beside printing it.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Only scenarios whose name begins so, for example `9 `.
    #[arg(long, value_name = "BEGINNING")]
    only: Vec<String>,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let (began, length) = (Instant::now(), Duration::try_from_secs_f64(arguments.hours * 3600.0)?);
    let chosen = |scenario: &Scenario| {
        arguments.only.is_empty()
            || arguments.only.iter().any(|only| scenario.name().starts_with(only.as_str()))
    };
    let scenarios: Vec<Scenario> = Scenario::all().filter(chosen).collect();
    anyhow::ensure!(
        !scenarios.is_empty(),
        "no scenario has a name that begins with {}",
        arguments.only.join(" or ")
    );
    // What is committed while it runs is not what runs.
    let commit = commit();
    let mut run = Run::new(Stack::start().await?, arguments.seed_from);
    let (mut report, mut holds, mut seeds, mut acknowledged, mut again) = (String::new(), true, 0, 0, 0);
    for scenario in scenarios.iter().copied().cycle() {
        // What is broken now would be found after each other scenario as well.
        if !holds || (seeds >= scenarios.len() && began.elapsed() >= length) {
            break;
        }
        let outcome = run.scenario(scenario).await?;
        say(&mut report, &outcome.to_string());
        holds = outcome.holds();
        seeds += 1;
        acknowledged += outcome.acknowledged;
        again += outcome.again;
    }
    let seconds = began.elapsed().as_secs();
    say(
        &mut report,
        &format!(
            "seeds {} to {} at {commit}: {seeds} scenarios, {acknowledged} operations acknowledged, {again} asked again, {seconds} s: {}",
            arguments.seed_from,
            arguments.seed_from + seeds - 1,
            if holds { "holds" } else { "BROKEN" }
        ),
    );
    if let Some(folder) = &arguments.report {
        let file = folder.join(format!("chaos-{}.txt", arguments.seed_from));
        fs::write(&file, &report).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was built, as its history names it.
fn commit() -> String {
    let described =
        Command::new("git").args(["describe", "--always", "--dirty"]).current_dir(root()).output();
    let named = described.ok().filter(|output| output.status.success());
    named.map_or_else(
        || "no commit".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

#[expect(clippy::print_stdout, reason = "a command prints")]
fn say(report: &mut String, line: &str) {
    println!("{line}");
    report.push_str(line);
    report.push('\n');
}
