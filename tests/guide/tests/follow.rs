//! Somebody follows docs/add-a-database.md: writes its files, runs its commands, and sees what it says.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by a panic")]

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use octavo_engines::{free_address, variables_of_the_package};
use octavo_guide::{Step, steps};
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use serde_json::{Deserializer, Value};

/// How long a command may take that builds what it runs.
const BUILDS_WITHIN: Duration = Duration::from_mins(20);
/// How long what is said may take to be heard.
const HEARD_WITHIN: Duration = Duration::from_mins(3);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Whoever follows the page.
struct Reader {
    /// Where the page's `notices/` lies; its files and commands are under and in that.
    folder: PathBuf,
    /// Where things are here that are elsewhere on the page.
    here: Vec<(&'static str, String)>,
    running: Vec<Terminal>,
}

/// A command that goes on, with whatever it started.
struct Terminal(Child);

impl Drop for Terminal {
    fn drop(&mut self) {
        // The group is that of the command alone; it may have ended already.
        let _ = Command::new("kill").args(["-9", "--", &format!("-{}", self.0.id())]).status();
        let _ = self.0.wait();
    }
}

impl Reader {
    fn new() -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("notices"))?;
        // The versions are those of the workspace, so that nothing is fetched.
        fs::copy(root().join("Cargo.lock"), folder.join("notices/Cargo.lock"))?;
        let here = vec![
            ("../octavo", root().display().to_string()),
            ("127.0.0.1:4101", free_address()?.to_string()),
            ("127.0.0.1:4110", free_address()?.to_string()),
        ];
        Ok(Self { folder, here, running: Vec::new() })
    }

    fn placed(&self, text: &str) -> String {
        self.here.iter().fold(text.to_owned(), |text, (there, here)| text.replace(there, here))
    }

    fn command(&self, script: &str) -> Command {
        let mut command = Command::new("sh");
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        command.args(["-e", "-c", script]).current_dir(self.folder.join("notices")).process_group(0);
        // What is built for the workspace is built as it is there.
        command.env("CARGO_TARGET_DIR", target).env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
        command.env("CARGO_NET_OFFLINE", "true");
        for name in ["DATABASE_URL", "LISTEN", "BUS_URL", "PEER_TOKEN", "JWKS"] {
            command.env_remove(name);
        }
        // A reader's shell does not know of this package.
        for name in variables_of_the_package() {
            command.env_remove(name);
        }
        command
    }

    fn write(&self, path: &str, text: &str) -> anyhow::Result<()> {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().context("a file has a folder")?)?;
        fs::write(path, self.placed(text)).map_err(Into::into)
    }

    /// Runs commands to their end; what they print.
    fn run(&self, script: &str) -> anyhow::Result<String> {
        let output = self.command(&self.placed(script)).output()?;
        ensure!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Starts a command, and waits until what it starts is ready.
    fn start(&mut self, script: &str) -> anyhow::Result<()> {
        let script = self.placed(script);
        let address = script.split_whitespace().skip_while(|word| *word != "--listen").nth(1);
        let address: SocketAddr = address.context("no --listen")?.parse()?;
        let mut process = self.command(&script);
        self.running.push(Terminal(process.stdout(Stdio::null()).spawn()?));
        let (child, began) = (&mut self.running.last_mut().unwrap().0, Instant::now());
        while began.elapsed() < BUILDS_WITHIN {
            if let Some(status) = child.try_wait()? {
                bail!("it ended with {status}: {script}");
            }
            let ready = format!("http://{address}/ready");
            if Command::new("curl").args(["--silent", "--fail", &ready]).output()?.status.success() {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        bail!("it is not ready: {script}")
    }
}

/// The answers that a run of commands printed, one after the other.
fn answers(printed: &str) -> anyhow::Result<Vec<Value>> {
    let answers = Deserializer::from_str(printed).into_iter().collect::<Result<Vec<Value>, _>>();
    let answers = answers.with_context(|| format!("no JSON: {printed}"))?;
    for answer in &answers {
        ensure!(answer.get("errors").is_none(), "{answer}");
        let made = answer.pointer("/data/createBook/problems");
        ensure!(made.is_none_or(|problems| problems.as_array().is_some_and(Vec::is_empty)), "{answer}");
    }
    Ok(answers)
}

/// Takes all steps; what the last commands answered.
fn follow(reader: &mut Reader, page: &str) -> anyhow::Result<Value> {
    let (mut last_run, mut printed) = (String::new(), String::new());
    for step in steps(page)? {
        match step {
            Step::File { path, text } => reader.write(&path, &text)?,
            Step::Start(script) => reader.start(&script)?,
            Step::Run(script) => (printed, last_run) = (reader.run(&script)?, script),
            Step::See(text) => {
                let (wanted, began): (Value, _) = (serde_json::from_str(&text)?, Instant::now());
                // Each command is the same one when it is sent again.
                while answers(&printed)?.last() != Some(&wanted) {
                    ensure!(began.elapsed() < HEARD_WITHIN, "it says {text}, and answers {printed}");
                    sleep(Duration::from_millis(200));
                    printed = reader.run(&last_run)?;
                }
            }
        }
    }
    answers(&printed)?.pop().context("the last commands answer nothing")
}

/// The example's file, once the process that was killed has let go of it.
fn opened(path: &Path) -> anyhow::Result<Database> {
    let began = Instant::now();
    loop {
        match Database::create(path) {
            Err(DatabaseError::DatabaseAlreadyOpen) if began.elapsed() < HEARD_WITHIN => {
                sleep(Duration::from_millis(50));
            }
            opened => return Ok(opened?),
        }
    }
}

/// A table of the example's file.
fn table(database: &Database, name: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let table = database.begin_read()?.open_table(TableDefinition::<&str, &str>::new(name))?;
    let mut entries = BTreeMap::new();
    for entry in table.iter()? {
        let (key, text) = entry?;
        entries.insert(key.value().to_owned(), text.value().to_owned());
    }
    Ok(entries)
}

#[test]
fn whoever_follows_the_page_has_a_service_on_another_kind_of_database() -> anyhow::Result<()> {
    let page = fs::read_to_string(root().join("docs/add-a-database.md"))?;
    let mut reader = Reader::new()?;
    let last = follow(&mut reader, &page)?;
    let sdl = fs::read_to_string(reader.folder.join("notices/notices.graphql"))?;
    assert_eq!(last["data"]["_service"]["sdl"], sdl.as_str());
    assert!(sdl.contains("notices: [Notice!]! @cost(weight: 2)"), "{sdl}");

    // Killed: what was heard, and that it was heard, are in the file.
    reader.running.clear();
    let file = opened(&reader.folder.join("notices/notices.redb"))?;
    let (notices, records) = (table(&file, "notices")?, table(&file, "records")?);
    assert_eq!(notices.into_values().collect::<Vec<_>>(), ["New: Old News", "New: A Book"]);
    let keys: Vec<&str> =
        records.keys().map(String::as_str).filter(|key| !key.contains("(markers)")).collect();
    let expected = [
        "migration notices 0001",
        "sequence notices books Book/9780306406157",
        "sequence notices books Book/9780439023481",
        "source notices books",
    ];
    assert_eq!(keys, expected);
    Ok(())
}
