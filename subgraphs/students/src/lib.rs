//! The students service, over documents: students, their comments and grades, and the log of what they did.
//!
//! A request goes `graphql` → `loaders` → `store`; the rules are in `domain`, which knows no engine. Each
//! command writes one document with its events; the activity log is made from those events.

mod domain;
mod graphql;
mod loaders;
mod store;

use std::sync::Arc;

use lms_kit::{
    OpenError, Refusal, Service, Sources,
    access::Caller,
    deposit::{Depositories, Joining},
    documents::DocumentInbox,
    federation::SdlError,
    graphql::effects_loader,
    idempotency::{Call, Command},
    saga::DocumentSteps,
    service::{DocumentEngine, Listener, SchemaParts},
};
use serde_json::Value;

pub use domain::{CommentInput, Registration};
pub use store::{ImportedComment, ImportedStudent};

use store::{DocumentStudents, StudentSteps, StudentStore};

/// The subgraph's name.
pub const NAME: &str = "students";

/// Opens the service on the database of a URL, and migrates it.
pub async fn open(database_url: &str, sources: Sources) -> Result<Service, OpenError> {
    let students = DocumentStudents::open(database_url, &sources).await?;
    let store: Arc<dyn StudentStore> = Arc::new(students.clone());
    let schema = graphql::schema().data(loaders::loader(store));
    let schema = schema.data(effects_loader(students.effects())).finish();
    let effects = students.effects();
    let (documents, outbox) = (Arc::clone(students.engine()), Arc::clone(students.outbox()));
    let depositories = Depositories::default();
    let participant = StudentSteps::new(students, depositories.clone());
    let steps =
        DocumentSteps::new(NAME, participant, (Arc::clone(&documents), Arc::clone(&outbox)), sources.clone());
    let listener = Listener::in_sagas(NAME, DocumentInbox::new(Arc::clone(&documents)), steps);
    let listener = Joining::new(listener, depositories);
    let parts = SchemaParts::new(NAME, schema, graphql::ANNOTATIONS).listening(listener).taking_part(effects);
    let engine = DocumentEngine { documents, outbox, owner: NAME, migrations: store::MIGRATIONS };
    Ok(Service::new(parts, Arc::new(engine), sources)?)
}

/// The subgraph's SDL.
pub fn sdl() -> Result<String, SdlError> {
    lms_kit::service::sdl(&graphql::schema().finish(), graphql::ANNOTATIONS)
}

/// Why nothing, or not all, was loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A student or a comment breaks a rule, or the database failed.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Loads many students and comments into a database that no service need have opened: the rules, documents
/// and events of one by one, in a few large writes. What is there already is left as it is; the answer is
/// how many of each are new.
pub async fn load(
    database_url: &str,
    sources: Sources,
    students: Vec<ImportedStudent>,
    comments: Vec<ImportedComment>,
) -> Result<(usize, usize), LoadError> {
    let store = DocumentStudents::open(database_url, &sources).await?;
    let call = Call { caller: Caller::Local("import".to_owned()), traceparent: None, sources };
    let command = Command::new(&call, "import", "import", &Value::Null).map_err(Refusal::from)?;
    let students = store.import_students(&command, students).await?;
    let comments = store.import_comments(&command, comments).await?;
    store.engine().close().await;
    Ok((students, comments))
}
