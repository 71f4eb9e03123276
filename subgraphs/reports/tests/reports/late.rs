//! A service that comes late knows what one knows that was there from the start.

use crate::{
    said::{SERVICES, Said, library},
    world::{World, publish},
};

/// The last event of each thing.
fn state(events: &[Said], service: &str) -> Vec<String> {
    let mut last = std::collections::BTreeMap::new();
    for said in events.iter().filter(|said| said.service == service) {
        let event = lms_kit::event::Envelope::parse(said.body.as_bytes()).unwrap();
        last.insert(event.stream(), said.body.clone());
    }
    last.into_values().collect()
}

const ALL: &str = "topBooks(first: 100) { book { isbn } lendings } topGenres { genre { id } lendings } \
    topStudents(first: 100) { student { studentNumber } lendings } \
    monthlyLendings(from: \"2025-01\", to: \"2026-12\") { month lendings } \
    gradedBooks(first: 100) { book { isbn } averageGrade grades } \
    gradedGenres { genre { id } averageGrade grades }";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_late_counts_as_much_as_whoever_was_there() {
    let events = library(1_500);
    let early = World::hearing(&events).await;

    // The other is told the state, and hears the last event of each, which it has, and nothing before it.
    let late = World::new().await;
    publish(&late.bus, &events.iter().filter(|said| said.seq == 3).cloned().collect::<Vec<_>>()).await;
    for service in SERVICES {
        late.told[service].answers(state(&events, service));
    }
    late.until_quiet().await;

    let (heard, loaded) = (early.entries().unwrap(), late.entries().unwrap());
    assert_eq!(heard.len(), 300 + 1_500 + 400 + 1, "one entry for each thing that is there");
    assert_eq!(heard, loaded);
    assert_eq!(early.reports(ALL).await, late.reports(ALL).await);
}
