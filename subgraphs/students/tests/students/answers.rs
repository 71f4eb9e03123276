//! The same requests on each engine, and the same bytes in answer.

use crate::library::{ADD_COMMENT, Engine, Library, REGISTER, UPDATE, isbn, registration};
use serde_json::{Value, json};

const NAMES: [&str; 16] = [
    "Émile Zola",
    "e\u{301}mile zola",
    "EMILE ZOLA",
    "Günter Graß",
    "GÜNTER GRASS",
    "吴承恩",
    "Фёдор Достоевский",
    "🖋️ Ghost",
    "Ann",
    "ann",
    "ANN",
    "100% _true_ (a.b*c) \\ [x]",
    "ﬁn",
    "FIN",
    "  Trimmed  ",
    "Zoë O'Neil-Smith",
];

const STUDENTS: &str =
    "query($first: Int, $after: String, $last: Int, $before: String, $filter: StudentFilter) {
    students(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
        edges { cursor node { studentNumber name phone interests { name } } }
        pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } }";

const BOOKS: &str = "query($books: [_Any!]!, $first: Int, $after: String, $last: Int) {
    _entities(representations: $books) { __typename ... on Book { isbn averageGrade
        comments(first: $first, after: $after, last: $last) {
            edges { cursor node { id comment grade version createdAt student { name } book { isbn } } }
            pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } } } }";

const STUDENT: &str = "query($number: ID!, $first: Int, $after: String) { student(studentNumber: $number) {
    studentNumber name birthDate phone registeredAt version user { id }
    comments(first: $first) { edges { node { id grade } } pageInfo { hasNextPage endCursor } }
    activity(first: $first, after: $after) { edges { cursor node { id at kind book { isbn } } }
        pageInfo { hasNextPage endCursor } } } }";

const EDIT: &str = "mutation($id: ID!, $comment: String, $grade: Int, $version: Int!, $key: String!) {
    editComment(id: $id, comment: $comment, grade: $grade, expectedVersion: $version, idempotencyKey: $key) {
        comment { id comment grade version createdAt updatedAt }
        problems { __typename code message path ... on Invalid { rule } ... on VersionConflict { current } } } }";

const DELETE: &str = "mutation($id: ID!, $version: Int!, $key: String!) {
    deleteComment(id: $id, expectedVersion: $version, idempotencyKey: $key) {
        comment { id grade version } problems { __typename code message path } } }";

const ENTITIES: &str = "query($all: [_Any!]!) { _entities(representations: $all) { __typename
    ... on Student { studentNumber name } ... on Comment { id grade } ... on User { id student { name } } } }";

/// What was asked, and what was answered.
struct Transcript {
    library: Library,
    answers: Vec<(String, String)>,
}

impl Transcript {
    async fn ask(&mut self, query: &str, variables: Value) -> Value {
        let bytes = self.library.bytes(query, &variables).await;
        let answer = String::from_utf8(bytes).unwrap();
        let data = serde_json::from_str(&answer).unwrap();
        self.answers.push((format!("{variables}"), answer));
        data
    }

    /// Walks a list from its start or from its end, and registers somebody between two pages.
    async fn walk(&mut self, size: (&str, i32), filter: &Value, newcomer: Option<&str>) {
        let (count, cursor, more) = if size.0 == "first" {
            ("endCursor", "after", "hasNextPage")
        } else {
            ("startCursor", "before", "hasPreviousPage")
        };
        let mut from = Value::Null;
        for page in 0..20 {
            let variables = json!({ size.0: size.1, cursor: from, "filter": filter });
            let answer = self.ask(STUDENTS, variables).await;
            let info = &answer["data"]["students"]["pageInfo"];
            if info[more] != true {
                return;
            }
            from = info[count].clone();
            if let (1, Some(name)) = (page, newcomer) {
                self.ask(REGISTER, registration(name, &format!("between {name}"))).await;
            }
        }
    }
}

#[tokio::test]
async fn two_hundred_requests_are_answered_alike() {
    let sqlite = transcript(Engine::Sqlite).await;
    let mongo = transcript(Engine::Mongo).await;
    assert!(sqlite.len() >= 200, "{} requests", sqlite.len());
    for (place, ((asked, one), (_, other))) in sqlite.iter().zip(&mongo).enumerate() {
        assert_eq!(one, other, "request {place}: {asked}");
    }
    assert_eq!(sqlite.len(), mongo.len());
    let failed =
        sqlite.iter().filter(|(_, answer)| answer.contains("INTERNAL") || answer.contains("UNAVAILABLE"));
    assert_eq!(failed.count(), 0);
}

async fn transcript(engine: Engine) -> Vec<(String, String)> {
    let mut on = Transcript { library: Library::open(engine).await, answers: Vec::new() };
    registrations(&mut on).await;
    lists_of_students(&mut on).await;
    comments(&mut on).await;
    changes(&mut on).await;
    wrong_questions(&mut on).await;
    on.answers
}

async fn registrations(on: &mut Transcript) {
    on.ask(STUDENTS, json!({})).await;
    for (place, name) in NAMES.iter().enumerate() {
        let mut input = registration(name, &format!("r{place}"));
        input["phone"] = json!(format!("+351 91-000-00{:02}", place % 5));
        input["interests"] = json!(["Poesie", "poesie", "Straße"]);
        input["user"] = if place % 2 == 0 { json!(format!("user-{place}")) } else { Value::Null };
        on.ask(REGISTER, input.clone()).await;
        on.ask(REGISTER, input).await;
    }
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("x".repeat(151))),
        ("name", json!("a\u{0}b")),
        ("born", json!("2023-02-29")),
        ("born", json!("2015-01-01")),
        ("phone", json!("call me")),
        ("consent", json!(false)),
        ("interests", json!([""])),
        ("user", json!("user-0")),
        ("key", json!("")),
        ("key", json!("r0")),
    ] {
        let mut input = registration("Somebody", &format!("wrong {field} {value}"));
        input[field] = value;
        on.ask(REGISTER, input).await;
    }
}

async fn lists_of_students(on: &mut Transcript) {
    on.walk(("first", 3), &Value::Null, Some("Anna between")).await;
    on.walk(("last", 4), &Value::Null, Some("Émile between")).await;
    for part in [
        "", "ann", "ANN", "é", "E\u{301}", "ß", "SS", "%", "_", ".", "*", "\\", "(a", "'", "😀", "🖋", "承",
        "ё", "ﬁ", " ",
    ] {
        on.ask(STUDENTS, json!({ "filter": { "name": { "contains": part } } })).await;
        on.ask(STUDENTS, json!({ "first": 2, "filter": { "name": { "startsWith": part } } })).await;
    }
    for phone in ["+351910000000", "351910000000", "+351 91 000 00-03", "", "x"] {
        on.ask(STUDENTS, json!({ "filter": { "phone": phone } })).await;
    }
    on.ask(STUDENTS, json!({ "filter": { "phone": "+351910000000", "name": { "contains": "z" } } })).await;
    on.walk(("first", 1), &json!({ "name": { "contains": "zola" } }), None).await;
}

async fn comments(on: &mut Transcript) {
    for student in 1..=6 {
        for book in 0..8 {
            let text = ["Schön 😀", "naïve", "ß", "line\nline"][book % 4];
            let variables = json!({ "student": format!("2023/{student}"), "isbn": isbn(u32::try_from(book).unwrap()),
                "text": text, "grade": (student + 3 * book) % 11, "key": format!("c{student} {book}") });
            on.ask(ADD_COMMENT, variables.clone()).await;
            if book == 0 {
                on.ask(ADD_COMMENT, variables).await;
            }
        }
    }
    for (field, value) in [
        ("student", json!("1999/1")),
        ("isbn", json!("9780000000000")),
        ("text", json!(" ")),
        ("text", json!("x".repeat(4097))),
        ("grade", json!(11)),
        ("grade", json!(-1)),
        ("key", json!("c1 1")),
    ] {
        let mut input = json!({ "student": "2023/7", "isbn": isbn(1), "text": "t", "grade": 1, "key": "w" });
        input[field] = value;
        on.ask(ADD_COMMENT, input).await;
    }
    let books: Value = (0..10).map(|book| json!({ "__typename": "Book", "isbn": isbn(book) })).collect();
    for size in [0, 1, 4, 6, 100] {
        on.ask(BOOKS, json!({ "books": books, "first": size })).await;
        on.ask(BOOKS, json!({ "books": books, "last": size })).await;
    }
    let mut after = Value::Null;
    for _ in 0..4 {
        let answer = on.ask(BOOKS, json!({ "books": [books[0]], "first": 2, "after": after })).await;
        after = answer["data"]["_entities"][0]["comments"]["pageInfo"]["endCursor"].clone();
    }
}

async fn changes(on: &mut Transcript) {
    for (name, phone, version, key) in [
        (Some("Ana Á"), None, 1, "u1"),
        (Some("Ana Á"), None, 1, "u1"),
        (None, Some("999 999 999"), 1, "u2"),
        (None, Some("999 999 999"), 2, "u3"),
        (Some(""), None, 3, "u4"),
        (None, None, 3, "u5"),
        (Some("x"), None, 1, "u1"),
    ] {
        let input =
            json!({ "student": "2023/9", "name": name, "phone": phone, "version": version, "key": key });
        on.ask(UPDATE, input).await;
    }
    on.ask(UPDATE, json!({ "student": "2023/999", "version": 1, "key": "u6" })).await;
    let id = format!("2023/1:{}", isbn(0));
    for (comment, grade, version) in [
        (Some("Neu 😀"), None, 1),
        (None, Some(10), 1),
        (None, Some(10), 2),
        (None, Some(11), 3),
        (Some(""), None, 3),
    ] {
        let key = format!("e{version} {grade:?}");
        on.ask(EDIT, json!({ "id": id, "comment": comment, "grade": grade, "version": version, "key": key }))
            .await;
    }
    for (version, key) in [(1, "d1"), (3, "d2"), (3, "d2"), (4, "d3")] {
        on.ask(DELETE, json!({ "id": id, "version": version, "key": key })).await;
    }
    on.ask(BOOKS, json!({ "books": [{ "__typename": "Book", "isbn": isbn(0) }] })).await;
    let again = json!({ "student": "2023/1", "isbn": isbn(0), "text": "again", "grade": 0, "key": "again" });
    on.ask(ADD_COMMENT, again).await;
    let mut after = Value::Null;
    for _ in 0..5 {
        let answer = on.ask(STUDENT, json!({ "number": "2023/1", "first": 3, "after": after })).await;
        after = answer["data"]["student"]["activity"]["pageInfo"]["endCursor"].clone();
    }
}

async fn wrong_questions(on: &mut Transcript) {
    for variables in [
        json!({ "first": 101 }),
        json!({ "first": -1 }),
        json!({ "first": 1, "last": 1 }),
        json!({ "after": "%%" }),
        json!({ "after": "e30" }),
        json!({ "first": 0 }),
    ] {
        on.ask(STUDENTS, variables).await;
    }
    on.ask(STUDENT, json!({ "number": "2023/404" })).await;
    let all = json!([
        { "__typename": "Student", "studentNumber": "2023/2" }, { "__typename": "Student", "studentNumber": "2023/404" },
        { "__typename": "Student" }, { "__typename": "Comment", "id": format!("2023/2:{}", isbn(3)) },
        { "__typename": "Comment", "id": "nothing" }, { "__typename": "User", "id": "user-2" }, { "__typename": "User", "id": "" },
        { "__typename": "Nothing", "id": "1" },
    ]);
    on.ask(ENTITIES, json!({ "all": all })).await;
    on.ask("{ students { nodes } }", json!({})).await;
}
