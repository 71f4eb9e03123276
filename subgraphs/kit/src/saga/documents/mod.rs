//! Steps of a service over documents.
//!
//! What became of a step is kept in the document that it changes, written in one swap with the change, its event and
//! the reply, which leaves through the document's outbox. A document keeps the last few of its steps: what became
//! of older ones is moved beside it ([`book`]) before it leaves the document, and is forgotten as where there are
//! tables. A step whose document is not there is answered too, from beside.

mod book;
mod effects;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

pub use book::STEPS_ROOM;
pub(crate) use book::purge;
use book::{Book, DocumentKey, Entry};
pub use effects::DocumentEffects;

use super::{
    Act, ActError, Action, COORDINATOR, Request,
    decide::{Answer, Verdict, decide},
};
use crate::{
    bus::Topic,
    documents::{ATTEMPTS, Aggregate, DocumentOutbox, DocumentTx, Documents, State, StepMark, store},
    error::StoreError,
    event::{Envelope, Event},
    fault::{self, Place},
    idempotency::Command,
    inbox::{HandleError, Handler},
    problem::Problem,
    sources::Sources,
};

/// How many messages one step leaves at most: its event and its reply.
const MESSAGES: usize = 2;

/// What an operation made of a document.
pub struct Changed<S> {
    /// The document's state now.
    pub state: S,
    /// What others hear of it, if anything has happened.
    pub event: Option<Event>,
}

/// What a service over documents can do as a step, with one document. It decides and does not write: it may be
/// asked again, with a newer state.
pub trait Deed<S>: Send + Sync {
    /// Carries the operation out; what it answers is given to its undo and to later steps.
    fn act(&self, state: &S, act: &Act<'_>) -> Result<(Changed<S>, Value), ActError>;

    /// Takes back what was carried out and came to `output`.
    fn undo(&self, _state: &S, act: &Act<'_>, _output: &Value) -> Result<Changed<S>, ActError> {
        Err(ActError::Unknown(format!("`{}` takes nothing back", act.operation)))
    }

    /// Lets go of what it still holds for a saga that is over ([`super::Participant::release`]).
    fn release(&self, state: &S, _act: &Act<'_>) -> Changed<S>
    where
        S: Clone,
    {
        Changed { state: state.clone(), event: None }
    }
}

/// The document that a step changes.
pub enum Target<'t, S> {
    /// One that no step makes.
    Kept {
        /// Its identifier.
        id: &'t str,
        /// What a step is refused with where it is not there.
        missing: Problem,
    },
    /// One that a step may make.
    Made {
        /// What is kept in its place until then, in no list.
        nothing: S,
    },
}

/// What a service over documents can do as a step of a saga.
#[async_trait]
pub trait DocumentParticipant: Send + Sync {
    /// Says which document a request is about, and what is done with it, by [`Asked::of`].
    async fn answer(&self, asked: &Asked<'_>) -> Result<(), HandleError>;
}

/// Applies requests to a participant: each step once, whatever comes twice, late or in another order.
pub struct DocumentSteps<P> {
    service: &'static str,
    participant: Arc<P>,
    documents: Arc<dyn Documents>,
    outbox: Arc<DocumentOutbox>,
    sources: Sources,
}

// Not derived: a participant itself need not be clonable.
impl<P> Clone for DocumentSteps<P> {
    fn clone(&self) -> Self {
        Self {
            service: self.service,
            participant: Arc::clone(&self.participant),
            documents: Arc::clone(&self.documents),
            outbox: Arc::clone(&self.outbox),
            sources: self.sources.clone(),
        }
    }
}

impl<P> DocumentSteps<P> {
    /// The steps of a service with these documents, whose outbox has been given [`with_replies`].
    pub fn new(
        service: &'static str,
        participant: P,
        (documents, outbox): (Arc<dyn Documents>, Arc<DocumentOutbox>),
        sources: Sources,
    ) -> Self {
        Self { service, participant: Arc::new(participant), documents, outbox, sources }
    }
}

/// The outbox, with the replies that are kept beside documents.
#[must_use]
pub fn with_replies(outbox: DocumentOutbox) -> DocumentOutbox {
    outbox.over::<Entry>()
}

#[async_trait]
impl<P: DocumentParticipant> Handler<DocumentTx> for DocumentSteps<P> {
    async fn apply(&self, _: &mut DocumentTx, event: &Envelope) -> Result<(), HandleError> {
        let request = Request::read(event)?;
        let command = Command::of_message(event, &request.saga, &self.sources);
        let book =
            Book { documents: self.documents.as_ref(), id: format!("{}/{}", request.saga, request.step) };
        let asked =
            Asked { service: self.service, outbox: &self.outbox, book, request: &request, command: &command };
        self.participant.answer(&asked).await
    }
}

/// A request, to be answered.
pub struct Asked<'a> {
    service: &'static str,
    outbox: &'a DocumentOutbox,
    book: Book<'a>,
    request: &'a Request,
    command: &'a Command,
}

impl Asked<'_> {
    /// What is asked for.
    #[must_use]
    pub fn act(&self) -> Act<'_> {
        Act { operation: &self.request.operation, input: &self.request.input, command: self.command }
    }

    /// Whether it is asked to be done, and not whether it was or to be undone.
    #[must_use]
    pub fn is_do(&self) -> bool {
        self.request.action == Action::Do
    }

    /// Answers the request with a deed done to a document, or undone.
    pub async fn of<S: State>(&self, target: Target<'_, S>, deed: &impl Deed<S>) -> Result<(), HandleError> {
        for _ in 0..ATTEMPTS {
            let id = match &target {
                Target::Kept { id, .. } => id,
                Target::Made { nothing } => nothing.id(),
            };
            let found = self.book.documents.get(S::COLLECTION, &[id.to_owned()]).await?.into_iter().next();
            let written = match (found, &target) {
                (Some(found), _) => self.in_document(Aggregate::read(found)?, deed).await?,
                (None, Target::Made { nothing }) => {
                    self.in_document(Aggregate::new(nothing.clone()), deed).await?
                }
                (None, Target::Kept { missing, .. }) => self.beside(missing).await?,
            };
            if written {
                return Ok(());
            }
        }
        Err(StoreError::Away("others are faster".into()).into())
    }

    /// Answers from a document; false if somebody was faster.
    async fn in_document<S: State>(
        &self,
        mut aggregate: Aggregate<S>,
        deed: &impl Deed<S>,
    ) -> Result<bool, HandleError> {
        room(&aggregate, MESSAGES)?;
        let before = match aggregate.step(&self.book.id) {
            Some(state) => Some(state.clone()),
            None => self.book.moved(DocumentKey::of(&aggregate.state), self.command.now_ms).await?,
        };
        let answer = match decide(self.request.action, self.request.generation, before) {
            Verdict::Act => self.done(&mut aggregate, deed)?,
            Verdict::Undo(output) => self.undone(&mut aggregate, deed, &output)?,
            Verdict::Release(output) => {
                let changed = deed.release(&aggregate.state, &self.act());
                self.apply(&mut aggregate, changed);
                Answer::released(output)
            }
            Verdict::Answer(answer) => answer,
        };
        if let Some(state) = answer.note.clone() {
            let (step, at) = (self.book.id.clone(), self.command.now_ms);
            aggregate.note_step(StepMark { step, note: self.request.noted(state), at });
        }
        for mark in aggregate.give_up_steps() {
            Book { id: mark.step.clone(), ..self.book }.keep(mark, self.command.now_ms).await?;
        }
        self.reply(&mut aggregate, answer);
        let written = self.write(aggregate).await?;
        fault::at(Place::StepAfterAct).await;
        Ok(written)
    }

    fn done<S: State>(
        &self,
        aggregate: &mut Aggregate<S>,
        deed: &impl Deed<S>,
    ) -> Result<Answer, HandleError> {
        match deed.act(&aggregate.state, &self.act()) {
            Ok((changed, output)) => {
                self.apply(aggregate, changed);
                Ok(Answer::done(output))
            }
            Err(ActError::Refused(problem)) => Ok(Answer::refused(problem, self.request.generation)),
            Err(error) => Err(error.into()),
        }
    }

    fn undone<S: State>(
        &self,
        aggregate: &mut Aggregate<S>,
        deed: &impl Deed<S>,
        output: &Value,
    ) -> Result<Answer, HandleError> {
        match deed.undo(&aggregate.state, &self.act(), output) {
            Ok(changed) => {
                self.apply(aggregate, changed);
                Ok(Answer::undone())
            }
            Err(ActError::Refused(problem)) => Ok(Answer::not_undone(problem)),
            Err(error) => Err(error.into()),
        }
    }

    fn apply<S: State>(&self, aggregate: &mut Aggregate<S>, changed: Changed<S>) {
        match changed.event {
            Some(event) => aggregate.record(changed.state, &event, self.command),
            None => aggregate.state = changed.state,
        }
    }

    /// Answers where the document is not there; false if somebody was faster, or it has come.
    async fn beside(&self, missing: &Problem) -> Result<bool, HandleError> {
        let mut entry = self.book.entry(self.command.now_ms).await?;
        if entry.state.moved {
            return Ok(false);
        }
        room(&entry, 1)?;
        let before = entry.state.step.clone().map(|note| note.state);
        let answer = match decide(self.request.action, self.request.generation, before) {
            Verdict::Act => Answer::refused(missing.clone(), self.request.generation),
            Verdict::Undo(_) | Verdict::Release(_) => {
                return Err(StoreError::corrupt("saga step", "it was done to what is not there").into());
            }
            Verdict::Answer(answer) => answer,
        };
        if let Some(state) = answer.note.clone() {
            entry.state.note(self.request.noted(state), self.command.now_ms);
        }
        self.reply(&mut entry, answer);
        self.write(entry).await
    }

    fn reply<S: State>(&self, aggregate: &mut Aggregate<S>, answer: Answer) {
        let reply = self.request.answered(answer.outcome).event(self.service);
        aggregate.send(&reply, &Topic::replies(COORDINATOR), self.command);
    }

    async fn write<S: State>(&self, aggregate: Aggregate<S>) -> Result<bool, HandleError> {
        let written = store(self.book.documents, &aggregate).await?;
        if written {
            self.outbox.written(&[aggregate]).await;
        }
        Ok(written)
    }
}

/// A document in which too much waits is asked again when some of it has left.
fn room<S: State>(aggregate: &Aggregate<S>, messages: usize) -> Result<(), StoreError> {
    let is_full = !aggregate.has_room(messages);
    if is_full { Err(StoreError::Away("too many events wait in the document".into())) } else { Ok(()) }
}
