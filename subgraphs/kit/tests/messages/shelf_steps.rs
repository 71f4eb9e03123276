//! Steps that change documents: what documents have and tables do not.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use lms_kit::{
    Problem, Sources,
    documents::{ARCHIVE, Aggregate, Collection, DocumentOutbox, DocumentTx, OUTBOX_LIMIT, State, create},
    event::{Envelope, Event},
    inbox::{HandleError, Handler},
    outbox::{Outbox, Relay, RelayOptions, Wake},
    page::SortKey,
    saga::{
        Act, ActError, Action, Asked, Changed, Deed, DocumentEffects, DocumentParticipant, DocumentSteps,
        Effects, Outcome, Reply, Request, Target, with_replies,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    shelf::{ENGINES, NOTES, NoLog, Shelf, grow_old, purge},
    steps::{Doing, message, request},
    wire::Wire,
    world::Database,
};

/// How many notes there are, in one document.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Pad {
    id: String,
    notes: i64,
}

impl State for Pad {
    const COLLECTION: &'static Collection = &NOTES;

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> BTreeMap<&'static str, SortKey> {
        BTreeMap::new()
    }
}

struct Note;

impl Note {
    fn changed(pad: &Pad, by: i64) -> Changed<Pad> {
        let state = Pad { notes: pad.notes + by, ..pad.clone() };
        let event = Event {
            service: "notes",
            aggregate_type: "Pad",
            aggregate_id: pad.id.clone(),
            kind: "PadChanged",
            data: json!({ "value": state.notes }),
            deleted: false,
            touches: Vec::new(),
        };
        Changed { state, event: Some(event) }
    }
}

impl Deed<Pad> for Note {
    fn act(&self, pad: &Pad, act: &Act<'_>) -> Result<(Changed<Pad>, Value), ActError> {
        if act.input["refused"] == true {
            return Err(Problem::invalid(&["input"], "not refused", "it is told to be").into());
        }
        Ok((Self::changed(pad, 1), json!(act.saga())))
    }

    fn undo(&self, pad: &Pad, _: &Act<'_>, output: &Value) -> Result<Changed<Pad>, ActError> {
        assert_eq!(output, "saga", "what the step came to");
        Ok(Self::changed(pad, -1))
    }

    fn release(&self, pad: &Pad, _: &Act<'_>) -> Changed<Pad> {
        if pad.notes > 0 { Self::changed(pad, -1) } else { Changed { state: pad.clone(), event: None } }
    }
}

/// Finds its one pad, or may make it.
struct Pads {
    may_make: bool,
}

#[async_trait]
impl DocumentParticipant for Pads {
    async fn answer(&self, asked: &Asked<'_>) -> Result<(), HandleError> {
        let target = if self.may_make {
            Target::Made { nothing: Pad { id: "pad".to_owned(), notes: 0 } }
        } else {
            Target::Kept { id: "pad", missing: Problem::not_found(&["id"], "there is no pad") }
        };
        asked.of(target, &Note).await
    }
}

/// A service with a pad, or without one yet.
struct Site {
    shelf: Shelf,
    outbox: Arc<DocumentOutbox>,
    steps: DocumentSteps<Pads>,
    /// Makes messages.
    asks: Database,
    attempts: AtomicU32,
    wire: Arc<Wire>,
}

impl Site {
    async fn of(engine: &str, may_make: bool) -> Self {
        let shelf = Shelf::of(engine).await;
        let outbox = DocumentOutbox::new(Arc::clone(&shelf.documents), NoLog).over::<Pad>();
        let outbox = Arc::new(with_replies(outbox));
        let parts = (Arc::clone(&shelf.documents), Arc::clone(&outbox));
        let steps = DocumentSteps::new("notes", Pads { may_make }, parts, Sources::system());
        let (asks, wire) = (Database::of("sqlite").await, Arc::new(Wire::default()));
        Self { shelf, outbox, steps, asks, attempts: AtomicU32::new(1), wire }
    }

    async fn make_pad(&self) {
        let pad = Aggregate::new(Pad { id: "pad".to_owned(), notes: 0 });
        create(self.shelf.documents.as_ref(), pad).await.unwrap().unwrap();
    }

    async fn relay(&self) {
        let outbox = Arc::clone(&self.outbox) as Arc<dyn Outbox>;
        let relay = Relay::new(
            "notes",
            outbox,
            Arc::clone(&self.wire) as _,
            Wake::default(),
            RelayOptions::default(),
        );
        relay.turn().await.unwrap();
    }

    async fn apply(&self, request: &Request) -> Result<(), HandleError> {
        let message = message(&self.asks, request).await;
        self.steps.apply(&mut DocumentTx::default(), &message).await
    }

    fn next_attempt(&self, request: &Request) -> Request {
        Request { attempt: self.attempts.fetch_add(1, Ordering::Relaxed), ..request.clone() }
    }

    async fn asked(&self, request: &Request) -> Outcome {
        let request = self.next_attempt(request);
        self.apply(&request).await.unwrap();
        loop {
            self.relay().await;
            let sent = self.wire.sent.lock().unwrap();
            let replies = sent.iter().filter(|message| message.topic.name() == "sagas.replies");
            let replies = replies
                .map(|message| Reply::read(&Envelope::parse(message.body.as_bytes()).unwrap()).unwrap());
            if let Some(reply) = replies.into_iter().find(|reply| reply.attempt == request.attempt) {
                return reply.outcome;
            }
        }
    }

    async fn pad(&self) -> Option<Value> {
        self.shelf.documents.get(&NOTES, &["pad".to_owned()]).await.unwrap().pop().map(|found| found.body)
    }

    fn effects(&self) -> DocumentEffects {
        DocumentEffects::new(Arc::clone(&self.shelf.documents)).over::<Pad>()
    }

    async fn notes(&self) -> i64 {
        self.pad().await.map_or(0, |pad| pad["state"]["notes"].as_i64().unwrap())
    }
}

/// A service whose pad is there.
pub(crate) struct Kept(Site);

/// A service whose steps make the pad.
pub(crate) struct Made(Site);

impl Doing for Kept {
    async fn of(engine: &str) -> Self {
        let site = Site::of(engine, false).await;
        site.make_pad().await;
        Self(site)
    }

    async fn asked(&self, request: &Request) -> Outcome {
        self.0.asked(request).await
    }

    async fn notes(&self) -> i64 {
        self.0.notes().await
    }

    fn effects(&self) -> impl Effects + 'static {
        self.0.effects()
    }
}

impl Doing for Made {
    async fn of(engine: &str) -> Self {
        Self(Site::of(engine, true).await)
    }

    async fn asked(&self, request: &Request) -> Outcome {
        self.0.asked(request).await
    }

    async fn notes(&self) -> i64 {
        self.0.notes().await
    }

    fn effects(&self) -> impl Effects + 'static {
        self.0.effects()
    }
}

fn is_refused_for_a_reason(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused { problem: Some(Problem::NotFound { .. }) })
}

#[tokio::test]
async fn what_was_answered_without_the_document_stands_when_it_is_there() {
    use Action::{Abandon, Do, Release, Undo};
    let ask = |action, generation| request(action, generation, Value::Null);
    let never = Outcome::Refused { problem: None };
    for engine in ENGINES {
        for first in [Do, Undo, Abandon, Release] {
            let site = Site::of(engine, false).await;
            let answered = site.asked(&ask(first, 1)).await;
            match first {
                Do => assert!(is_refused_for_a_reason(&answered), "{engine}: {answered:?}"),
                Undo | Release => assert_eq!(answered, Outcome::Undone, "{engine}"),
                Abandon => assert_eq!(answered, never, "{engine}"),
            }
            assert_eq!(site.asked(&ask(first, 1)).await, answered, "{engine}: again");
            site.make_pad().await;
            let again = site.asked(&ask(Do, 1)).await;
            let later = site.asked(&ask(Do, 2)).await;
            if first == Do {
                assert_eq!(again, answered, "{engine}: it was refused");
                assert!(matches!(later, Outcome::Done { .. }), "{engine}: somebody has mended it: {later:?}");
                assert_eq!(site.asked(&ask(Undo, 2)).await, Outcome::Undone, "{engine}");
            } else {
                assert_eq!((again, later), (never.clone(), never.clone()), "{engine}: {first:?}");
            }
            assert_eq!(site.notes().await, 0, "{engine}: {first:?}");
        }
    }
}

/// The document comes while two replicas are asked: whoever saw it and whoever did not agree.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_agree_while_the_document_comes() {
    for engine in ENGINES {
        for round in 0..20 {
            let site = Arc::new(Site::of(engine, false).await);
            let ask = |action: Action| {
                let site = Arc::clone(&site);
                tokio::spawn(async move { site.asked(&request(action, 1, Value::Null)).await })
            };
            let second = if round % 2 == 0 { Action::Do } else { Action::Abandon };
            let (one, two) = (ask(Action::Do), ask(second));
            site.make_pad().await;
            let (one, two) = (one.await.unwrap(), two.await.unwrap());
            let done = |outcome: &Outcome| matches!(outcome, Outcome::Done { .. });
            assert_eq!(done(&one), done(&two), "{engine}: {one:?}, {two:?}");
            assert_eq!(site.notes().await, i64::from(done(&one)), "{engine}: {one:?}, {two:?}");
        }
    }
}

#[tokio::test]
async fn a_document_stays_small_and_its_oldest_step_can_be_undone() {
    const STEPS: i64 = 40;
    for engine in ENGINES {
        let site = Site::of(engine, true).await;
        let step = |number: i64, action| Request {
            step: format!("step {number}"),
            ..request(action, 1, Value::Null)
        };
        for number in 0..STEPS {
            assert!(matches!(site.asked(&step(number, Action::Do)).await, Outcome::Done { .. }));
        }
        let kept = site.pad().await.unwrap()["steps"].as_array().unwrap().len();
        assert_eq!((site.notes().await, kept), (STEPS, 32), "{engine}");
        let again = site.asked(&step(0, Action::Do)).await;
        assert!(matches!(again, Outcome::Done { .. }), "{engine}: {again:?}");
        assert_eq!(site.notes().await, STEPS, "{engine}: it is not done again");
        for _ in 0..2 {
            assert_eq!(site.asked(&step(0, Action::Undo)).await, Outcome::Undone, "{engine}");
            assert_eq!(site.notes().await, STEPS - 1, "{engine}: once");
        }
        let never = Outcome::Refused { problem: None };
        assert_eq!(site.asked(&step(0, Action::Do)).await, never, "{engine}");
    }
}

#[tokio::test]
async fn a_full_document_is_asked_again_when_something_has_left() {
    for engine in ENGINES {
        let site = Site::of(engine, true).await;
        let ask = request(Action::Do, 1, Value::Null);
        for _ in 0..OUTBOX_LIMIT - 2 {
            site.apply(&site.next_attempt(&ask)).await.unwrap();
        }
        let full = site.apply(&site.next_attempt(&ask)).await.unwrap_err();
        let HandleError::Store(passing) = &full else { panic!("{full}") };
        assert!(passing.is_passing(), "{engine}: {full}");
        site.relay().await;
        assert!(matches!(site.asked(&ask).await, Outcome::Done { .. }), "{engine}");
        assert_eq!(site.notes().await, 1, "{engine}");
        assert_eq!(
            site.wire.sent.lock().unwrap().len(),
            OUTBOX_LIMIT - 2 + 2,
            "{engine}: replies and an event"
        );
        let archived = site.shelf.documents.scan(&ARCHIVE, None, 100).await.unwrap();
        assert_eq!(archived.len(), 1, "{engine}: the event alone is state");
    }
}

#[tokio::test]
async fn what_a_step_was_refused_with_long_ago_is_forgotten() {
    for engine in ENGINES {
        let site = Site::of(engine, false).await;
        let ask = request(Action::Do, 1, Value::Null);
        assert!(is_refused_for_a_reason(&site.asked(&ask).await), "{engine}");
        purge(&site.shelf, DocumentOutbox::new(Arc::clone(&site.shelf.documents), NoLog)).await;
        assert!(is_refused_for_a_reason(&site.asked(&ask).await), "{engine}: a moment ago");
        site.relay().await;
        grow_old(&site.shelf, "saga_steps", "notedAt").await;
        purge(&site.shelf, DocumentOutbox::new(Arc::clone(&site.shelf.documents), NoLog)).await;
        site.make_pad().await;
        assert!(matches!(site.asked(&ask).await, Outcome::Done { .. }), "{engine}");
    }
}
