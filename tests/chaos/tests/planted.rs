//! The checker, on a library that nothing hurts: all holds there, and each violation that is planted in the stores is found.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::ensure;
use octavo_chaos::{Load, Log, MAX_AGE, Stack, at_rest, broken, run, seen_by_clients};
use tokio::time::sleep;

/// How many operations must be acknowledged, so that there is something of each kind.
const ENOUGH: usize = 500;
const PATIENCE: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_is_found_and_nothing_else() -> anyhow::Result<()> {
    let (stack, log, began) = (Stack::start().await?, Arc::default(), Instant::now());
    let load = Load::start(stack.gateway()?, 1, &log);
    while load.acknowledged() < ENOUGH && began.elapsed() < PATIENCE {
        sleep(Duration::from_millis(100)).await;
    }
    let acknowledged = load.acknowledged();
    ensure!(acknowledged >= ENOUGH, "only {acknowledged} operations were acknowledged");
    load.stop().await?;
    let found = at_rest(&stack, &log).await?;
    ensure!(found.is_empty(), "nothing was hurt, and this is broken:\n{}", found.join("\n"));
    each_is_found(&stack, &log).await
}

/// A violation: what it breaks, the service, a statement that makes it, and one that takes it back.
const PLANTED: [(&str, &str, &str, &str); 11] = [
    (
        "I1: authors",
        "authors",
        "CREATE TABLE planted AS SELECT * FROM authors WHERE author_number = (SELECT max(author_number) FROM authors); \
         DELETE FROM authors WHERE author_number IN (SELECT author_number FROM planted)",
        "INSERT INTO authors SELECT * FROM planted; DROP TABLE planted",
    ),
    (
        "I1: books",
        "books",
        "CREATE TABLE planted AS SELECT * FROM outbox WHERE aggregate_type = 'Book' AND aggregate_id = \
         (SELECT max(isbn) FROM books); DELETE FROM outbox USING planted p WHERE outbox.event_id = p.event_id",
        "INSERT INTO outbox SELECT * FROM planted; DROP TABLE planted",
    ),
    (
        "I2",
        "lendings",
        "UPDATE known_books SET title = title || '!' WHERE isbn = (SELECT max(isbn) FROM known_books)",
        "UPDATE known_books SET title = rtrim(title, '!')",
    ),
    (
        "I2: books said",
        "lendings",
        "UPDATE inbox_streams SET last_seq = last_seq - 1 WHERE stream = \
         (SELECT max(stream) FROM inbox_streams WHERE source = 'books')",
        "UPDATE inbox_streams SET last_seq = last_seq + 1 WHERE stream = \
         (SELECT max(stream) FROM inbox_streams WHERE source = 'books')",
    ),
    (
        "I3",
        "lendings",
        "INSERT INTO lendings SELECT number || 'x', isbn, title, student_number, lent_at, due_at, returned_at \
         FROM lendings WHERE number = (SELECT max(number) FROM lendings)",
        "DELETE FROM lendings WHERE number LIKE '%x'",
    ),
    (
        "I4",
        "genres",
        "CREATE TABLE planted AS SELECT * FROM outbox WHERE aggregate_type = 'Genre' AND seq = 1 LIMIT 1; \
         DELETE FROM outbox USING planted p WHERE outbox.event_id = p.event_id",
        "INSERT INTO outbox SELECT * FROM planted; DROP TABLE planted",
    ),
    (
        "I5",
        "sagas",
        "UPDATE sagas SET phase = 'RUNNING' WHERE id = (SELECT max(id) FROM sagas WHERE phase = 'COMPLETED')",
        "UPDATE sagas SET phase = 'COMPLETED' WHERE phase = 'RUNNING'",
    ),
    (
        "I6",
        "genres",
        "INSERT INTO claims VALUES ('planted', 'planted')",
        "DELETE FROM claims WHERE claim = 'planted'",
    ),
    (
        "I7",
        "books",
        "INSERT INTO book_authors SELECT max(isbn), 99, 999999 FROM books",
        "DELETE FROM book_authors WHERE author_number = 999999",
    ),
    (
        "I8",
        "genres",
        "INSERT INTO inbox VALUES ('genres', 'nobody', 'nothing', 7, 'planted', '{}', 0)",
        "DELETE FROM inbox WHERE event_id = 'planted'",
    ),
    (
        "I10",
        "lendings",
        "UPDATE lendings SET returned_at = 7 WHERE number = (SELECT max(number) FROM lendings)",
        "UPDATE lendings SET returned_at = NULL WHERE returned_at = 7",
    ),
];

async fn each_is_found(stack: &Stack, log: &Mutex<Log>) -> anyhow::Result<()> {
    for (breaks, service, plant, take_back) in PLANTED {
        ensure!(run(stack, service, plant).await? > 0, "{breaks}: nothing to break");
        let found = broken(stack, log).await?;
        run(stack, service, take_back).await?;
        let invariant = breaks.split(':').next().unwrap_or(breaks);
        ensure!(found.iter().any(|one| one.starts_with(invariant)), "{breaks} is not found: {found:?}");
        let found = at_rest(stack, log).await?;
        ensure!(found.is_empty(), "{breaks} was taken back: {found:?}");
    }
    // What clients are shown is older than what is stored, for as long as it is kept: from now on, when all has run out and is read.
    sleep(Duration::from_secs(MAX_AGE.into())).await;
    seen_by_clients(stack).await?;
    let (older, newer) =
        ("UPDATE genres SET name = name || '!'", "UPDATE genres SET name = rtrim(name, '!')");
    run(stack, "genres", older).await?;
    let found = broken(stack, log).await?;
    run(stack, "genres", newer).await?;
    ensure!(found.iter().any(|one| one.starts_with("I9")), "I9 is not found: {found:?}");
    Ok(())
}
