//! The activity log, made from events: an entry for each, under the event's identifier.

use async_trait::async_trait;
use lms_kit::{
    Refusal, Sources, StoreError,
    documents::{Aggregate, Collection, Document, Documents, Projection},
    event::OutboxRow,
    idempotency::{Cause, Command},
};
use serde::Deserialize;

use super::{
    collections::{ACTIVITY, STUDENTS, StudentRecord, activity_keys},
    erasing::silence,
};
use crate::{
    NAME,
    domain::{Activity, ActivityKind, Standing},
};

pub(super) struct ActivityLog {
    pub(super) sources: Sources,
}

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

#[async_trait]
impl Projection for ActivityLog {
    async fn project(
        &self,
        documents: &dyn Documents,
        event: &OutboxRow,
    ) -> Result<Vec<(&'static Collection, Document)>, StoreError> {
        let Some(kind) = ActivityKind::of_event(&event.kind) else { return Ok(Vec::new()) };
        let corrupt = |source| StoreError::corrupt("event", source);
        let told: Told = serde_json::from_str(&event.body).map_err(corrupt)?;
        let Subject { student_number, isbn } = told.data.state;
        if is_erased(documents, &student_number).await? {
            if kind == ActivityKind::CommentAdded {
                self.take_back(documents, event).await?;
            }
            return Ok(Vec::new());
        }
        let (id, at_ms) = (event.event_id.clone(), event.created_at);
        let activity = Activity { id, student_number, at_ms, kind, isbn };
        let keys = activity_keys(&activity);
        let body = serde_json::to_value(&activity).map_err(corrupt)?;
        Ok(vec![(&ACTIVITY, Document { id: activity.id, revision: 0, keys, body })])
    }
}

impl ActivityLog {
    /// The student was still there when the comment was begun, and all was forgotten before it was stored.
    async fn take_back(&self, documents: &dyn Documents, event: &OutboxRow) -> Result<(), StoreError> {
        let command = Command {
            caller: NAME.to_owned(),
            mutation: "forget",
            key: event.event_id.clone(),
            input_hash: String::new(),
            now_ms: self.sources.clock.now_ms(),
            traceparent: event.traceparent.clone(),
            cause: Cause { saga: None, message: Some(event.event_id.clone()) },
            sources: self.sources.clone(),
        };
        let silenced = silence(documents, &event.aggregate_id, &command).await;
        silenced.map(drop).map_err(|refusal| match refusal {
            Refusal::Failed(error) => error,
            Refusal::Problems(_) => StoreError::Away("others are faster".into()),
        })
    }
}

async fn is_erased(documents: &dyn Documents, number: &str) -> Result<bool, StoreError> {
    let found = documents.get(&STUDENTS, &[number.to_owned()]).await?.into_iter().next();
    let student = found.map(Aggregate::<StudentRecord>::read).transpose()?;
    Ok(student.is_some_and(|student| student.state.student.standing == Standing::Erased))
}
