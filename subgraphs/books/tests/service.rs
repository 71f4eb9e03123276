//! The service as its clients see it, on SQLite.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use lms_kit::{Service, Sources, service::Headers};
use serde_json::{Value, json};

struct Library {
    service: Service,
    _folder: tempfile::TempDir,
}

impl Library {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("books.sqlite").display());
        let service = lms_books::open(&url, Sources::repeatable()).await.unwrap();
        Self { service, _folder: folder }
    }

    async fn ask(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        serde_json::from_slice(&self.service.answer(body.as_bytes(), Headers::default()).await).unwrap()
    }

    /// The answer's data, and how many statements it cost.
    async fn cost(&self, query: &str, variables: Value) -> (Value, u64) {
        let before = self.service.statements();
        let answer = self.ask(query, variables).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        (answer["data"].clone(), self.service.statements() - before)
    }

    async fn create(&self, isbn: &str, title: &str, genre: Option<&str>, authors: &[&str]) -> Value {
        let query = "mutation($isbn: ID!, $title: String!, $genre: ID, $authors: [ID!]!, $key: String!) {
            createBook(isbn: $isbn, title: $title, genreId: $genre, authorNumbers: $authors, idempotencyKey: $key) {
                book { isbn title version genre { id } authors { authorNumber } }
                problems { code path ... on Invalid { rule } }
            }
        }";
        let key = format!("{isbn} {title}");
        let variables =
            json!({ "isbn": isbn, "title": title, "genre": genre, "authors": authors, "key": key });
        self.ask(query, variables).await["data"]["createBook"].clone()
    }

    /// Forty books of twenty authors, two a book, in four genres.
    async fn stocked() -> Self {
        let library = Self::open().await;
        for number in 0..40 {
            let authors = [(number % 20 + 1).to_string(), ((number + 1) % 20 + 1).to_string()];
            let genre = format!("g{}", number % 4);
            let title = format!("Title {number:02}");
            let made = library.create(&isbn(number), &title, Some(&genre), &[&authors[0], &authors[1]]).await;
            assert_eq!(made["problems"], json!([]));
        }
        library
    }
}

/// The ISBN-13 of a number.
fn isbn(number: u32) -> String {
    let body = format!("978{number:09}");
    let digits = body.chars().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits.zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

fn titles(connection: &Value) -> Vec<&str> {
    let edges = connection["edges"].as_array().unwrap();
    edges.iter().map(|edge| edge["node"]["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_list_costs_one_query_for_each_related_table() {
    let library = Library::stocked().await;
    let query = "query($first: Int) { books(first: $first) {
        edges { node { isbn title genre { id } authors { authorNumber } } } } }";
    for first in [1, 40] {
        let (data, statements) = library.cost(query, json!({ "first": first })).await;
        assert_eq!(titles(&data["books"]).len(), first);
        assert_eq!(statements, 2, "one for the books, one for their authors");
    }
}

#[tokio::test]
async fn the_lists_of_many_owners_cost_as_much_as_the_list_of_one() {
    let library = Library::stocked().await;
    let query = "query($all: [_Any!]!) { _entities(representations: $all) {
        ... on Author { authorNumber coAuthors { authorNumber }
            books(first: 2) { edges { node { title authors { authorNumber } } } pageInfo { hasNextPage } } }
        ... on Genre { id books(last: 3) { edges { node { title } } pageInfo { hasPreviousPage } } } } }";
    let authors =
        (1..=20).map(|number| json!({ "__typename": "Author", "authorNumber": number.to_string() }));
    let genres = (0..4).map(|number| json!({ "__typename": "Genre", "id": format!("g{number}") }));
    let all: Vec<_> = authors.chain(genres).collect();
    let (data, statements) = library.cost(query, json!({ "all": all })).await;
    assert_eq!(statements, 4, "books by author, books by genre, co-authors, authors of the books");
    let first = &data["_entities"][0];
    assert_eq!(titles(&first["books"]), ["Title 00", "Title 19"]);
    assert_eq!(first["books"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(first["coAuthors"], json!([{ "authorNumber": "2" }, { "authorNumber": "20" }]));
    assert_eq!(titles(&data["_entities"][20]["books"]), ["Title 28", "Title 32", "Title 36"]);
    assert_eq!(data["_entities"][20]["books"]["pageInfo"]["hasPreviousPage"], true);
}

#[tokio::test]
async fn entities_cost_one_query_and_the_missing_one_is_null() {
    let library = Library::stocked().await;
    let query = "query($all: [_Any!]!) { _entities(representations: $all) { ... on Book { title } } }";
    let mut all: Vec<_> =
        (0..20).map(|number| json!({ "__typename": "Book", "isbn": isbn(number) })).collect();
    all.insert(3, json!({ "__typename": "Book", "isbn": isbn(99) }));
    let before = library.service.statements();
    let answer = library.ask(query, json!({ "all": all })).await;
    assert_eq!(library.service.statements() - before, 1);
    assert_eq!(answer["data"]["_entities"][2]["title"], "Title 02");
    assert_eq!(answer["data"]["_entities"][3], Value::Null);
    assert_eq!(answer["errors"][0]["path"], json!(["_entities", 3]));
}

#[tokio::test]
async fn suggestions_take_from_each_interest_in_turn() {
    let library = Library::stocked().await;
    let query = "query($all: [_Any!]!) { _entities(representations: $all) {
        ... on Student { suggestions { title genre { id } } } } }";
    let interests = json!([{ "id": "g1" }, null, { "id": "g3" }, { "id": "unknown" }]);
    let student = json!({ "__typename": "Student", "studentNumber": "2024/1", "interests": interests });
    let nobody = json!({ "__typename": "Student", "studentNumber": "2024/2" });
    let (data, statements) = library.cost(query, json!({ "all": [student, nobody] })).await;
    assert_eq!(statements, 1);
    let suggested = data["_entities"][0]["suggestions"].as_array().unwrap();
    let genres: Vec<_> = suggested.iter().map(|book| book["genre"]["id"].as_str().unwrap()).collect();
    let expected = ["g1", "g3", "g1", "g3", "g1"].map(|id| lms_kit::node::global("Genre", id));
    assert_eq!(genres, expected);
    assert_eq!(data["_entities"][1]["suggestions"], json!([]));
}

#[tokio::test]
async fn a_page_goes_on_where_it_ended_while_books_come_in() {
    let library = Library::stocked().await;
    let query = "query($after: String) { books(first: 15, after: $after, filter: { genreId: \"g0\" }) {
        edges { node { title } } pageInfo { endCursor hasNextPage } } }";
    let first = library
        .ask(
            "{ books(first: 5, filter: { genreId: \"g0\" }) {
        edges { node { title } } pageInfo { endCursor hasNextPage } } }",
            json!({}),
        )
        .await;
    let first = &first["data"]["books"];
    assert_eq!(titles(first), ["Title 00", "Title 04", "Title 08", "Title 12", "Title 16"]);
    library.create(&isbn(50), "A first one", Some("g0"), &["1"]).await;
    library.create(&isbn(51), "TITLE 17", Some("g0"), &["1"]).await;
    let rest = library.ask(query, json!({ "after": first["pageInfo"]["endCursor"] })).await;
    let rest = &rest["data"]["books"];
    assert_eq!(titles(rest), ["TITLE 17", "Title 20", "Title 24", "Title 28", "Title 32", "Title 36"]);
    assert_eq!(rest["pageInfo"]["hasNextPage"], false);
}

#[tokio::test]
async fn filters_match_whatever_the_case_and_the_accents_form() {
    let library = Library::open().await;
    library.create(&isbn(1), "Die große STRASSE", None, &["1", "2"]).await;
    library.create(&isbn(2), "100 % Café", Some("g1"), &["2"]).await;
    let query = "query($filter: BookFilter) { books(filter: $filter) { edges { node { title } } } }";
    for (filter, expected) in [
        (json!({ "title": { "contains": "GROSSE straße" } }), vec!["Die große STRASSE"]),
        (json!({ "title": { "contains": "% cafe\u{301}" } }), vec!["100 % Café"]),
        (json!({ "title": { "startsWith": "die" } }), vec!["Die große STRASSE"]),
        (json!({ "authorNumber": "2" }), vec!["100 % Café", "Die große STRASSE"]),
        (json!({ "authorNumber": "2", "genreId": "g1" }), vec!["100 % Café"]),
        (json!({ "title": { "contains": "_" } }), vec![]),
    ] {
        let (data, _) = library.cost(query, json!({ "filter": filter })).await;
        assert_eq!(titles(&data["books"]), expected, "{filter}");
    }
}

#[tokio::test]
async fn an_isbn_10_and_its_isbn_13_are_one_book() {
    let library = Library::open().await;
    let made = library.create("0-306-40615-2", "One", None, &["1"]).await;
    assert_eq!(made["book"]["isbn"], "9780306406157");
    let again = library.create("978-0-306-40615-7", "Two", None, &["1"]).await;
    assert_eq!(again["problems"], json!([{ "code": "DUPLICATE", "path": ["isbn"] }]));
    let (data, _) = library.cost("{ book(isbn: \"0306406152\") { title } }", json!({})).await;
    assert_eq!(data["book"]["title"], "One");
    let wrong = library.ask("{ book(isbn: \"0306406153\") { title } }", json!({})).await;
    assert_eq!(wrong["errors"][0]["extensions"]["rule"], "check digit");
}

#[tokio::test]
async fn a_refused_book_names_every_broken_rule() {
    let library = Library::open().await;
    let refused = library.create("123", "", None, &[]).await;
    let broken: Vec<_> =
        refused["problems"].as_array().unwrap().iter().map(|problem| &problem["path"]).collect();
    assert_eq!(broken, [&json!(["isbn"]), &json!(["title"]), &json!(["authorNumbers"])]);
    assert_eq!(refused["book"], Value::Null);
}

#[tokio::test]
async fn a_repeated_mutation_answers_as_the_first_time() {
    let library = Library::open().await;
    let first = library.create(&isbn(1), "One", Some("g"), &["3", "1"]).await;
    let update = "mutation($version: Int!, $key: String!) {
        updateBook(isbn: \"9780000000019\", title: \"Uno\", genreId: null, authorNumbers: [\"2\"],
            expectedVersion: $version, idempotencyKey: $key) {
            book { title version genre { id } authors { authorNumber } }
            problems { code ... on VersionConflict { current } } } }";
    let (changed, _) = library.cost(update, json!({ "version": 1, "key": "u" })).await;
    let expected =
        json!({ "title": "Uno", "version": 2, "genre": null, "authors": [{ "authorNumber": "2" }] });
    assert_eq!(changed["updateBook"]["book"], expected);
    assert_eq!(library.cost(update, json!({ "version": 1, "key": "u" })).await.0, changed);
    assert_eq!(library.create(&isbn(1), "One", Some("g"), &["3", "1"]).await, first);

    let (stale, _) = library.cost(update, json!({ "version": 1, "key": "v" })).await;
    assert_eq!(stale["updateBook"]["problems"], json!([{ "code": "VERSION_CONFLICT", "current": 2 }]));
    let (other, _) = library.cost(update, json!({ "version": 2, "key": "u" })).await;
    assert_eq!(other["updateBook"]["problems"], json!([{ "code": "IDEMPOTENCY_MISMATCH" }]));
}

#[tokio::test]
async fn a_deleted_book_is_in_no_list() {
    let library = Library::open().await;
    library.create(&isbn(1), "One", Some("g"), &["1"]).await;
    let delete = "mutation { deleteBook(isbn: \"9780000000019\", expectedVersion: 1, idempotencyKey: \"d\") {
        book { title } problems { code } } }";
    let (data, _) = library.cost(delete, json!({})).await;
    assert_eq!(data["deleteBook"], json!({ "book": { "title": "One" }, "problems": [] }));
    let (data, _) = library
        .cost("{ books { edges { node { title } } } book(isbn: \"9780000000019\") { title } }", json!({}))
        .await;
    assert_eq!(data, json!({ "books": { "edges": [] }, "book": null }));
}
