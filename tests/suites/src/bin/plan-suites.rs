//! `plan-suites DIR`: composes every suite in the folder, and plans each of its queries.

#![expect(clippy::print_stdout, reason = "its report is what it is run for")]

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use octavo_suites::check_foreign;

fn main() -> Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).context("usage: plan-suites DIR")?);
    let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut suites: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    suites.retain(|suite| suite.join("subgraphs").is_dir());
    suites.sort();
    ensure!(!suites.is_empty(), "{} holds no suite", folder.display());
    let (mut plans, mut failed) = (0, 0);
    for suite in &suites {
        match check_foreign(suite) {
            Ok(count) => plans += count,
            Err(error) => {
                failed += 1;
                println!("{}: {error:#}\n", suite.display());
            }
        }
    }
    println!("{} suites, {plans} plans, {failed} suites failed", suites.len());
    ensure!(failed == 0, "some suites do not compose or cannot be planned");
    Ok(())
}
