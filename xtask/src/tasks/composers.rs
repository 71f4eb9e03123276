//! `cargo xtask composers`: how long Octavo and composers for Node take for the same graphs, side by side.
//!
//! The graphs are those of `composing_growth`. Every composer gets each of them in a process of its own, as texts: the *first* time is
//! what one run takes, the *best* of several what is left once Node has compiled the code. Of a few processes the least counts: what
//! else runs on the machine only adds to it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use tokio::process::Command;

use crate::{cargo, progress};

const PEERS: [&str; 2] = ["@theguild/federation-composition", "@apollo/composition"];
const PROCESSES: usize = 3;
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tasks/composers.mjs");
const EXAMPLE: (&str, &str) = ("octavo-composition", "composing_growth");

/// What `cargo xtask composers` takes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the other composers are installed; nothing is installed there
    #[arg(long, value_name = "DIR")]
    node_modules: PathBuf,
    /// How many subgraphs the graphs have
    #[arg(value_name = "N", default_values_t = [5, 10, 50])]
    sizes: Vec<usize>,
}

/// Milliseconds.
#[derive(Clone, Copy, Deserialize)]
struct Times {
    first: f64,
    best: f64,
}

impl Times {
    const NONE: Self = Self { first: f64::INFINITY, best: f64::INFINITY };

    fn or_less(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), best: self.best.min(other.best) }
    }
}

/// What another composer makes of a graph.
enum Outcome {
    /// It is not installed.
    Absent,
    Timed(Times),
    /// It does not compose it; its own words.
    Failed(String),
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let modules = &options.node_modules;
    ensure!(
        modules.is_dir(),
        "{} is no folder: give --node-modules the one of an installation",
        modules.display()
    );
    let folder = std::env::temp_dir().join(format!("octavo-composers-{}", std::process::id()));
    let outcome = compare(options, &folder).await;
    // It may not have been made.
    let _ = std::fs::remove_dir_all(&folder);
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn compare(options: &Options, folder: &Path) -> anyhow::Result<()> {
    let text = folder.to_str().context("the folder for temporary files is no text")?;
    let sizes: Vec<String> = options.sizes.iter().map(ToString::to_string).collect();
    let mut write = vec!["--write".to_owned(), text.to_owned()];
    write.extend(sizes.iter().cloned());
    example(&write).await?;
    progress::relay(&format!(
        "{:>9}  {:34} {:>10} {:>10}   slower (first, best)",
        "subgraphs", "composer", "first ms", "best ms"
    ));
    for size in &sizes {
        let own = octavo(size).await?;
        progress::relay(&line(size, "octavo", own, own));
        let mut found = false;
        for peer in PEERS {
            match peer_times(&options.node_modules, peer, &folder.join(size)).await? {
                Outcome::Absent => continue,
                Outcome::Timed(times) => progress::relay(&line(size, peer, times, own)),
                Outcome::Failed(why) => progress::relay(&format!("{size:>9}  {peer:34} fails: {why}")),
            }
            found = true;
        }
        ensure!(found, "{} holds none of {}", options.node_modules.display(), PEERS.join(", "));
    }
    Ok(())
}

fn line(size: &str, name: &str, times: Times, own: Times) -> String {
    let Times { first, best } = times;
    format!(
        "{size:>9}  {name:34} {first:>10.1} {best:>10.1}   {:.1}x, {:.1}x",
        first / own.first,
        best / own.best
    )
}

async fn octavo(size: &str) -> anyhow::Result<Times> {
    let mut least = Times::NONE;
    for _ in 0..PROCESSES {
        let told = example(&["--alone".to_owned(), size.to_owned()]).await?;
        let times = told.split_whitespace().skip(3).step_by(2).take(2).map(str::parse);
        match times.collect::<Result<Vec<f64>, _>>().as_deref() {
            Ok(&[first, best]) => least = least.or_less(Times { first, best }),
            _ => bail!("{} tells no times: {told}", EXAMPLE.1),
        }
    }
    Ok(least)
}

async fn example(arguments: &[String]) -> anyhow::Result<String> {
    let output = cargo::run_example(EXAMPLE, arguments).await?;
    ensure!(output.status.success(), "{} fails: {}", EXAMPLE.1, String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// How long another composer takes.
async fn peer_times(modules: &Path, peer: &str, folder: &Path) -> anyhow::Result<Outcome> {
    let mut least = Times::NONE;
    for _ in 0..PROCESSES {
        let mut node = Command::new("node");
        node.arg(SCRIPT).arg(modules).arg(peer).arg(folder).kill_on_drop(true);
        let output = node.output().await.context("cannot start node; is Node.js installed?")?;
        if !output.status.success() {
            let told = String::from_utf8_lossy(&output.stderr);
            let why = told.lines().find(|line| line.contains("Error: ")).unwrap_or("it says nothing");
            return Ok(Outcome::Failed(why.to_owned()));
        }
        if output.stdout.is_empty() {
            return Ok(Outcome::Absent);
        }
        let times = serde_json::from_slice(&output.stdout).context("composers.mjs prints no times")?;
        least = least.or_less(times);
    }
    Ok(Outcome::Timed(least))
}
