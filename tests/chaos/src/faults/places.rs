//! Processes that end at the places that `kit::fault` names.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::run::Scene;

/// How long a process may take to come to its place.
const PATIENCE: Duration = Duration::from_mins(3);
/// How a process ends there.
const SIGABRT: i32 = 6;

/// Each place, with services that come there: on SQL and on documents. Documents have no `change`: one write is the commit.
const PLACES: [(&str, &[&str]); 14] = [
    ("change.before_commit", &["genres"]),
    ("change.after_commit", &["books"]),
    ("relay.after_claim", &["genres", "students"]),
    ("relay.after_publish", &["books", "students"]),
    ("relay.before_settle", &["lendings", "students"]),
    ("relay.after_settle", &["authors"]),
    ("consumer.after_receive", &["lendings"]),
    ("consumer.after_store", &["lendings", "students"]),
    ("consumer.after_acknowledge", &["sagas"]),
    ("inbox.before_commit", &["lendings", "students"]),
    ("inbox.after_commit", &["genres", "students"]),
    ("coordinator.before_store", &["sagas"]),
    ("coordinator.after_store", &["sagas"]),
    ("step.after_act", &["genres", "students"]),
];

/// Scenarios 1 to 3.
pub(crate) async fn every_place(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    let mut ended = 0;
    for (place, services) in PLACES {
        for service in services.iter().copied() {
            // The first time it comes there, or the second.
            let time = 1 + scene.chance.below(2);
            scene.stack.start_dying(service, &format!("{place}:{time}"))?;
            let status =
                scene.stack.process(service)?.ended(PATIENCE).await.with_context(|| place.to_owned())?;
            ensure!(
                status.signal() == Some(SIGABRT),
                "{service} was to end at {place}, and ended with {status}"
            );
            scene.stack.kill9(service)?;
            scene.stack.start_process(service).await?;
            ended += 1;
        }
    }
    Ok(format!("{ended} processes ended by SIGABRT at {} places", PLACES.len()))
}
