//! Where the binaries of the workspace lie, for tests that drive them from outside.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, ensure};

/// The path of a binary of the workspace: in the folder that `cargo xtask test` names, else beside the running test.
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let folder = match env::var_os("OCTAVO_BIN_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => beside_the_test()?,
    };
    let path = folder.join(name);
    ensure!(
        path.is_file(),
        "{} is not built: run `cargo xtask test`, or `cargo build --bins`",
        path.display()
    );
    Ok(path)
}

/// Tests run in `<target>/<profile>/deps`, binaries lie one folder up.
fn beside_the_test() -> anyhow::Result<PathBuf> {
    let test = env::current_exe()?;
    Ok(test.ancestors().nth(2).context("the test lies in no folder")?.to_owned())
}
