//! The coordinator: what has happened to a saga goes through the machine, and the saga as it is then is stored
//! with what is to be asked, in one transaction.

use async_trait::async_trait;
use lms_kit::{
    Problem, Sources, StoreError,
    bus::Topic,
    event::{Envelope, Event, Touch},
    fault::{self, Place},
    idempotency::Command,
    inbox::{HandleError, Handler},
    planted::{self, Bug},
    saga::{Effect, Reply, Start, StepTx},
};
use serde_json::json;

use crate::{
    NAME,
    definition::{self, Definition},
    machine::{self, Ask, Beginning, Remains, Resolution},
    saga::Saga,
};

/// How long a saga that cannot be moved is left alone, in ms.
pub const POSTPONED_MS: i64 = 60_000;

/// What a transaction of the coordinator's engine can do.
#[async_trait]
pub trait SagaTx: StepTx {
    /// The time on the engine's clock, in ms.
    async fn now_ms(&mut self) -> Result<i64, StoreError>;

    /// A saga, held until the transaction ends.
    async fn saga(&mut self, id: &str) -> Result<Option<Saga>, StoreError>;

    /// The sagas of which something is due, held until the transaction ends; those that another transaction
    /// holds are left out.
    async fn due(&mut self, most: u32) -> Result<Vec<Saga>, StoreError>;

    /// Leaves a saga that cannot be moved here for this long.
    async fn postpone(&mut self, id: &str, ms: i64) -> Result<(), StoreError>;

    /// Stores a new saga.
    async fn add(&mut self, saga: &Saga) -> Result<(), StoreError>;

    /// Stores a saga in place of its version before.
    async fn put(&mut self, saga: &Saga) -> Result<(), StoreError>;

    /// Notes that a saga is lost: services did something for it that is not known here.
    async fn miss(&mut self, id: &str) -> Result<(), StoreError>;
}

/// Coordinates the sagas of these definitions.
#[derive(Clone)]
pub struct Coordinator {
    definitions: &'static [Definition],
    sources: Sources,
}

impl Coordinator {
    /// For these definitions, which hold to [`definition::check`].
    #[must_use]
    pub fn new(definitions: &'static [Definition], sources: Sources) -> Self {
        Self { definitions, sources }
    }

    fn definition(&self, saga: &Saga) -> Result<&'static Definition, StoreError> {
        let found = definition::find(self.definitions, &saga.kind, saga.definition);
        let unknown = || format!("{} version {} is not known here", saga.kind, saga.definition);
        found.ok_or_else(|| StoreError::corrupt("saga", unknown()))
    }

    /// The time by which answers are waited for: the engine's, since processes do not agree on theirs.
    async fn now_ms<Tx: SagaTx>(&self, tx: &mut Tx) -> Result<i64, StoreError> {
        if planted::is(Bug::ProcessClock) { Ok(self.sources.clock.now_ms()) } else { tx.now_ms().await }
    }

    /// Begins a saga of a kind, as part of `command`.
    pub async fn begin<Tx: SagaTx>(
        &self,
        tx: &mut Tx,
        kind: &str,
        beginning: Beginning,
        command: &Command,
    ) -> Result<Saga, StoreError> {
        let definition = definition::newest(self.definitions, kind);
        let definition =
            definition.ok_or_else(|| StoreError::corrupt("saga", format!("there are no {kind}s")))?;
        let now_ms = self.now_ms(tx).await?;
        let (saga, asks) = machine::start(definition, beginning, now_ms);
        tx.add(&saga).await?;
        say(tx, &saga, &asks, command).await?;
        Ok(saga)
    }

    /// Begins what a service asks for, once.
    async fn begin_once<Tx: SagaTx>(
        &self,
        tx: &mut Tx,
        start: Start,
        command: &Command,
    ) -> Result<(), StoreError> {
        let Start { saga: id, kind, caller, input } = start;
        if tx.saga(&id).await?.is_some() {
            return Ok(());
        }
        let beginning = Beginning { id, caller, traceparent: command.traceparent.clone(), input };
        self.begin(tx, &kind, beginning, command).await.map(drop)
    }

    /// Takes a service's answer.
    async fn take<Tx: SagaTx>(
        &self,
        tx: &mut Tx,
        reply: &Reply,
        command: &Command,
    ) -> Result<(), StoreError> {
        let Some(mut saga) = tx.saga(&reply.saga).await? else {
            tracing::warn!(saga = reply.saga, step = reply.step, "an answer belongs to no saga");
            return tx.miss(&reply.saga).await;
        };
        let (definition, now_ms) = (self.definition(&saga)?, self.now_ms(tx).await?);
        match machine::answer(definition, &mut saga, reply, now_ms) {
            Some(asks) => store(tx, &saga, &asks, command).await,
            None if machine::is_news(&saga, reply) => tx.miss(&reply.saga).await,
            None => Ok(()),
        }
    }

    /// Takes a saga up again that is lost, from what each service did for it. One that is known, and was not taken up before,
    /// stays as it is.
    pub(crate) async fn take_up<Tx: SagaTx>(
        &self,
        tx: &mut Tx,
        (id, began_at): (&str, i64),
        done: Vec<(&str, Effect)>,
    ) -> Result<(), StoreError> {
        let before = tx.saga(id).await?;
        let is_known = before.as_ref().is_some_and(|saga| !saga.taken_up);
        let steps: Vec<(&str, &str)> =
            done.iter().map(|(service, effect)| (*service, effect.step.as_str())).collect();
        if is_known || steps.is_empty() {
            tracing::info!(saga = id, is_known, "a saga that was missed is not taken up");
            return Ok(());
        }
        let definition = definition::of_steps(self.definitions, &steps).ok_or_else(|| {
            StoreError::corrupt("saga", format!("no kind of saga has all steps of {id}: {steps:?}"))
        })?;
        let (is_new, now_ms) = (before.is_none(), self.now_ms(tx).await?);
        let effects = done.into_iter().map(|(_, effect)| effect).collect();
        let remains = Remains { id: id.to_owned(), began_at, effects, before };
        let (saga, asks) = machine::take_up(definition, remains, now_ms);
        tracing::warn!(saga = id, kind = saga.kind, phase = saga.phase.as_str(), "a lost saga is taken up");
        if is_new {
            tx.add(&saga).await?;
        } else {
            tx.put(&saga).await?;
        }
        let command = Command::of_saga(id, None, &self.sources);
        say(tx, &saga, &asks, &command).await
    }

    /// Goes on with sagas whose time has come; how many there were.
    pub async fn on_time<Tx: SagaTx>(&self, tx: &mut Tx, most: u32) -> Result<usize, StoreError> {
        let due = tx.due(most).await?;
        let (number, now_ms) = (due.len(), self.now_ms(tx).await?);
        for mut saga in due {
            let definition = match self.definition(&saga) {
                Ok(definition) => definition,
                Err(error) => {
                    // Another version of this service knows it; the other sagas do not wait for that.
                    tracing::warn!(saga = saga.id, %error, "a saga cannot be moved here");
                    tx.postpone(&saga.id, POSTPONED_MS).await?;
                    continue;
                }
            };
            let Some(asks) = machine::on_time(definition, &mut saga, now_ms) else { continue };
            let command = Command::of_saga(&saga.id, saga.traceparent.clone(), &self.sources);
            store(tx, &saga, &asks, &command).await?;
        }
        Ok(number)
    }

    /// Does what somebody asks; the saga after it.
    pub async fn step_in<Tx: SagaTx>(
        &self,
        tx: &mut Tx,
        id: &str,
        how: StepIn,
        command: &Command,
    ) -> Result<Result<Saga, Problem>, StoreError> {
        let Some(mut saga) = tx.saga(id).await? else {
            return Ok(Err(Problem::not_found(&["id"], format!("there is no saga {id}"))));
        };
        let (definition, now_ms) = (self.definition(&saga)?, self.now_ms(tx).await?);
        let asks = match how {
            StepIn::Cancel => machine::cancel(definition, &mut saga, now_ms),
            StepIn::Retry => machine::retry(definition, &mut saga, now_ms),
            StepIn::Resolve(resolution) => machine::resolve(definition, &mut saga, resolution, now_ms),
        };
        match asks {
            Ok(asks) => store(tx, &saga, &asks, command).await.map(|()| Ok(saga)),
            Err(problem) => Ok(Err(problem)),
        }
    }
}

/// What somebody asks of a saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepIn {
    /// To turn back.
    Cancel,
    /// To ask again at once.
    Retry,
    /// To go on from where it is stuck.
    Resolve(Resolution),
}

#[async_trait]
impl<Tx: SagaTx> Handler<Tx> for Coordinator {
    async fn apply(&self, tx: &mut Tx, event: &Envelope) -> Result<(), HandleError> {
        if event.data.aggregate == Start::AGGREGATE {
            let start = Start::read(event)?;
            let command = Command::of_message(event, &start.saga, &self.sources);
            return Ok(self.begin_once(tx, start, &command).await?);
        }
        let reply = Reply::read(event)?;
        let command = Command::of_message(event, &reply.saga, &self.sources);
        Ok(self.take(tx, &reply, &command).await?)
    }
}

async fn store<Tx: SagaTx>(
    tx: &mut Tx,
    saga: &Saga,
    asks: &[Ask],
    command: &Command,
) -> Result<(), StoreError> {
    fault::at(Place::CoordinatorBeforeStore).await;
    tx.put(saga).await?;
    say(tx, saga, asks, command).await?;
    fault::at(Place::CoordinatorAfterStore).await;
    Ok(())
}

/// Asks what is to be asked, and tells how the saga is.
async fn say<Tx: SagaTx>(
    tx: &mut Tx,
    saga: &Saga,
    asks: &[Ask],
    command: &Command,
) -> Result<(), StoreError> {
    for ask in asks {
        tx.say(&ask.request.event(), Some(&Topic::commands(ask.service)), command).await?;
    }
    tx.say(&changed(saga), None, command).await
}

/// How a saga is, without what it was given: that may be personal.
fn changed(saga: &Saga) -> Event {
    let steps = saga.steps.iter().map(|run| json!({ "name": run.name, "status": run.status }));
    let touched = Touch::new(&saga.kind, ("id", &saga.id), NAME);
    // Where it is looked up as any saga, its identifier is the same.
    let keys = touched.keys.first().cloned().into_iter().collect();
    let as_any = Touch { type_name: "Saga".to_owned(), keys, subgraph: NAME.to_owned() };
    Event {
        service: NAME,
        aggregate_type: "Saga",
        aggregate_id: saga.id.clone(),
        kind: "SagaChanged",
        data: json!({
            "id": saga.id,
            "kind": saga.kind,
            "phase": saga.phase,
            "version": saga.version,
            "steps": steps.collect::<Vec<_>>(),
        }),
        deleted: false,
        touches: vec![as_any, touched],
    }
}
