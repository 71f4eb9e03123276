//! What the reports count is what those say whose things they are.

use std::time::Duration;

use octavo_e2e::ask;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

const REPORTS: &str = "{
  reports {
    topBooks(first: 100) { lendings book { isbn title } }
    topGenres { lendings genre { name } }
    topStudents(first: 100) { lendings student { studentNumber name } }
    monthlyLendings(from: \"2000-01\", to: \"2049-12\") { month lendings }
    gradedBooks(first: 20, minGrades: 5) { averageGrade grades book { title averageGrade } }
    gradedGenres { averageGrade genre { name } } }
  top {
    books(first: 100) { lendings book { isbn title } }
    students(first: 100) { lendings student { studentNumber name } } } }";

fn sum(entries: &Value) -> i64 {
    entries.as_array().into_iter().flatten().filter_map(|entry| entry["lendings"].as_i64()).sum()
}

#[tokio::test]
async fn reports_agree_with_the_services_that_they_hear() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = crate::open(&folder).await?;
    let mut seen = json!(null);
    for _ in 0..300 {
        seen = ask(library.address(), REPORTS, json!({})).await?.data()?.clone();
        let graded = seen["reports"]["gradedBooks"].as_array().into_iter().flatten();
        let mut graded = graded.map(|entry| entry["averageGrade"] == entry["book"]["averageGrade"]);
        if seen["reports"]["topStudents"] == seen["top"]["students"] && graded.all(|agrees| agrees) {
            break;
        }
        sleep(Duration::from_millis(200)).await;
    }
    let (reports, top) = (&seen["reports"], &seen["top"]);
    assert_eq!((&reports["topBooks"], &reports["topStudents"]), (&top["books"], &top["students"]));
    assert!(sum(&reports["topBooks"]) > 100 && sum(&reports["topStudents"]) > 100, "{seen}");
    let months = reports["monthlyLendings"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert_eq!((months.len(), &months[0]), (600, &json!({ "month": "2000-01", "lendings": 0 })));
    assert!(sum(&reports["monthlyLendings"]) >= sum(&reports["topBooks"]), "{seen}");
    for entry in reports["gradedBooks"].as_array().into_iter().flatten() {
        assert_eq!(entry["averageGrade"], entry["book"]["averageGrade"], "{entry}");
    }
    assert_eq!(reports["topGenres"].as_array().map(Vec::len), Some(5), "{seen}");
    assert!(reports["gradedGenres"][0]["genre"]["name"].is_string(), "{seen}");
    Ok(())
}
