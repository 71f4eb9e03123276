//! Scenarios by chance for hours, or those that are named once.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Parser;
use octavo_chaos::{Run, Scenario, Stack};

/// Hurts the library on real engines, and checks what it has stored.
#[derive(Parser)]
struct Arguments {
    /// The seed of the first scenario; each takes one.
    #[arg(long, default_value_t = 1)]
    seed_from: usize,
    /// For how long; each scenario in turn is begun while time is left. At least one round.
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
    let scenarios: Vec<Scenario> = Scenario::ALL.into_iter().filter(chosen).collect();
    anyhow::ensure!(
        !scenarios.is_empty(),
        "no scenario has a name that begins with {}",
        arguments.only.join(" or ")
    );
    let mut run = Run::new(Stack::start().await?, arguments.seed_from);
    let (mut report, mut holds) = (String::new(), true);
    while holds && (report.is_empty() || began.elapsed() < length) {
        for scenario in scenarios.iter().copied() {
            let outcome = run.scenario(scenario).await?;
            say(&mut report, &outcome.to_string());
            holds = outcome.holds();
            if !holds {
                // What is broken now would be found after each other scenario as well.
                break;
            }
        }
    }
    let seconds = began.elapsed().as_secs();
    say(
        &mut report,
        &format!(
            "seeds from {}, {seconds} s: {}",
            arguments.seed_from,
            if holds { "holds" } else { "BROKEN" }
        ),
    );
    if let Some(folder) = &arguments.report {
        let file = folder.join(format!("chaos-{}.txt", arguments.seed_from));
        fs::write(&file, &report).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[expect(clippy::print_stdout, reason = "a command prints")]
fn say(report: &mut String, line: &str) {
    println!("{line}");
    report.push_str(line);
    report.push('\n');
}
