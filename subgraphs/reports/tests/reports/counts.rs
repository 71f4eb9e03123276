//! What clients see.

use serde_json::json;

use crate::{
    said::{Said, book, comment, lending, student},
    world::World,
};

/// 2026-01-01, in ms.
const JANUARY: i64 = 1_767_225_600_000;
const DAY: i64 = 24 * 60 * 60 * 1000;

fn small() -> Vec<Said> {
    let days = [
        (0, "a", "s1"),
        (31, "b", "s1"),
        (31, "a", "s2"),
        (58, "c", "s1"),
        (59, "b", "s3"),
        (400, "x", "s4"),
    ];
    let mut all: Vec<Said> = (1..)
        .zip(days)
        .map(|(number, (day, isbn, student))| {
            lending(&format!("2026/{number}"), isbn, Some(student), JANUARY + day * DAY, 1)
        })
        .collect();
    // Returned; and of the last one nobody is told any more whose it was.
    all.push(lending("2026/1", "a", Some("s1"), JANUARY, 2));
    all.push(lending("2026/6", "x", None, JANUARY + 400 * DAY, 2));
    all.extend([book("a", Some("g1"), 1, false), book("b", Some("g1"), 1, false), book("c", None, 1, false)]);
    all.extend([
        book("b", Some("g2"), 2, false),
        book("b", Some("g2"), 3, true),
        book("d", Some("g2"), 1, false),
    ]);
    all.extend([
        comment("1", "a", 9, 1, false),
        comment("2", "a", 8, 1, false),
        comment("3", "b", 10, 1, false),
    ]);
    all.extend([
        comment("4", "d", 1, 1, false),
        comment("1", "a", 10, 2, false),
        comment("4", "d", 1, 2, true),
    ]);
    all.push(student("s1"));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn each_report_counts_each_thing_once_as_it_is_now() {
    let world = World::hearing(&small()).await;
    let seen = world
        .reports(
            "topBooks(from: \"2000-01-01\") { book { isbn } lendings } topGenres { genre { id } lendings } \
             topStudents(first: 2) { student { studentNumber } lendings } \
             gradedBooks { book { isbn } averageGrade grades } \
             gradedGenres { genre { id } averageGrade grades }",
        )
        .await;
    let of = |type_name: &str, key: &str, counted: &[(&str, i64)]| -> serde_json::Value {
        counted.iter().map(|(id, number)| json!({ type_name: { key: id }, "lendings": number })).collect()
    };
    assert_eq!(seen["topBooks"], of("book", "isbn", &[("a", 2), ("b", 2), ("c", 1), ("x", 1)]));
    assert_eq!(
        seen["topGenres"],
        of("genre", "id", &[("g1", 2), ("g2", 2)]),
        "a book that is gone counts on"
    );
    assert_eq!(seen["topStudents"], of("student", "studentNumber", &[("s1", 3), ("s2", 1)]));
    assert_eq!(
        seen["gradedBooks"],
        json!([
            { "book": { "isbn": "b" }, "averageGrade": 10.0, "grades": 1 },
            { "book": { "isbn": "a" }, "averageGrade": 9.0, "grades": 2 },
        ])
    );
    assert_eq!(
        seen["gradedGenres"],
        json!([
            { "genre": { "id": "g2" }, "averageGrade": 10.0, "grades": 1 },
            { "genre": { "id": "g1" }, "averageGrade": 9.0, "grades": 2 },
        ])
    );
    let seen =
        world.reports("gradedBooks(minGrades: 2) { book { isbn } } gradedGenres(first: 1) { grades }").await;
    assert_eq!(
        seen,
        json!({ "gradedBooks": [{ "book": { "isbn": "a" } }], "gradedGenres": [{ "grades": 1 }] })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_begins_and_ends_with_a_day_and_a_month_without_lendings_is_told() {
    let world = World::hearing(&small()).await;
    let february = world
        .reports("topBooks(from: \"2026-02-01\", to: \"2026-02-28\") { book { isbn } lendings } \
                  one: topStudents(first: 1, from: \"2026-03-01\", to: \"2026-03-01\") { student { studentNumber } }")
        .await;
    assert_eq!(
        february["topBooks"],
        json!([
            { "book": { "isbn": "a" }, "lendings": 1 },
            { "book": { "isbn": "b" }, "lendings": 1 },
            { "book": { "isbn": "c" }, "lendings": 1 },
        ])
    );
    assert_eq!(february["one"], json!([{ "student": { "studentNumber": "s3" } }]));

    let months =
        world.reports("monthlyLendings(from: \"2025-12\", to: \"2026-05\") { month lendings }").await;
    let told = |months: &serde_json::Value| -> Vec<(String, i64)> {
        let months = months["monthlyLendings"].as_array().unwrap().iter();
        months
            .map(|month| (month["month"].as_str().unwrap().to_owned(), month["lendings"].as_i64().unwrap()))
            .collect()
    };
    let counted =
        [("2025-12", 0), ("2026-01", 1), ("2026-02", 3), ("2026-03", 1), ("2026-04", 0), ("2026-05", 0)];
    assert_eq!(told(&months), counted.map(|(month, number)| (month.to_owned(), number)));
    let year = told(&world.reports("monthlyLendings { month lendings }").await);
    assert_eq!((year.len(), year[0].0.as_str(), year[11].0.as_str()), (12, "2025-04", "2026-03"));
    assert_eq!(year.iter().map(|(_, number)| number).sum::<i64>(), 5);
    let none =
        told(&world.reports("monthlyLendings(from: \"1990-01\", to: \"1990-03\") { month lendings }").await);
    assert_eq!(none.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [0, 0, 0], "nothing was lent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_counted_is_refused_and_the_rest_is_answered() {
    let world = World::new().await;
    for (field, said) in [
        (
            "topBooks(from: \"2026-02-02\", to: \"2026-02-01\") { lendings }",
            "2026-02-01, is before the first one",
        ),
        ("topBooks(first: 0) { lendings }", "0 entries cannot be asked for"),
        ("topGenres(first: 101) { lendings }", "101 entries cannot be asked for"),
        ("monthlyLendings(from: \"2026-04\") { lendings }", "2026-03, is before the first one, 2026-04"),
        ("monthlyLendings(from: \"1900-01\") { lendings }", "1515 months cannot be asked for"),
        ("gradedBooks(minGrades: 0) { grades }", "0 grades have no average"),
        ("topStudents(to: \"2026-02-30\") { lendings }", "`2026-02-30` is no day such as"),
        ("topStudents(to: \"2026-2-3\") { lendings }", "`2026-2-3` is no day such as"),
        ("monthlyLendings(to: \"2026-13\") { lendings }", "`2026-13` is no month such as"),
        ("monthlyLendings(to: 5) { lendings }", "Expected input type \"Month\""),
    ] {
        let answer = world.ask(&format!("{{ reports {{ {field} }} }}")).await;
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.to_lowercase().contains(&said.to_lowercase()), "{field}: {answer}");
    }
    let both = world.ask("{ reports { topBooks(first: -1) { lendings } topGenres { lendings } } }").await;
    assert_eq!(both["data"], json!({ "reports": { "topBooks": null, "topGenres": [] } }));
    assert_eq!(both["errors"][0]["extensions"]["code"], "INVALID", "{both}");
}
