//! What the service promises its clients, on each of its engines.

use crate::library::{Engine, Library, UPDATE, isbn, registration};
use serde_json::{Value, json};

/// Representations of this many books.
fn books(count: u32) -> Value {
    (0..count).map(|number| json!({ "__typename": "Book", "isbn": isbn(number) })).collect()
}

const BOOKS: &str =
    "query($books: [_Any!]!, $first: Int) { _entities(representations: $books) { ... on Book {
    isbn averageGrade comments(first: $first) { edges { node { grade student { name } } } } } } }";

/// Twenty books on each of which each of five students has commented.
async fn discussed(engine: Engine) -> Library {
    let library = Library::open(engine).await;
    for student in 0..5 {
        let number = library.student(&format!("Student {student}")).await;
        for book in 0..20 {
            let grade = (student + i32::try_from(book).unwrap()) % 11;
            let key = format!("{student} on {book}");
            let added = library.comment(&number, &isbn(book), grade, &key).await;
            assert_eq!(added["problems"], json!([]));
        }
    }
    library
}

#[tokio::test]
async fn a_list_of_books_costs_one_query_for_each_collection() {
    for engine in Engine::ALL {
        let library = discussed(engine).await;
        for count in [1, 20] {
            let (data, statements) = library.cost(BOOKS, json!({ "books": books(count), "first": 3 })).await;
            let found = data["_entities"].as_array().unwrap();
            assert_eq!(found.len(), usize::try_from(count).unwrap());
            assert!(found.iter().all(|book| book["comments"]["edges"].as_array().unwrap().len() == 3));
            assert!(found.iter().all(|book| book["averageGrade"].is_f64()));
            assert_eq!(statements, 3, "{engine:?}: grades, comments, and the students who made them");
        }
    }
}

#[tokio::test]
async fn pages_of_comments_meet_without_gap_or_overlap() {
    let page = "query($book: [_Any!]!, $after: String, $before: String, $first: Int, $last: Int) {
        _entities(representations: $book) { ... on Book { comments(after: $after, before: $before, first: $first,
        last: $last) { edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }";
    for engine in Engine::ALL {
        let library = discussed(engine).await;
        let ids = |data: &Value| -> Vec<String> {
            let edges = data["_entities"][0]["comments"]["edges"].as_array().unwrap().clone();
            edges.iter().map(|edge| edge["node"]["id"].as_str().unwrap().to_owned()).collect()
        };
        let whole = ids(&library.data(page, json!({ "book": books(1) })).await);
        assert_eq!(whole.len(), 5);
        let first = library.data(page, json!({ "book": books(1), "first": 2 })).await;
        let info = &first["_entities"][0]["comments"]["pageInfo"];
        assert_eq!(info["hasNextPage"], true);
        let rest = library.data(page, json!({ "book": books(1), "after": info["endCursor"] })).await;
        assert_eq!([ids(&first), ids(&rest)].concat(), whole, "{engine:?}");
        let last = library.data(page, json!({ "book": books(1), "last": 2 })).await;
        assert_eq!(ids(&last), whole[3..], "{engine:?}");
        let start = &last["_entities"][0]["comments"]["pageInfo"]["startCursor"];
        let before = library.data(page, json!({ "book": books(1), "last": 3, "before": start })).await;
        assert_eq!(ids(&before), whole[..3], "{engine:?}");
    }
}

#[tokio::test]
async fn a_deleted_comment_leaves_lists_and_averages_and_may_be_made_again() {
    let delete = "mutation($id: ID!, $version: Int!) {
        deleteComment(id: $id, expectedVersion: $version, idempotencyKey: \"d\") { comment { id version } problems { code } } }";
    for engine in Engine::ALL {
        let library = Library::open(engine).await;
        let (one, two) = (library.student("One").await, library.student("Two").await);
        let first = library.comment(&one, &isbn(0), 2, "1").await;
        library.comment(&two, &isbn(0), 8, "2").await;
        let average = async || {
            let data = library.data(BOOKS, json!({ "books": books(1), "first": 9 })).await;
            let book = &data["_entities"][0];
            (book["averageGrade"].clone(), book["comments"]["edges"].as_array().unwrap().len())
        };
        assert_eq!(average().await, (json!(5.0), 2));
        let twice = library.comment(&one, &isbn(0), 3, "3").await;
        assert_eq!(twice["problems"][0]["code"], "DUPLICATE");
        let gone = library.data(delete, json!({ "id": first["comment"]["id"], "version": 1 })).await;
        assert_eq!(gone["deleteComment"]["comment"]["version"], 2);
        assert_eq!(average().await, (json!(8.0), 1), "{engine:?}");
        let again = library.comment(&one, &isbn(0), 6, "4").await;
        assert_eq!(again["comment"]["version"], 3);
        assert_eq!(average().await, (json!(7.0), 2), "{engine:?}");
    }
}

#[tokio::test]
async fn an_idempotency_key_does_one_thing_once() {
    for engine in Engine::ALL {
        let library = Library::open(engine).await;
        let first = library.register("Ana", "k").await;
        assert_eq!(library.register("Ana", "k").await, first, "{engine:?}");
        let other = library.register("Rui", "k").await;
        assert_eq!(other["problems"][0]["code"], "IDEMPOTENCY_MISMATCH");
        let number = first["student"]["studentNumber"].as_str().unwrap();
        let added = library.comment(number, &isbn(1), 5, "c").await;
        assert_eq!(library.comment(number, &isbn(1), 5, "c").await, added, "{engine:?}");
        for (book, grade) in [(1, 6), (2, 5)] {
            let other = library.comment(number, &isbn(book), grade, "c").await;
            assert_eq!(other["problems"][0]["code"], "IDEMPOTENCY_MISMATCH", "{engine:?}");
        }
        // At the same time, too: one student, whoever of them was first.
        let calls: Vec<_> = (0..8)
            .map(|_| {
                let library = library.clone();
                tokio::spawn(async move { library.register("Eva", "same").await })
            })
            .collect();
        let mut numbers = Vec::new();
        for call in calls {
            numbers.push(call.await.unwrap()["student"]["studentNumber"].clone());
        }
        assert!(numbers.iter().all(|number| number.is_string() && *number == numbers[0]), "{numbers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_writers_of_one_student_lose_nothing() {
    const EACH: i32 = 6;
    for engine in Engine::ALL {
        let library = Library::open_and_relay(engine).await;
        let number = library.student("Shared").await;
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let (library, number) = (library.clone(), number.clone());
                tokio::spawn(async move { write_until_done(&library, &number, writer, EACH).await })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        let log = "query($student: ID!) { student(studentNumber: $student) { version
            activity(first: 100) { edges { node { kind } } } } }";
        let student = library.data(log, json!({ "student": number })).await["student"].clone();
        assert_eq!(student["version"], 1 + 8 * EACH, "{engine:?}");
        let entries = student["activity"]["edges"].as_array().unwrap().len();
        assert_eq!(entries, usize::try_from(1 + 8 * EACH).unwrap(), "{engine:?}: an entry for each change");
    }
}

/// Makes so many changes, each on top of the version it finds.
async fn write_until_done(library: &Library, number: &str, writer: usize, count: i32) {
    let mut version = 1;
    let mut done = 0;
    while done < count {
        let variables = json!({ "student": number, "name": format!("Writer {writer}"), "version": version,
            "key": format!("{writer} {done} {version}") });
        let payload = library.data(UPDATE, variables).await["updateStudent"].clone();
        if let Some(written) = payload["student"]["version"].as_i64() {
            version = written;
            done += 1;
        } else if payload["problems"][0]["code"] == "UNAVAILABLE" {
            // So much waits in the document that it takes nothing more for the moment: the same call is made again.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        } else {
            let problem = &payload["problems"][0];
            version = problem["current"].as_i64().unwrap_or_else(|| panic!("{problem}"));
        }
    }
}

#[tokio::test]
async fn an_account_belongs_to_one_student() {
    let student_of = "query($users: [_Any!]!) { _entities(representations: $users) { ... on User { id student { name } } } }";
    for engine in Engine::ALL {
        let library = Library::open(engine).await;
        let mut first = registration("Ana", "1");
        first["user"] = json!("u1");
        library.data(crate::library::REGISTER, first.clone()).await;
        first["name"] = json!("Rui");
        first["key"] = json!("2");
        let second = library.data(crate::library::REGISTER, first).await["registerStudent"].clone();
        assert_eq!(second["problems"][0]["code"], "DUPLICATE");
        assert_eq!(second["problems"][0]["path"], json!(["userId"]));
        // Its identifier in the graph is as good as its own.
        let other = lms_kit::node::global("User", "u2");
        let users = json!([{ "__typename": "User", "id": "u1" }, { "__typename": "User", "id": other }]);
        let (data, statements) = library.cost(student_of, json!({ "users": users })).await;
        assert_eq!(data["_entities"][0]["student"]["name"], "Ana");
        assert_eq!(data["_entities"][1], json!({ "id": other, "student": null }));
        assert_eq!(statements, 1, "{engine:?}");
    }
}

#[tokio::test]
async fn loading_a_library_keeps_the_rules_and_can_be_repeated() {
    for engine in Engine::ALL {
        let library = Library::open(engine).await;
        let url = &library.database.url;
        let load =
            async || lms_students::load(url, lms_kit::Sources::system(), students(), comments(40)).await;
        assert_eq!(load().await.unwrap(), (10, 40), "{engine:?}");
        assert_eq!(load().await.unwrap(), (0, 0), "{engine:?}");
        let query = "{ student(studentNumber: \"2023/3\") { name
            activity(first: 100) { edges { node { kind at } } } comments(first: 1) { edges { node { createdAt } } } } }";
        let student = library.data(query, json!({})).await["student"].clone();
        assert_eq!(student["name"], "Student 3");
        let activity = student["activity"]["edges"].as_array().unwrap();
        let kinds: Vec<_> = activity.iter().filter_map(|entry| entry["node"]["kind"].as_str()).collect();
        let commented = ["COMMENT_ADDED"; 4];
        assert_eq!(kinds, [&commented[..], &["REGISTERED"]].concat(), "{engine:?}: each is logged once");
        let new = library.student("Newcomer").await;
        assert_eq!(new, "2023/11", "{engine:?}: numbers that were loaded are never given out");
        let mut wrong = comments(1);
        wrong[0].student_number = "2023/99".into();
        let refused = lms_students::load(url, lms_kit::Sources::repeatable(), Vec::new(), wrong).await;
        assert!(refused.unwrap_err().to_string().contains("2023/99"));
    }
}

fn students() -> Vec<lms_students::ImportedStudent> {
    (1..=10)
        .map(|place| lms_students::ImportedStudent {
            number: format!("2023/{place}"),
            at_ms: 1_680_000_000_000 + place,
            registration: lms_students::Registration {
                name: format!("Student {place}"),
                birth_date: "2001-01-01".into(),
                phone: "912345678".into(),
                gdpr_consent: true,
                interests: Vec::new(),
                user_id: None,
            },
        })
        .collect()
}

fn comments(count: u32) -> Vec<lms_students::ImportedComment> {
    (0..count)
        .map(|number| lms_students::ImportedComment {
            student_number: format!("2023/{}", number % 10 + 1),
            isbn: isbn(number / 10),
            at_ms: 1_690_000_000_000 + i64::from(number),
            input: lms_students::CommentInput { text: format!("Comment {number}"), grade: 7 },
        })
        .collect()
}
