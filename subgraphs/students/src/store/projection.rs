//! The activity log, made from events: an entry for each, under the event's identifier.

use lms_kit::{
    StoreError,
    documents::{Collection, Document, Projection},
    event::OutboxRow,
};
use serde::Deserialize;

use super::collections::{ACTIVITY, activity_keys};
use crate::domain::{Activity, ActivityKind};

pub(super) struct ActivityLog;

/// What the log needs of an event.
#[derive(Deserialize)]
struct Told {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    state: Subject,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    student_number: String,
    isbn: Option<String>,
}

impl Projection for ActivityLog {
    fn project(&self, event: &OutboxRow) -> Result<Vec<(&'static Collection, Document)>, StoreError> {
        let Some(kind) = ActivityKind::of_event(&event.kind) else { return Ok(Vec::new()) };
        let corrupt = |source| StoreError::corrupt("event", source);
        let told: Told = serde_json::from_str(&event.body).map_err(corrupt)?;
        let activity = Activity {
            id: event.event_id.clone(),
            student_number: told.data.state.student_number,
            at_ms: event.created_at,
            kind,
            isbn: told.data.state.isbn,
        };
        let keys = activity_keys(&activity);
        let body = serde_json::to_value(&activity).map_err(corrupt)?;
        Ok(vec![(&ACTIVITY, Document { id: activity.id, revision: 0, keys, body })])
    }
}
