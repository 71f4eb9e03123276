//! Events of older versions: what a type of event said then is brought to what it says now, before anybody reads it.
//!
//! A type begins with version 1. Whoever changes what it says adds to [`LIFTS`] what makes the new version of the one
//! before; the version that is written is one more than a type has lifts. `schema/events/` holds a sample of each.

use serde_json::json;

use super::{Payload, Unreadable};
use crate::node;

/// Brings an event's data from one version to the next, or says what it lacks for that.
type Lift = fn(&mut Payload) -> Result<(), String>;

/// The types that have changed, each with what makes version 2 of version 1, and so on.
const LIFTS: &[(&str, &[Lift])] = &[
    ("library.students.BookLent", &[name_account]),
    ("library.students.BookReturned", &[name_account]),
    ("library.students.SlotFreed", &[name_account]),
    ("library.students.SlotReserved", &[name_account]),
    ("library.students.StudentErased", &[name_account]),
    ("library.students.StudentRegistered", &[name_account]),
    ("library.students.StudentUpdated", &[name_account]),
];

/// The version in which events of a type are written.
pub(super) fn newest(kind: &str) -> i32 {
    newest_after(lifts_of(kind))
}

/// Brings an event's data to the newest version; which that is.
pub(super) fn lift(kind: &str, version: i32, data: &mut Payload) -> Result<i32, Unreadable> {
    lift_by(lifts_of(kind), (kind, version), data)
}

fn lifts_of(kind: &str) -> &'static [Lift] {
    LIFTS.iter().find(|(lifted, _)| *lifted == kind).map_or(&[], |(_, lifts)| lifts)
}

fn newest_after(lifts: &[Lift]) -> i32 {
    i32::try_from(lifts.len()).expect("a type has a handful of versions") + 1
}

fn lift_by(lifts: &[Lift], (kind, version): (&str, i32), data: &mut Payload) -> Result<i32, Unreadable> {
    let newest = newest_after(lifts);
    if version > newest {
        return Err(Unreadable::Newer { kind: kind.to_owned(), version, newest });
    }
    for (lift, from) in lifts.iter().zip(1..).filter(|(_, from)| *from >= version) {
        let failed = |reason| Unreadable::Lift { kind: kind.to_owned(), from, reason };
        lift(data).map_err(failed)?;
    }
    Ok(newest)
}

/// Of a student: version 2 says whose account it is, which was only named among what is touched.
fn name_account(data: &mut Payload) -> Result<(), String> {
    let account = data.touches.iter().find(|touch| touch.type_name == "User");
    let id = account.and_then(|touch| touch.keys.first()).and_then(|key| key["id"].as_str());
    // The first events name it as its database does.
    let own = id.map(|id| node::local("User", id));
    let state = data.state.as_object_mut().ok_or("its state is no object")?;
    state.insert("userId".to_owned(), json!(own));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn data(state: Value) -> Payload {
        Payload { aggregate: "Thing".to_owned(), state, deleted: false, touches: Vec::new() }
    }

    fn renamed(data: &mut Payload) -> Result<(), String> {
        let state = data.state.as_object_mut().ok_or("its state is no object")?;
        let name = state.remove("title").ok_or("it has no `title`")?;
        state.insert("name".to_owned(), name);
        Ok(())
    }

    fn counted(data: &mut Payload) -> Result<(), String> {
        let length = data.state["name"].as_str().ok_or("it has no `name`")?.len();
        data.state["length"] = json!(length);
        Ok(())
    }

    #[test]
    fn each_version_is_brought_to_the_newest_by_those_after_it_alone() {
        let lifts: [Lift; 2] = [renamed, counted];
        let now = json!({ "name": "four", "length": 4 });
        for (version, then) in
            [(1, json!({ "title": "four" })), (2, json!({ "name": "four" })), (3, now.clone())]
        {
            let mut data = data(then);
            assert_eq!(lift_by(&lifts, ("library.things.Thing", version), &mut data).unwrap(), 3);
            assert_eq!(data.state, now, "from version {version}");
        }
    }

    #[test]
    fn what_cannot_be_brought_to_the_newest_version_says_why() {
        let lifts: [Lift; 2] = [renamed, counted];
        let kind = "library.things.Thing";
        let bare = lift_by(&lifts, (kind, 1), &mut data(json!({}))).unwrap_err().to_string();
        assert_eq!(
            bare,
            "version 1 of library.things.Thing cannot be brought to version 2: it has no `title`"
        );
        let newer = lift_by(&lifts, (kind, 4), &mut data(json!({}))).unwrap_err();
        assert!(newer.is_newer() && newer.to_string().contains("version 3 is the newest"), "{newer}");
    }

    #[test]
    fn no_type_is_listed_twice() {
        let mut types: Vec<_> = LIFTS.iter().map(|(kind, _)| kind).collect();
        types.dedup();
        assert!(types.is_sorted() && types.len() == LIFTS.len(), "keep LIFTS in order: {types:?}");
    }
}
