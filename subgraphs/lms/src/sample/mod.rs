//! The sample library: loaded once into a new library, through the services' own mutations and rules.
//!
//! 1. Genres, authors and users, which refer to nothing, at once.
//! 2. Books, which refer to genres and authors, and students, who refer to users, with their comments.
//! 3. Lendings: each comment was written when a book came back.
//! 4. A mark beside the databases: a library that has it is not loaded again, whatever became of its books.
//!
//! Each mutation has an idempotency key of its own, so a load that was interrupted goes on where it ended.

mod mutation;
mod progress;
mod records;

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result};
use lms_kit::{Service, Sources, node};
use lms_lendings::ImportedLending;
use lms_students::{CommentInput, ImportedComment, ImportedStudent, Registration};
use serde_json::{Value, json};

use crate::library::{Library, database_url};
use mutation::Mutation;
use progress::Progress;
use records::{Records, StudentRecord};

/// The file that says that the sample was loaded.
const MARK: &str = "sample-loaded";
/// The password of everyone in the sample.
const PASSWORD: &str = "library card";
/// 2024-10-01, when the first comment was written, and how long after it each next one was, in ms.
const FIRST_COMMENT_MS: i64 = 1_727_740_800_000;
const BETWEEN_COMMENTS_MS: i64 = 4 * 60 * 60 * 1000;
/// How long a book was kept that is commented on, in ms: ten days.
const KEPT_MS: i64 = 10 * 24 * 60 * 60 * 1000;

type Ids = BTreeMap<String, String>;

/// Loads the sample into a library that never had it.
pub(crate) async fn load_once(library: &Library, data: &Path) -> Result<()> {
    let mark = data.join(MARK);
    if tokio::fs::try_exists(&mark).await.context("the data folder cannot be read")? {
        return Ok(());
    }
    let mut progress = Progress::start("Loading the sample library:")?;
    let counts = load(library, data, &mut progress).await.context("the sample library cannot be loaded")?;
    tokio::fs::write(&mark, format!("{counts}\n")).await.context("the data folder cannot be written")?;
    progress.finish()
}

async fn load(library: &Library, data: &Path, progress: &mut Progress) -> Result<String> {
    let records = Records::read()?;
    let (genres, authors, users) = tokio::try_join!(
        genres(&library.genres, &records),
        authors(&library.authors, &records),
        users(&library.users, &records),
    )?;
    progress.step(&format!(" {} genres, {} authors, {} users", genres.len(), authors.len(), users.len()))?;
    let (books, (students, comments)) = tokio::try_join!(
        books(&library.books, &records, &genres, &authors),
        students(data, &records, &users),
    )?;
    progress.step(&format!(", {books} books, {students} students, {comments} comments"))?;
    let lendings = lendings(data, &records).await?;
    progress.step(&format!(", {lendings} lendings"))?;
    Ok(format!("{books} books, {comments} comments, {lendings} lendings"))
}

async fn genres(service: &Service, records: &Records) -> Result<Ids> {
    let create = Mutation {
        service,
        text:
            "mutation($name: String!, $key: String!) { done: createGenre(name: $name, idempotencyKey: $key) {
            entity: genre { id } problems { message path } } }",
        id: "id",
    };
    let inputs = records.genres.iter().map(|genre| (genre.name.clone(), json!({ "name": genre.name })));
    create.all(inputs).await
}

async fn authors(service: &Service, records: &Records) -> Result<Ids> {
    let create = Mutation {
        service,
        text: "mutation($name: String!, $bio: String!, $key: String!) {
            done: createAuthor(name: $name, bio: $bio, idempotencyKey: $key) {
            entity: author { authorNumber } problems { message path } } }",
        id: "authorNumber",
    };
    let input = |author: &records::AuthorRecord| json!({ "name": author.name, "bio": author.bio });
    create.all(records.authors.iter().map(|author| (author.name.clone(), input(author)))).await
}

async fn users(service: &Service, records: &Records) -> Result<Ids> {
    let create = Mutation {
        service,
        text: "mutation($username: String!, $name: String!, $email: String!, $password: String!, $roles: [Role!],
            $key: String!) { done: registerUser(username: $username, name: $name, email: $email,
            password: $password, roles: $roles, idempotencyKey: $key) {
            entity: user { id } problems { message path } } }",
        id: "id",
    };
    let input = |username: &str, name: &str, email: &str, role: &str| {
        let input = json!({
            "username": username, "name": name, "email": email, "password": PASSWORD, "roles": [role],
        });
        (username.to_owned(), input)
    };
    let librarians =
        records.librarians.iter().map(|one| input(&one.username, &one.name, &one.email, "LIBRARIAN"));
    let students = records.students.iter().map(|one| input(&one.username, &one.name, &one.email, "STUDENT"));
    create.all_at_once(librarians.chain(students)).await
}

async fn books(service: &Service, records: &Records, genres: &Ids, authors: &Ids) -> Result<usize> {
    let create = Mutation {
        service,
        text: "mutation($isbn: ID!, $title: String!, $description: String, $genre: ID, $authors: [ID!]!,
            $key: String!) { done: createBook(isbn: $isbn, title: $title, description: $description,
            genreId: $genre, authorNumbers: $authors, idempotencyKey: $key) {
            entity: book { isbn } problems { message path } } }",
        id: "isbn",
    };
    let input = |book: &records::BookRecord| -> Value {
        let numbers: Vec<_> = book.authors.iter().map(|name| authors.get(name)).collect();
        json!({
            "isbn": book.isbn, "title": book.title, "description": book.description,
            "genre": genres.get(&book.genre), "authors": numbers,
        })
    };
    Ok(create.all(records.books.iter().map(|book| (book.isbn.clone(), input(book)))).await?.len())
}

async fn students(data: &Path, records: &Records, users: &Ids) -> Result<(usize, usize)> {
    let students = records.students.iter().map(|record| student(record, users)).collect::<Result<_>>()?;
    let comments = (0_i64..).zip(&records.comments).map(|(place, comment)| ImportedComment {
        student_number: comment.student.clone(),
        isbn: comment.isbn.clone(),
        at_ms: commented_at_ms(place),
        input: CommentInput { text: comment.comment.clone(), grade: comment.grade },
    });
    let url = database_url(data, lms_students::NAME);
    Ok(lms_students::load(&url, Sources::system(), students, comments.collect()).await?)
}

fn commented_at_ms(place: i64) -> i64 {
    FIRST_COMMENT_MS + place * BETWEEN_COMMENTS_MS
}

async fn lendings(data: &Path, records: &Records) -> Result<usize> {
    let titles: BTreeMap<_, _> = records.books.iter().map(|book| (&book.isbn, &book.title)).collect();
    let lendings = (0_i64..).zip(&records.comments).map(|(place, comment)| ImportedLending {
        isbn: comment.isbn.clone(),
        title: titles.get(&comment.isbn).map(|title| (*title).clone()).unwrap_or_default(),
        student_number: comment.student.clone(),
        lent_at_ms: commented_at_ms(place) - KEPT_MS,
        returned_at_ms: commented_at_ms(place),
    });
    let url = database_url(data, lms_lendings::NAME);
    Ok(lms_lendings::load(&url, Sources::system(), lendings.collect()).await?)
}

fn student(record: &StudentRecord, users: &Ids) -> Result<ImportedStudent> {
    let registration = Registration {
        name: record.name.clone(),
        birth_date: record.born.clone(),
        phone: record.phone.clone(),
        gdpr_consent: true,
        interests: record.interests.clone(),
        user_id: users.get(&record.username).map(|id| node::local("User", id)),
    };
    Ok(ImportedStudent { number: record.number.clone(), at_ms: record.registered_at_ms()?, registration })
}
