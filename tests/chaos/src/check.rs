//! What must hold when all has come to rest: I1 to I10, each over what every store holds and what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use octavo_e2e::ask;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::load::{Log, locked};
use crate::stack::MAX_AGE;
use crate::stores::select;
use crate::{Stack, Stores};

/// Within how long all comes to rest: the longest pause between two tries, and what waits then.
const RESTS_WITHIN: Duration = Duration::from_mins(5);
/// The pause before all is read again, at first and at most: reading all of the document server's keeps it from working.
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));

/// Services with tables.
const SQL: [&str; 6] = ["authors", "books", "genres", "lendings", "sagas", "users"];
/// Whether a service has something to send, or to apply.
const WAITING: &str = "SELECT EXISTS (SELECT FROM outbox_heads WHERE waiting_since IS NOT NULL) \
    OR EXISTS (SELECT FROM inbox WHERE source <> '(markers)') AS waits";
/// What is written with each event: the service, its aggregate, the table and its key.
const OWNED: [(&str, &str, &str, &str); 5] = [
    ("authors", "Author", "authors", "author_number"),
    ("books", "Book", "books", "isbn"),
    ("genres", "Genre", "genres", "id"),
    ("lendings", "Lending", "lendings", "number"),
    ("users", "User", "users", "id"),
];

/// Waits until every invariant holds; what does not hold when that takes too long.
pub async fn at_rest(stack: &Stack, log: &Mutex<Log>) -> anyhow::Result<Vec<String>> {
    let (began, (mut pause, longest)) = (Instant::now(), LOOK_AGAIN);
    loop {
        let is_late = began.elapsed() > RESTS_WITHIN;
        if is_late || !waits(stack).await? {
            let found = broken(stack, log).await?;
            if is_late || found.is_empty() {
                return Ok(found);
            }
            if found.iter().all(|one| one.starts_with("I9")) {
                // What is shown now may be kept for so long, and no longer.
                sleep(Duration::from_secs((MAX_AGE + 1).into())).await;
                return broken(stack, log).await;
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

/// Whether something still waits in the tables of a service, so that there is no need yet to read all of them.
async fn waits(stack: &Stack) -> anyhow::Result<bool> {
    for service in SQL {
        if select(stack, service, WAITING).await?.iter().any(|row| row["waits"] == true) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What does not hold now.
pub async fn broken(stack: &Stack, log: &Mutex<Log>) -> anyhow::Result<Vec<String>> {
    // Reading every store takes seconds, and what the gateway keeps would run out meanwhile.
    let seen = seen_by_clients(stack).await;
    let stores = Stores::read(stack).await?;
    let log = locked(log);
    let mut found = log.wrong.clone();
    found.extend(log.unanswered.iter().map(|field| format!("I5: nobody ever answered {field}")));
    acknowledged(&stores, &log, &mut found);
    events(&stores, &mut found);
    documents(&stores, &mut found);
    heard(&stores, &mut found);
    sagas(&stores, &mut found);
    references(&stores, &mut found);
    nothing_waits(&stores, &mut found);
    match seen {
        Ok(seen) => cached(&stores, &seen, &mut found),
        Err(error) => found.push(format!("I9: the gateway does not answer: {error:#}")),
    }
    loans(&stores, &mut found);
    Ok(found)
}

fn text(row: &Value, field: &str) -> String {
    match &row[field] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn column(rows: &[Value], field: &str) -> BTreeSet<String> {
    rows.iter().map(|row| text(row, field)).collect()
}

/// The key that a service keeps a thing under: that in its identifier, which says its type as well, or the identifier itself.
pub(crate) fn key_in(id: &str) -> String {
    let decoded = URL_SAFE_NO_PAD.decode(id).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let key = decoded.as_deref().and_then(|decoded| decoded.split_once(':'));
    key.map_or_else(|| id.to_owned(), |(_, key)| key.to_owned())
}

/// I1: what was acknowledged is there.
fn acknowledged(stores: &Stores, log: &Log, found: &mut Vec<String>) {
    let places = [
        ("genres", "genres", "genres", "id"),
        ("authors", "authors", "authors", "author_number"),
        ("books", "books", "books", "isbn"),
        ("students", "students", "students", "_id"),
        ("comments", "students", "comments", "_id"),
        ("sagas", "sagas", "sagas", "id"),
    ];
    for (of, service, table, key) in places {
        let kept = column(stores.of(service, table), key);
        let lost = log.known.get(of).into_iter().flatten().filter(|id| !kept.contains(&key_in(id)));
        found.extend(lost.map(|id| format!("I1: {of} {id} was acknowledged, and {service} has it not")));
    }
    let names: BTreeMap<String, &String> = log.names.iter().map(|(id, name)| (key_in(id), name)).collect();
    for genre in stores.of("genres", "genres") {
        let told = names.get(&text(genre, "id"));
        if told.is_some_and(|name| **name != text(genre, "name") && name.starts_with("Again")) {
            found.push(format!(
                "I1: a rename of {} to {told:?} was acknowledged, and is lost",
                text(genre, "id")
            ));
        }
    }
}

/// I1: each row has its events, and the last says what it is. I4: their numbers have no gap.
fn events(stores: &Stores, found: &mut Vec<String>) {
    for service in SQL {
        let mut by_aggregate: BTreeMap<(String, String), Vec<&Value>> = BTreeMap::new();
        for event in stores.of(service, "outbox") {
            by_aggregate
                .entry((text(event, "aggregate_type"), text(event, "aggregate_id")))
                .or_default()
                .push(event);
        }
        for head in stores.of(service, "outbox_heads") {
            let key = (text(head, "aggregate_type"), text(head, "aggregate_id"));
            let events = by_aggregate.get(&key).map_or(0, Vec::len);
            if i64::try_from(events).ok() != head["last_seq"].as_i64() {
                found.push(format!(
                    "I4: {service} {key:?} has {events} events, and the last is {}",
                    head["last_seq"]
                ));
            }
        }
        let Some((_, kind, table, id)) = OWNED.into_iter().find(|(owner, ..)| *owner == service) else {
            continue;
        };
        let rows: BTreeMap<String, &Value> =
            stores.of(service, table).iter().map(|row| (text(row, id), row)).collect();
        for ((_, id), events) in by_aggregate.iter().filter(|((is, _), _)| is == kind) {
            let last =
                events.iter().max_by_key(|event| event["seq"].as_i64()).map(|event| text(event, "body"));
            let last: Value = last.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default();
            let row = rows.get(id);
            if row.is_some() == (last["data"]["deleted"] == json!(true)) {
                found.push(format!("I1: {service} {id}: the last event is {last}, and the row {row:?}"));
            }
            let name = row.map(|row| &row["name"]).filter(|_| kind == "Genre");
            if name.is_some_and(|name| *name != last["data"]["state"]["name"]) {
                found.push(format!("I1: {service} {id} is named {name:?}, and its last event says {last}"));
            }
        }
        let told: BTreeSet<&String> =
            by_aggregate.keys().filter(|(is, _)| is == kind).map(|(_, id)| id).collect();
        let silent = rows.keys().filter(|id| !told.contains(id));
        found.extend(silent.map(|id| format!("I1: {service} has {id}, and never said so")));
    }
}

/// I1 and I4 in documents: as many events as changes, those that have left and those that wait.
fn documents(stores: &Stores, found: &mut Vec<String>) {
    let mut archived: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for event in stores.of("students", "events") {
        archived.entry(text(event, "aggregateId")).or_default().extend(event["seq"].as_i64());
    }
    for collection in ["students", "comments"] {
        for document in stores.of("students", collection) {
            let (id, seq) = (text(document, "_id"), document["body"]["seq"].as_i64().unwrap_or_default());
            let has: BTreeSet<i64> = archived.get(&id).cloned().unwrap_or_default();
            if has != (1..=seq).collect() {
                found.push(format!("I4: {collection} {id} changed {seq} times, and its events are {has:?}"));
            }
        }
    }
}

/// I2 and I4: lendings have applied all that books and students have said, and know the same.
fn heard(stores: &Stores, found: &mut Vec<String>) {
    let mut told: BTreeMap<(&str, String), i64> = BTreeMap::new();
    for head in
        stores.of("books", "outbox_heads").iter().filter(|head| text(head, "aggregate_type") == "Book")
    {
        let stream = format!("Book/{}", text(head, "aggregate_id"));
        told.insert(("books", stream), head["last_seq"].as_i64().unwrap_or_default());
    }
    for (collection, kind) in [("students", "Student"), ("comments", "Comment")] {
        for document in stores.of("students", collection) {
            let stream = format!("{kind}/{}", text(document, "_id"));
            told.insert(("students", stream), document["body"]["seq"].as_i64().unwrap_or_default());
        }
    }
    let streams = stores.of("lendings", "inbox_streams").iter();
    let reached: BTreeMap<(String, String), i64> = streams
        .map(|row| ((text(row, "source"), text(row, "stream")), row["last_seq"].as_i64().unwrap_or_default()))
        .collect();
    for ((source, stream), last) in told {
        let applied = reached.get(&(source.to_owned(), stream.clone())).copied().unwrap_or_default();
        if applied != last {
            found.push(format!("I2: {source} said {last} of {stream}, and lendings applied {applied}"));
        }
    }
    let alike = |rows: &[Value]| -> BTreeSet<(String, String)> {
        rows.iter().map(|row| (text(row, "isbn"), text(row, "title"))).collect()
    };
    let (books, known) = (alike(stores.of("books", "books")), alike(stores.of("lendings", "known_books")));
    found.extend(
        books
            .symmetric_difference(&known)
            .map(|book| format!("I2: books and lendings differ about {book:?}")),
    );
}

/// I5: each saga has ended. I3 and I6: it had its effect once, or none of it is left.
fn sagas(stores: &Stores, found: &mut Vec<String>) {
    let books = column(stores.of("books", "books"), "isbn");
    // Whoever was told of a saga that was lost asks again, and has two of which one comes about.
    let is_made = |row: &&Value| text(row, "phase") == "COMPLETED" && body(row)["taken_up"] == true;
    let made: BTreeSet<String> = stores.of("sagas", "sagas").iter().filter(is_made).map(isbn_of).collect();
    let (mut loans, mut registered) = (0, 0);
    for row in stores.of("sagas", "sagas") {
        let (id, kind, phase) = (text(row, "id"), text(row, "kind"), text(row, "phase"));
        let saga = body(row);
        let is_done = phase == "COMPLETED";
        if !is_done && phase != "COMPENSATED" {
            let open = saga["steps"].as_array().into_iter().flatten().filter(|step| step["status"] != "DONE");
            let open: Vec<String> = open
                .map(|step| format!("{} {} asked {} times", step["name"], step["status"], step["attempts"]))
                .collect();
            found.push(format!("I5: saga {id} ({kind}) is {phase}: {}", open.join(", ")));
        }
        loans += usize::from(is_done && kind == "LendBookSaga");
        registered += usize::from(is_done && kind == "RegisterStudentSaga");
        let isbn = isbn_of(row);
        let is_of_another = !is_done && made.contains(&isbn);
        if kind == "CatalogueBookSaga" && !is_of_another && books.contains(&isbn) != is_done {
            found.push(format!("I6: saga {id} is {phase}, and its book is the other way: {}", saga["input"]));
        }
    }
    let lendings = stores.of("lendings", "lendings").len();
    if lendings != loans {
        found.push(format!("I3: {loans} sagas have lent a book, and there are {lendings} lendings"));
    }
    let users = stores.of("users", "users").len();
    if users != registered {
        found.push(format!("I3: {registered} sagas have registered a student, and there are {users} users"));
    }
    for (service, table) in [("genres", "genres"), ("authors", "authors"), ("users", "users")] {
        let left = stores.of(service, table).iter().filter(|row| text(row, "state") != "ACTIVE");
        found.extend(left.map(|row| format!("I6: {service} has {row} when every saga has ended")));
        found
            .extend(stores.of(service, "claims").iter().map(|row| format!("I6: {service} is held by {row}")));
    }
}

/// A saga as it is stored.
fn body(row: &Value) -> Value {
    serde_json::from_str(&text(row, "body")).unwrap_or_default()
}

/// The book that a saga is about.
fn isbn_of(row: &Value) -> String {
    text(&body(row)["input"], "isbn")
}

/// I7: what is named is there.
fn references(stores: &Stores, found: &mut Vec<String>) {
    let of = |service, table, key| column(stores.of(service, table), key);
    let (genres, authors, isbns, students) = (
        of("genres", "genres", "id"),
        of("authors", "authors", "author_number"),
        of("books", "books", "isbn"),
        of("students", "students", "_id"),
    );
    let comments: Vec<Value> = stores
        .of("students", "comments")
        .iter()
        .map(|comment| json!({ "isbn": comment["isbn"], "studentNumber": comment["studentNumber"] }))
        .collect();
    for (who, rows, field, there) in [
        ("books", stores.of("books", "books"), "genre_id", &genres),
        ("books", stores.of("books", "book_authors"), "author_number", &authors),
        ("lendings", stores.of("lendings", "lendings"), "isbn", &isbns),
        ("lendings", stores.of("lendings", "lendings"), "student_number", &students),
        ("comments", comments.as_slice(), "isbn", &isbns),
        ("comments", comments.as_slice(), "studentNumber", &students),
    ] {
        let lost = rows.iter().filter(|row| !row[field].is_null() && !there.contains(&text(row, field)));
        found.extend(lost.map(|row| format!("I7: {who} name {field} {}, which is not there", row[field])));
    }
}

/// I8: all has left and all has been applied; nothing is stuck, parked or dead.
fn nothing_waits(stores: &Stores, found: &mut Vec<String>) {
    for service in SQL {
        let waiting = stores.of(service, "outbox_heads").iter();
        let waiting = waiting.filter(|head| !head["waiting_since"].is_null() || !head["stuck"].is_null());
        found.extend(waiting.map(|head| format!("I8: {service} has not sent {head}")));
        let inbox = stores.of(service, "inbox").iter().filter(|row| !is_marker(row));
        let inbox = inbox.map(|row| format!("I8: {service} has not applied {row}"));
        found.extend(inbox);
        let dead = stores.of(service, "inbox_streams").iter().filter(|row| !row["dead"].is_null());
        found.extend(dead.map(|row| format!("I8: {service} cannot apply {row}")));
    }
    let missed = stores.of("sagas", "missed").iter();
    found.extend(missed.map(|row| format!("I8: a saga that was lost is not taken up: {row}")));
    for collection in ["students", "comments"] {
        let waiting =
            stores.of("students", collection).iter().filter(|found| !found["waitingSince"].is_null());
        found
            .extend(waiting.map(|one| {
                format!("I8: {collection} {} has not sent {}", one["_id"], one["body"]["outbox"])
            }));
    }
    let inbox = stores.of("students", "inbox").iter().filter(|row| !is_marker(row));
    found.extend(inbox.map(|row| format!("I8: students have not applied {row}")));
}

/// Whether it is a marker, which comes each second.
fn is_marker(row: &Value) -> bool {
    row["source"] == "(markers)" || text(row, "_id").contains(" (markers) ")
}

/// I10: a student has three books at most, and the places in use are the open lendings.
fn loans(stores: &Stores, found: &mut Vec<String>) {
    let mut open: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for lending in stores.of("lendings", "lendings").iter().filter(|lending| lending["returned_at"].is_null())
    {
        open.entry(text(lending, "student_number")).or_default().insert(text(lending, "number"));
    }
    for student in stores.of("students", "students") {
        let id = text(student, "_id");
        let used = student["body"]["state"]["slots"]["used"].as_array().cloned().unwrap_or_default();
        let places: BTreeSet<String> = used.iter().map(|slot| text(&slot["lent"], "lendingNumber")).collect();
        let lent = open.remove(&id).unwrap_or_default();
        if used.len() > 3 || used.len() != places.len() || places != lent {
            found.push(format!("I10: {id} has the places {used:?} for the lendings {lent:?}"));
        }
    }
    found.extend(open.into_iter().map(|(id, lent)| format!("I10: nobody is {id}, who has {lent:?}")));
}

/// What the gateway says of the genres of books: identifiers and names.
pub async fn seen_by_clients(stack: &Stack) -> anyhow::Result<Vec<Value>> {
    let query = "{ books(first: 100) { edges { node { genre { id name } } } } }";
    let answer = ask(stack.gateway()?, query, json!({})).await?;
    let edges = answer.data()?["books"]["edges"].as_array().cloned().unwrap_or_default();
    Ok(edges.into_iter().map(|edge| edge["node"]["genre"].clone()).filter(|genre| !genre.is_null()).collect())
}

/// I9: nobody is shown what is older than what was applied.
fn cached(stores: &Stores, seen: &[Value], found: &mut Vec<String>) {
    let rows = stores.of("genres", "genres").iter();
    let names: BTreeMap<String, &Value> = rows.map(|row| (text(row, "id"), &row["name"])).collect();
    for genre in seen {
        let kept = names.get(&key_in(&text(genre, "id")));
        if kept.is_none_or(|name| **name != genre["name"]) {
            found.push(format!("I9: the gateway shows {genre}, and the name is {kept:?}"));
        }
    }
}
