//! A database that comes back as it was a while ago.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use octavo_e2e::{ask, isbn};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::backlog::{number, until};
use crate::run::Scene;
use crate::stack::PARTICIPANTS;
use crate::stores::{run, select};

/// How many sagas of each fate begin after the backup.
const SAGAS: usize = 4;
/// Far from the numbers of books that clients choose.
const ISBNS: usize = 900_000_000;
/// How long a service takes to do what it is asked.
const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(200);

/// All tables of a database at one moment, beside them.
const BACK_UP: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ; \
    DROP SCHEMA IF EXISTS backup CASCADE; CREATE SCHEMA backup; \
    DO $$ DECLARE name text; BEGIN FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP \
    EXECUTE format('CREATE TABLE backup.%I AS TABLE public.%I', name, name); END LOOP; END $$; COMMIT";
const RESTORE: &str = "DO $$ DECLARE name text; BEGIN \
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP \
    EXECUTE format('DELETE FROM public.%I', name); \
    EXECUTE format('INSERT INTO public.%I SELECT * FROM backup.%I', name, name); END LOOP; END $$";
/// Transactions of a process that is gone.
const OPEN: &str = "SELECT count(*) AS open FROM pg_stat_activity WHERE datname = 'sagas' AND state <> 'idle' AND pid <> pg_backend_pid()";
const LOST: &str = "SELECT id, phase FROM sagas WHERE id NOT IN (SELECT id FROM backup.sagas)";
const TAKEN_UP: &str = "SELECT count(*) AS taken_up FROM sagas WHERE body LIKE '%\"taken_up\":true%'";
const HELD: &str = "SELECT count(*) AS held FROM claims";

/// Scenario 21: sagas begin after the backup, some end and some hold something, and the backup is put back.
pub(crate) async fn older_backup(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    scene.acknowledges(10).await?;
    run(scene.stack, "sagas", BACK_UP).await?;
    let first = ISBNS + scene.load.acknowledged() * 2 * SAGAS;
    for number in 0..SAGAS {
        catalogue(scene, first + number, "awaitCompletion: \"PT20S\", ").await?;
    }
    for away in ["books", "lendings"] {
        scene.stack.kill9(away)?;
    }
    for number in SAGAS..2 * SAGAS {
        catalogue(scene, first + number, "").await?;
    }
    let student = lend(scene, &isbn(first)).await?;
    let least = i64::try_from(SAGAS)?;
    until(scene, "genres", HELD, "held", |held| held >= least).await?;
    until_lent(scene, &student, 1).await?;
    scene.stack.kill9("sagas")?;
    until(scene, "sagas", OPEN, "open", |open| open == 0).await?;
    let found = select(scene.stack, "sagas", LOST).await?;
    let (lost, open) = (ids(&found), found.iter().filter(|saga| saga["phase"] == "RUNNING").count());
    ensure!(open > SAGAS, "only {open} of {} sagas that were lost were under way: {found:?}", lost.len());
    run(scene.stack, "sagas", RESTORE).await?;
    for name in ["books", "lendings", "sagas"] {
        scene.stack.start_process(name).await?;
    }
    until(scene, "sagas", TAKEN_UP, "taken_up", |taken_up| taken_up > 2 * least).await?;
    // Whoever asked for one of those again has been answered by now.
    scene.acknowledges(20).await?;
    let gone = until_known(scene, &lost).await?;
    let taken_up = number(scene, "sagas", TAKEN_UP, "taken_up").await?;
    scene.load.forget_sagas(&lost, &gone);
    Ok(format!(
        "{} sagas lost, {open} of them under way with genres, authors and a place held; {taken_up} taken up again, {} gone",
        lost.len(),
        gone.len()
    ))
}

/// Waits until each lost saga is known of which a service keeps anything; those that are gone.
async fn until_known(scene: &Scene<'_>, lost: &BTreeSet<String>) -> anyhow::Result<BTreeSet<String>> {
    let began = Instant::now();
    loop {
        let known = ids(&select(scene.stack, "sagas", "SELECT id FROM sagas").await?);
        let gone: BTreeSet<String> = lost.difference(&known).cloned().collect();
        let mut kept = BTreeSet::new();
        for service in PARTICIPANTS {
            kept.extend(ids(
                &select(scene.stack, service, "SELECT DISTINCT saga AS id FROM saga_steps").await?
            ));
        }
        if gone.is_disjoint(&kept) {
            return Ok(gone);
        }
        ensure!(began.elapsed() < PATIENCE, "services keep steps of sagas that are not known: {gone:?}");
        sleep(POLL).await;
    }
}

fn ids(sagas: &[Value]) -> BTreeSet<String> {
    sagas.iter().filter_map(|saga| Some(saga["id"].as_str()?.to_owned())).collect()
}

/// Begins a saga that makes a book, a genre and an author.
pub(super) async fn catalogue(scene: &Scene<'_>, number: usize, more: &str) -> anyhow::Result<()> {
    let (isbn, name) = (isbn(number), format!("After {number}"));
    let field = format!(
        "catalogueBook(isbn: \"{isbn}\", title: \"{name}\", genre: \"{name}\", \
        authors: [{{ name: \"{name}\", bio: \"Writes.\" }}], {more}idempotencyKey: \"{name}\")"
    );
    done(scene, &format!("{field} {{ saga {{ id }} problems {{ message }} }}"), "/saga/id").await.map(drop)
}

/// Begins a saga that lends a book to a new student; the student's number.
async fn lend(scene: &Scene<'_>, isbn: &str) -> anyhow::Result<String> {
    let key = format!("Lent {isbn}");
    let student = format!(
        "registerStudent(name: \"{key}\", birthDate: \"2001-02-03\", phone: \"+49 30 1234567\", gdprConsent: true, \
        idempotencyKey: \"{key}\") {{ student {{ studentNumber }} problems {{ message }} }}"
    );
    let student = done(scene, &student, "/student/studentNumber").await?;
    let lending = format!(
        "lendBook(studentNumber: \"{student}\", isbn: \"{isbn}\", idempotencyKey: \"{key}\") \
        {{ saga {{ id }} problems {{ message }} }}"
    );
    done(scene, &lending, "/saga/id").await?;
    Ok(student)
}

/// What a mutation answers in this place.
async fn done(scene: &Scene<'_>, field: &str, at: &str) -> anyhow::Result<String> {
    let answer = ask(scene.stack.gateway()?, &format!("mutation {{ done: {field} }}"), json!({})).await?;
    let found = answer.data()?["done"].pointer(at).and_then(Value::as_str).map(str::to_owned);
    found.with_context(|| answer.text.clone())
}

/// Waits until a student's places in use are so many.
async fn until_lent(scene: &Scene<'_>, student: &str, places: i64) -> anyhow::Result<()> {
    let (began, query) =
        (Instant::now(), format!("{{ student(studentNumber: \"{student}\") {{ openLoans }} }}"));
    loop {
        let answer = ask(scene.stack.gateway()?, &query, json!({})).await?;
        if answer.data()?["student"]["openLoans"] == json!(places) {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "{student} never had {places} places: {}", answer.text);
        sleep(POLL).await;
    }
}
