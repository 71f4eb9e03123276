//! What clients send, and what was acknowledged to them: chosen by a seed, each operation asked again under the same key until
//! it is answered.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use octavo_e2e::{ask, isbn};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::check::key_in;

const CLIENTS: usize = 4;
/// What a client waits between two operations.
const PAUSE: Duration = Duration::from_millis(400);
/// Of so many operations, one is of each kind that is named, and the rest make genres.
const KINDS: usize = 32;
/// What students do is rarer by so much: the document server of the tests reads a whole collection for each question.
const RARER: usize = 2;
/// After one in so many operations a client reads what the gateway keeps in its cache.
const READS: usize = 4;
const READ: &str = "{ books(first: 10) { edges { node { title genre { name } authors { name } } } } }";
/// How long a client waits for one answer, and before it asks again.
const PATIENCE: Duration = Duration::from_secs(8);
const AGAIN: Duration = Duration::from_millis(150);
/// What stands between two answers under one key that are not the same.
const ASKED_AGAIN: &str = ", and asked again ";
/// How long a client that was told to stop goes on asking for what it has begun.
const GIVES_UP_AFTER: Duration = Duration::from_mins(3);

/// What was acknowledged.
#[derive(Debug, Default)]
pub struct Log {
    /// Identifiers by what they are of: `genres`, `authors`, `books`, `students`, `comments`, `sagas`.
    pub known: BTreeMap<&'static str, BTreeSet<String>>,
    /// The newest name of each genre.
    pub names: BTreeMap<String, String>,
    /// How many operations were acknowledged.
    pub acknowledged: usize,
    /// How often an operation had to be asked again, or a read was not answered.
    pub again: usize,
    /// How many of these were because a service said that it cannot now.
    pub busy: usize,
    /// Operations that nobody ever answered.
    pub unanswered: Vec<String>,
    /// Answers that must not be.
    pub wrong: Vec<String>,
}

impl Log {
    /// Forgets what was found wrong, once it has been told.
    pub(crate) fn forget_failures(&mut self) {
        self.unanswered.clear();
        self.wrong.clear();
    }
}

/// Clients that send until they are told to stop.
pub struct Load {
    log: Arc<Mutex<Log>>,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts clients whose choices this seed makes, and who add to this log.
    pub fn start(gateway: SocketAddr, seed: usize, log: &Arc<Mutex<Log>>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let clients = (0..CLIENTS).map(|number| {
            let client = Client {
                gateway,
                chance: Chance::new(seed * CLIENTS + number + 1),
                name: format!("s{seed}c{number}"),
                number: seed * 10_000 + number * 2_500,
                log: Arc::clone(log),
                stop: Arc::clone(&stop),
            };
            tokio::spawn(client.run())
        });
        Self { log: Arc::clone(log), clients: clients.collect(), stop }
    }

    /// How many operations were acknowledged so far, by all loads of the log.
    pub fn acknowledged(&self) -> usize {
        locked(&self.log).acknowledged
    }

    /// How often an operation had to be asked again so far, by all loads of the log.
    pub fn again(&self) -> usize {
        locked(&self.log).again
    }

    /// How often, of these, nobody answered, or not as a service answers that cannot now.
    pub fn unanswered(&self) -> usize {
        let log = locked(&self.log);
        log.again - log.busy
    }

    /// Forgets of sagas that were lost that those that are gone were acknowledged, and that what was asked for under the key of one
    /// again was another.
    pub(crate) fn forget_sagas(&self, lost: &BTreeSet<String>, gone: &BTreeSet<String>) {
        let mut log = locked(&self.log);
        log.known.entry("sagas").or_default().retain(|saga| !gone.contains(&key_in(saga)));
        let first = |wrong: &str| Some(key_in(wrong.split_once(ASKED_AGAIN)?.0.rsplit_once(" was ")?.1));
        log.wrong.retain(|wrong| !first(wrong).is_some_and(|saga| lost.contains(&saga)));
    }

    /// Stops, when what is under way has been answered.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await?;
        }
        Ok(())
    }
}

/// A lock that a panic elsewhere does not close.
pub(crate) fn locked(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Numbers by a seed (xorshift).
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Those of a seed, which is not 0.
    pub(crate) fn new(seed: usize) -> Self {
        Self(u64::try_from(seed).unwrap_or(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The next number below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound.max(1)
    }
}

struct Client {
    gateway: SocketAddr,
    chance: Chance,
    name: String,
    number: usize,
    log: Arc<Mutex<Log>>,
    stop: Arc<AtomicBool>,
}

/// An operation: the mutation's field, what identifies its result, and what its result is.
struct Operation {
    field: String,
    selection: &'static str,
    at: &'static str,
    of: &'static str,
}

impl Client {
    async fn run(mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            self.number += 1;
            let operation = self.choose();
            self.carry_out(&operation).await;
            if self.chance.below(READS) == 0 {
                self.read().await;
            }
            sleep(PAUSE).await;
        }
    }

    fn choose(&mut self) -> Operation {
        let (new, number) = (format!("{}n{}", self.name, self.number), self.number);
        let [genre, author, book, student] =
            ["genres", "authors", "books", "students"].map(|of| self.known(of).unwrap_or_default());
        let key = format!("idempotencyKey: \"{new}\"");
        let isbn = isbn(number);
        let operation = |of, selection, at, field: String| Operation { field, selection, at, of };
        let of_students = number.is_multiple_of(RARER);
        match self.chance.below(KINDS) {
            0 if !genre.is_empty() => {
                let field =
                    format!("renameGenre(id: \"{genre}\", name: \"Again {new}\", expectedVersion: 1, {key})");
                operation("genres", "genre { id name }", "/genre/id", field)
            }
            1 => operation(
                "authors",
                "author { authorNumber }",
                "/author/authorNumber",
                format!("createAuthor(name: \"{new}\", bio: \"Writes.\", {key})"),
            ),
            2 | 3 if !genre.is_empty() && !author.is_empty() => operation(
                "books",
                "book { isbn }",
                "/book/isbn",
                format!(
                    "createBook(isbn: \"{isbn}\", title: \"{new}\", genreId: \"{genre}\", authorNumbers: [\"{author}\"], {key})"
                ),
            ),
            4 if of_students => operation(
                "students",
                "student { studentNumber }",
                "/student/studentNumber",
                format!(
                    "registerStudent(name: \"{new}\", birthDate: \"2001-02-03\", phone: \"+49 30 1234567\", gdprConsent: true, {key})"
                ),
            ),
            5 if of_students && !book.is_empty() && !student.is_empty() => operation(
                "comments",
                "comment { id }",
                "/comment/id",
                format!(
                    "addComment(studentNumber: \"{student}\", isbn: \"{book}\", comment: \"Fine.\", grade: 8, {key})"
                ),
            ),
            6 => operation(
                "sagas",
                "saga { id }",
                "/saga/id",
                format!(
                    "catalogueBook(isbn: \"{isbn}\", title: \"{new}\", genre: \"{new}\", authors: [{{ name: \"{new}\", bio: \"Writes.\" }}], {key})"
                ),
            ),
            7 if of_students && !book.is_empty() && !student.is_empty() => operation(
                "sagas",
                "saga { id }",
                "/saga/id",
                format!("lendBook(studentNumber: \"{student}\", isbn: \"{book}\", {key})"),
            ),
            8 if number.is_multiple_of(2 * RARER) => operation(
                "sagas",
                "saga { id }",
                "/saga/id",
                format!(
                    "registerStudentWithAccount(username: \"{new}\", name: \"{new}\", email: \"new@example.org\", \
                    password: \"correct horse\", birthDate: \"2001-02-03\", phone: \"+49 30 1234567\", gdprConsent: true, {key})"
                ),
            ),
            _ => operation(
                "genres",
                "genre { id name }",
                "/genre/id",
                format!("createGenre(name: \"{new}\", {key})"),
            ),
        }
    }

    /// Something that was acknowledged, whichever client it was acknowledged to.
    fn known(&mut self, of: &'static str) -> Option<String> {
        let log = Arc::clone(&self.log);
        let log = locked(&log);
        let known = log.known.get(of)?;
        known.iter().nth(self.chance.below(known.len())).cloned()
    }

    async fn carry_out(&mut self, operation: &Operation) {
        let Some(done) = self.until_answered(operation).await else { return };
        let Some(id) = done.pointer(operation.at).and_then(Value::as_str) else {
            // A rule has spoken against it, such as a genre that has been renamed or a comment that is there.
            locked(&self.log).acknowledged += 1;
            return;
        };
        {
            let mut log = locked(&self.log);
            log.acknowledged += 1;
            log.known.entry(operation.of).or_default().insert(id.to_owned());
            if let Some(name) = done.pointer("/genre/name").and_then(Value::as_str) {
                log.names.insert(id.to_owned(), name.to_owned());
            }
        }
        if self.chance.below(4) == 0
            && let Some(same) = self.until_answered(operation).await
            && same.pointer(operation.at) != done.pointer(operation.at)
        {
            locked(&self.log).wrong.push(format!("I10: {} was {id}{ASKED_AGAIN}{same}", operation.field));
        }
    }

    /// Reads once. A read is not repeated, but one that was not answered is counted.
    async fn read(&self) {
        let answer = timeout(PATIENCE, ask(self.gateway, READ, json!({}))).await;
        if !answer.is_ok_and(|answer| answer.is_ok_and(|answer| answer.data().is_ok())) {
            locked(&self.log).again += 1;
        }
    }

    async fn until_answered(&self, operation: &Operation) -> Option<Value> {
        let query = format!(
            "mutation {{ done: {} {{ {} problems {{ code message }} }} }}",
            operation.field, operation.selection
        );
        let mut stopped_at = None;
        loop {
            let mut is_busy = false;
            if let Ok(Ok(answer)) = timeout(PATIENCE, ask(self.gateway, &query, json!({}))).await
                && answer.status == 200
                && answer.body.get("errors").is_none()
            {
                let done = answer.body["data"]["done"].clone();
                is_busy = done["problems"][0]["code"] == "UNAVAILABLE";
                if !is_busy {
                    return Some(done);
                }
            }
            {
                let mut log = locked(&self.log);
                log.again += 1;
                log.busy += usize::from(is_busy);
            }
            if self.stop.load(Ordering::Relaxed) {
                let since = *stopped_at.get_or_insert_with(Instant::now);
                if since.elapsed() > GIVES_UP_AFTER {
                    locked(&self.log).unanswered.push(operation.field.clone());
                    return None;
                }
            }
            sleep(AGAIN).await;
        }
    }
}
