//! The recorded samples of events, `schema/events/`: one of an older version says, when it is read, what the newest of its
//! kind says.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::{fs, path::Path};

use lms_kit::event::Envelope;
use serde_json::Value;

/// The samples' bytes, by kind and version.
fn samples() -> BTreeMap<(String, i32), Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/events");
    let mut samples = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("samples are recorded by `cargo xtask events`") {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (kind, version) = name.rsplit_once('.').unwrap();
        samples.insert((kind.to_owned(), version.parse().unwrap()), fs::read(&path).unwrap());
    }
    samples
}

/// The fields of a state, each by the names on the way to it.
fn fields(state: &Value, at: &str, found: &mut BTreeSet<String>) {
    match state {
        Value::Object(members) => {
            for (name, member) in members {
                let at = format!("{at}.{name}");
                fields(member, &at, found);
                found.insert(at);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, at, found)),
        _ => {}
    }
}

fn fields_of(event: &Envelope) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    fields(&event.data.state, "", &mut found);
    found
}

#[test]
fn a_sample_of_each_version_reads_as_the_newest() {
    let samples = samples();
    let mut lifted = 0;
    for ((kind, version), bytes) in &samples {
        let named = format!("{kind}.{version}");
        let written: Value = serde_json::from_slice(bytes).unwrap();
        assert_eq!(written["schemaversion"], *version, "{named}");
        let read = Envelope::parse(bytes).unwrap_or_else(|error| panic!("{named}: {error}"));
        let newest = samples.keys().filter(|(other, _)| other == kind).map(|(_, version)| *version).max();
        assert_eq!(Some(read.schemaversion), newest, "{named}: record the newest with `cargo xtask events`");
        let now = Envelope::parse(&samples[&(kind.clone(), read.schemaversion)]).unwrap();
        assert_eq!(
            fields_of(&read),
            fields_of(&now),
            "{named}: its lift leaves what the newest does not say"
        );
        lifted += usize::from(Some(*version) != newest);
    }
    assert!(lifted > 0, "no sample is of an older version: this test shows nothing");
}

#[test]
fn whose_account_a_student_has_is_known_from_events_that_only_touch_it() {
    let samples = samples();
    let read =
        |version| Envelope::parse(&samples[&("students.StudentRegistered".to_owned(), version)]).unwrap();
    let account = read(1).data.state["userId"].clone();
    assert!(account.as_str().is_some_and(|id| id.len() == 36), "{account} is what users call it");
}
