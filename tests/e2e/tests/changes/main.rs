//! Whatever a mutation changes is seen anew once the gateway has heard of it, field by field, although it was kept.
//!
//! `causes.txt` says of each field of the client schema what changes it. It is read until it is kept, the mutation is carried
//! out, and it is read again until it is another. All of that takes less time than anything is kept for, so that only the
//! event can have brought that about.

mod recorded;
mod supergraph;
mod table;
mod touches;
mod world;

use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::time::sleep;

use supergraph::Supergraph;
use table::Field;
use world::World;

/// Shorter than any lifetime in the schema that is not nought.
const WITHIN: Duration = Duration::from_secs(55);

/// In an order in which none spoils what another needs.
const ORDER: [&str; 16] = [
    "updateBook",
    "createBook",
    "updateAuthor",
    "renameGenre",
    "editComment",
    "addComment",
    "updateStudent",
    "updateUser",
    "gradeNewBook",
    "registerStudent",
    "lendBook",
    "returnBook",
    "lendToNewStudent",
    "catalogueBook",
    "registerStudentWithAccount",
    "eraseStudent",
];

/// How many fields are read of an entity that is kept: fewer, and the test would show nothing.
const KEPT: usize = 45;

#[test]
fn every_field_that_a_query_reaches_says_what_changes_it() -> anyhow::Result<()> {
    table::causes().map(drop)
}

#[test]
fn everything_that_is_kept_is_kept_for_longer_than_the_test_waits() -> anyhow::Result<()> {
    let shortest = Supergraph::read()?.shortest_lifetime()?;
    ensure!(shortest > WITHIN, "something is kept for {shortest:?} only");
    Ok(())
}

#[tokio::test]
async fn what_a_mutation_changes_is_seen_anew_though_it_was_kept() -> anyhow::Result<()> {
    let mut causes = table::causes()?;
    let mut world = World::open().await?;
    let (mut kept, mut wrong) = (0, Vec::new());
    for cause in ORDER {
        let fields = causes.remove(cause).unwrap_or_default();
        kept += change(&mut world, cause, fields, &mut wrong).await?;
    }
    ensure!(causes.is_empty(), "no order is given for {:?}", causes.keys());
    ensure!(wrong.is_empty(), "what was read is the same after the mutation:\n{}", wrong.join("\n"));
    ensure!(kept >= KEPT, "{kept} fields only were kept");
    let measured = world.measured().await?;
    ensure!(measured.contains("octavo_cache_hearing 1\n"), "it does not hear: {measured}");
    ensure!(!measured.contains("octavo_cache_heard_total 0\n"), "it has heard nothing: {measured}");
    Ok(())
}

/// Reads the fields of a cause before and after it. How many were kept.
async fn change(
    world: &mut World,
    cause: &str,
    fields: Vec<Field>,
    wrong: &mut Vec<String>,
) -> anyhow::Result<usize> {
    let began = Instant::now();
    let mut before = Vec::new();
    let mut kept = 0;
    for field in fields {
        world.read(&field).await?;
        let read = world.read(&field).await?;
        kept += usize::from(read.kept);
        before.push((field, read.value));
    }
    world.cause(cause).await?;
    while !before.is_empty() && began.elapsed() < WITHIN {
        let mut same = Vec::new();
        for (field, value) in before {
            if world.read(&field).await?.value == value {
                same.push((field, value));
            }
        }
        before = same;
        sleep(Duration::from_millis(50)).await;
    }
    let say = |(field, value): (Field, _)| format!("  {} ({cause}): {value}", field.coordinate);
    wrong.extend(before.into_iter().map(say));
    Ok(kept)
}
