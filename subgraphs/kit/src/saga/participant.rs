//! Doing what is asked, once.

use std::sync::Arc;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    COORDINATOR, Keep, Request, StepTx,
    decide::{Answer, Verdict, decide},
};
use crate::{
    bus::Topic,
    error::StoreError,
    event::Envelope,
    fault::{self, Place},
    idempotency::Command,
    inbox::{HandleError, Handler},
    problem::{Problem, Refusal},
    sources::Sources,
};

/// Why an operation was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The engine failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The domain refuses; whatever the operation has written is taken back.
    #[error("{0:?}")]
    Refused(Problem),
    /// The service has no such operation, or cannot read its input.
    #[error("{0}")]
    Unknown(String),
}

impl From<Problem> for ActError {
    fn from(problem: Problem) -> Self {
        match problem {
            // It passes, and a refusal does not.
            Problem::Unavailable { message, .. } => Self::Store(StoreError::Away(message.into())),
            problem => Self::Refused(problem),
        }
    }
}

impl From<Vec<Problem>> for ActError {
    fn from(problems: Vec<Problem>) -> Self {
        Refusal::from(problems).into()
    }
}

impl From<Refusal> for ActError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Failed(error) => Self::Store(error),
            Refusal::Problems(problems) => match problems.into_iter().next() {
                Some(problem) => problem.into(),
                None => Self::Unknown("it was refused without a reason".to_owned()),
            },
        }
    }
}

impl From<ActError> for HandleError {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Store(error) => Self::Store(error),
            ActError::Refused(_) | ActError::Unknown(_) => Self::Poison(error.to_string()),
        }
    }
}

/// One operation of a step.
pub struct Act<'a> {
    /// The service's name for it.
    pub operation: &'a str,
    /// What it needs.
    pub input: &'a Value,
    /// On whose behalf: the saga's. Changes and their events are made in its name.
    pub command: &'a Command,
}

impl Act<'_> {
    /// The operation's input as the service reads it.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ActError> {
        let read = T::deserialize(self.input);
        read.map_err(|error| {
            ActError::Unknown(format!("the input of {} cannot be read: {error}", self.operation))
        })
    }

    /// The saga on whose behalf it is.
    #[must_use]
    pub fn saga(&self) -> &str {
        self.command.cause.saga.as_deref().unwrap_or_default()
    }

    /// That the service has no operation of this name.
    #[must_use]
    pub fn unknown(&self) -> ActError {
        ActError::Unknown(format!("there is no operation `{}`", self.operation))
    }
}

/// What a service can do as a step of a saga.
#[async_trait]
pub trait Participant<Tx>: Send + Sync {
    /// Carries out an operation; what it answers is given to its undo and to later steps.
    async fn act(&self, tx: &mut Tx, act: Act<'_>) -> Result<Value, ActError>;

    /// Takes back an operation that was carried out and came to `output`.
    async fn undo(&self, tx: &mut Tx, act: Act<'_>, output: &Value) -> Result<(), ActError>;

    /// The saga is over, and somebody has settled by hand what its steps could not: lets go of what an operation that came to
    /// `output` still holds for the saga. `act` has the operation if the saga was completed, and its undo if it was turned
    /// back. Whoever holds nothing for sagas has nothing to do.
    async fn release(&self, _tx: &mut Tx, _act: Act<'_>, _output: &Value) -> Result<(), ActError> {
        Ok(())
    }
}

/// Applies requests to a participant: each step once, whatever comes twice, late or in another order.
pub struct Steps<P> {
    service: &'static str,
    participant: Arc<P>,
    sources: Sources,
}

// Not derived: a participant itself need not be clonable.
impl<P> Clone for Steps<P> {
    fn clone(&self) -> Self {
        Self {
            service: self.service,
            participant: Arc::clone(&self.participant),
            sources: self.sources.clone(),
        }
    }
}

impl<P> Steps<P> {
    /// The steps of a service.
    pub fn new(service: &'static str, participant: P, sources: Sources) -> Self {
        Self { service, participant: Arc::new(participant), sources }
    }
}

#[async_trait]
impl<Tx, P> Handler<Tx> for Steps<P>
where
    Tx: StepTx,
    P: Participant<Tx>,
{
    async fn apply(&self, tx: &mut Tx, event: &Envelope) -> Result<(), HandleError> {
        let request = Request::read(event)?;
        let command = Command::of_message(event, &request.saga, &self.sources);
        let before = tx.step(&request.saga, &request.step).await?;
        let act = Act { operation: &request.operation, input: &request.input, command: &command };
        let answer = match decide(request.action, request.generation, before) {
            Verdict::Act => self.act(tx, act, request.generation).await?,
            Verdict::Undo(output) => self.undo(tx, act, &output).await?,
            Verdict::Release(output) => {
                self.participant.release(tx, act, &output).await?;
                Answer::released(output)
            }
            Verdict::Answer(answer) => answer,
        };
        if let Some(state) = answer.note {
            tx.note_step(&request.saga, &request.step, &request.noted(state)).await?;
        }
        let reply = request.answered(answer.outcome);
        tx.say(&reply.event(self.service), Some(&Topic::replies(COORDINATOR)), &command).await?;
        Ok(())
    }
}

impl<P> Steps<P> {
    async fn act<Tx>(&self, tx: &mut Tx, act: Act<'_>, generation: u32) -> Result<Answer, HandleError>
    where
        Tx: StepTx,
        P: Participant<Tx>,
    {
        tx.begin_part().await?;
        match self.participant.act(tx, act).await {
            Ok(output) => {
                fault::at(Place::StepAfterAct).await;
                tx.end_part(Keep::Changes).await?;
                Ok(Answer::done(output))
            }
            Err(ActError::Refused(problem)) => {
                tx.end_part(Keep::Nothing).await?;
                Ok(Answer::refused(problem, generation))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn undo<Tx>(&self, tx: &mut Tx, act: Act<'_>, output: &Value) -> Result<Answer, HandleError>
    where
        Tx: StepTx,
        P: Participant<Tx>,
    {
        tx.begin_part().await?;
        match self.participant.undo(tx, act, output).await {
            Ok(()) => {
                tx.end_part(Keep::Changes).await?;
                Ok(Answer::undone())
            }
            Err(ActError::Refused(problem)) => {
                tx.end_part(Keep::Nothing).await?;
                Ok(Answer::not_undone(problem))
            }
            Err(error) => Err(error.into()),
        }
    }
}
