//! The programs that the engines need, and which of them this machine lacks.

use std::env;
use std::path::PathBuf;

use anyhow::Context;

/// A program of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    /// The command.
    pub command: &'static str,
    /// The Debian packages that bring it; empty when Debian has none that is new enough.
    pub packages: &'static [&'static str],
    /// How a person gets it elsewhere.
    pub hint: &'static str,
    /// Whether an engine from a container takes its place.
    pub contained: bool,
}

const PROGRAMS: [Program; 8] = [
    Program {
        command: "postgres",
        packages: &["postgresql"],
        hint: "install PostgreSQL 15 or newer",
        contained: true,
    },
    Program {
        command: "redis-server",
        packages: &["redis-server"],
        hint: "install Redis 7 or newer",
        contained: true,
    },
    Program {
        command: "java",
        packages: &["openjdk-17-jre-headless"],
        hint: "install a Java 17 runtime (for Pulsar)",
        contained: true,
    },
    Program {
        command: "mvn",
        packages: &["maven"],
        hint: "install Maven (it brings Pulsar's jars)",
        contained: true,
    },
    Program {
        command: "go",
        packages: &[],
        hint: "install Go 1.22 or newer (it builds FerretDB)",
        contained: true,
    },
    Program {
        command: "protoc",
        packages: &["protobuf-compiler"],
        hint: "install protoc (Pulsar's client needs it)",
        contained: false,
    },
    Program {
        command: "chromium",
        packages: &["chromium"],
        hint: "install Chromium (for the browser tests)",
        contained: false,
    },
    Program {
        command: "chromedriver",
        packages: &["chromium-driver"],
        hint: "install ChromeDriver (for the browser tests)",
        contained: false,
    },
];

/// The programs that a test run needs and this machine has not.
#[must_use]
pub fn missing_programs() -> Vec<Program> {
    PROGRAMS.into_iter().filter(|program| find(program.command).is_none()).collect()
}

/// The path of a program that must be there.
pub(crate) fn require(command: &str) -> anyhow::Result<PathBuf> {
    find(command)
        .with_context(|| format!("{command} is missing: run `cargo xtask test`, which says how to get it"))
}

/// Looks in the search path, and where packages put servers that ordinary users do not start.
fn find(command: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let elsewhere = ["/usr/local/go/bin", "/usr/sbin", "/opt/homebrew/bin"].map(PathBuf::from);
    let folders = env::split_paths(&path).chain(postgres_folders()).chain(elsewhere);
    folders.map(|folder| folder.join(command)).find(|program| program.is_file())
}

/// Debian keeps each version of `PostgreSQL` in a folder of its own; the newest comes first.
fn postgres_folders() -> Vec<PathBuf> {
    let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let mut folders: Vec<PathBuf> = versions.flatten().map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders
}
