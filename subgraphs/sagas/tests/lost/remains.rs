//! What becomes of a saga of which only is left what its services did.

use lms_kit::saga::{Action, Effect, Outcome, Owner, Reply, StepNote, StepState};
use lms_sagas::{
    definition::{DEFINITIONS, Definition, of_steps},
    machine::{Ask, Remains, Resolution, answer, is_news, resolve, take_up},
    saga::{Phase, Saga},
};
use serde_json::{Value, json};

const NOW_MS: i64 = 1_800_000_000_000;

/// Something that a service did.
fn done(step: &str, output: Value) -> Effect {
    became(step, StepState::Done { output })
}

fn became(step: &str, state: StepState) -> Effect {
    let note = StepNote { state, owner: Owner::User("zoe".into()) };
    Effect { saga: "s".into(), step: step.into(), note, at: 7 }
}

/// Of each step of the library the service; of an instance that of its step.
fn service(step: &str) -> &'static str {
    let name = step.split('#').next().unwrap();
    DEFINITIONS.iter().find_map(|known| known.step(name)).unwrap().service
}

struct TakenUp {
    definition: &'static Definition,
    saga: Saga,
    asks: Vec<Ask>,
}

impl TakenUp {
    fn from(effects: Vec<Effect>) -> Self {
        let steps: Vec<(&str, &str)> =
            effects.iter().map(|effect| (service(&effect.step), effect.step.as_str())).collect();
        let definition = of_steps(DEFINITIONS, &steps).unwrap();
        let remains = Remains { id: "s".into(), began_at: 1, effects, before: None };
        let (saga, asks) = take_up(definition, remains, NOW_MS);
        Self { definition, saga, asks }
    }

    /// What is asked, each as action, step and operation.
    fn asked(&self) -> Vec<String> {
        let said = |Ask { request, .. }: &Ask| {
            format!("{:?} {} {}", request.action, request.step, request.operation)
        };
        self.asks.iter().map(said).collect()
    }

    /// What is asked with.
    fn input(&self, step: &str) -> &Value {
        &self.asks.iter().find(|ask| ask.request.step == step).unwrap().request.input
    }

    /// Each request is answered with this.
    fn answered(mut self, outcome: &Outcome) -> Self {
        let mut next = Vec::new();
        for Ask { request, .. } in std::mem::take(&mut self.asks) {
            let (saga, step) = (request.saga, request.step);
            let (attempt, generation, action) = (request.attempt, request.generation, request.action);
            let reply = Reply { saga, step, attempt, generation, action, outcome: outcome.clone() };
            next.extend(answer(self.definition, &mut self.saga, &reply, NOW_MS).unwrap());
        }
        self.asks = next;
        self
    }

    fn message(&self) -> Option<String> {
        self.saga.problem.as_ref().map(|problem| format!("{problem:?}"))
    }
}

fn proposed() -> Vec<Effect> {
    let author =
        |number| done(&format!("proposeAuthor#{number}"), json!({ "authorNumber": format!("{number}") }));
    // In no order, and more than nine.
    let authors = (0..11).rev().map(author);
    authors.chain([done("ensureGenre", json!({ "id": "g" }))]).collect()
}

const NEVER: Outcome = Outcome::Refused { problem: None };

#[test]
fn before_the_pivot_it_turns_back_unless_the_pivot_has_happened() {
    let taken_up = TakenUp::from(proposed());
    assert_eq!(taken_up.asked(), ["Abandon createBook create"]);
    assert_eq!((taken_up.saga.phase, taken_up.saga.caller.as_str()), (Phase::Running, "zoe"));
    let turned = taken_up.answered(&NEVER);
    assert_eq!(turned.saga.phase, Phase::Compensating);
    assert_eq!(turned.asks.len(), 12, "{:?}", turned.asked());
    assert!(turned.asks.iter().all(|ask| ask.request.action == Action::Undo), "{:?}", turned.asked());
    let ended = turned.answered(&Outcome::Undone);
    assert_eq!((ended.saga.phase, ended.asks.len()), (Phase::Compensated, 0));
    assert!(ended.message().unwrap().contains("older backup"), "{:?}", ended.saga.problem);

    let happened = Outcome::Done { output: json!({ "isbn": "i" }) };
    let went_on = TakenUp::from(proposed()).answered(&happened);
    assert_eq!(went_on.asked(), ["Do activateGenre activate", "Do activateAuthors activate"]);
    let numbers: Vec<String> = (0..11).map(|number| number.to_string()).collect();
    assert_eq!(went_on.input("activateAuthors"), &json!({ "authorNumbers": numbers }));
    assert_eq!((went_on.saga.problem.as_ref(), &went_on.saga.input["isbn"]), (None, &json!("i")));
}

#[test]
fn past_the_pivot_it_is_finished() {
    let mut effects = proposed();
    effects.push(done("createBook", json!({ "isbn": "i" })));
    effects.push(done("activateGenre", json!({ "id": "g" })));
    let taken_up = TakenUp::from(effects.clone());
    assert_eq!(taken_up.asked(), ["Do activateAuthors activate"]);
    assert_eq!(taken_up.answered(&Outcome::Done { output: json!({}) }).saga.phase, Phase::Completed);
    effects.push(done("activateAuthors", json!({})));
    let ended = TakenUp::from(effects);
    assert_eq!((ended.saga.phase, ended.asks.len(), ended.saga.version), (Phase::Completed, 0, 1));

    let back = done(
        "returnLending",
        json!({ "studentNumber": "n", "lendingNumber": "l", "isbn": "i", "title": "t" }),
    );
    let returned = TakenUp::from(vec![back]);
    assert_eq!(returned.asked(), ["Do releaseSlot releaseSlot"]);
    assert_eq!(
        returned.input("releaseSlot"),
        &json!({ "studentNumber": "n", "lendingNumber": "l", "isbn": "i" })
    );
}

#[test]
fn what_is_undone_is_found_again_by_what_it_came_to() {
    let place = vec![done("reserveSlot", json!({ "studentNumber": "n" }))];
    let turned = TakenUp::from(place).answered(&NEVER);
    assert_eq!(turned.asked(), ["Undo reserveSlot freeSlot"]);
    assert_eq!(turned.input("reserveSlot")["studentNumber"], "n");
}

#[test]
fn what_a_service_wants_goes_on_and_what_a_client_wanted_does_not() {
    let account = vec![done("takeUser", json!({ "userId": "u" }))];
    let registration = TakenUp::from(account);
    assert_eq!(registration.asked(), ["Do registerStudent register"]);
    assert_eq!(registration.input("registerStudent"), &json!({ "userId": "u" }));
    let leaving = vec![done("beginErasure", json!({ "studentNumber": "n", "userId": "u" }))];
    let erasure = TakenUp::from(leaving);
    assert_eq!(erasure.asked(), ["Undo beginErasure endErasure"], "nobody keeps that it is wanted");
    let disabled = vec![
        done("beginErasure", json!({ "studentNumber": "n", "userId": "u" })),
        done("disableUser", json!({ "userId": "u" })),
    ];
    assert_eq!(TakenUp::from(disabled).asked(), ["Abandon anonymiseStudent anonymise"]);
}

#[test]
fn what_was_turning_back_goes_on_with_that() {
    let mut effects = vec![became("ensureGenre", StepState::Undone)];
    effects.push(done("proposeAuthor#1", json!({ "authorNumber": "1" })));
    let turning = TakenUp::from(effects);
    assert_eq!(turning.asked(), ["Undo proposeAuthor#1 discard"]);
    assert_eq!(turning.saga.phase, Phase::Compensating);
    let mut effects = proposed();
    effects.push(became("createBook", StepState::Tombstone));
    assert_eq!(TakenUp::from(effects).saga.phase, Phase::Compensating);
}

#[test]
fn past_the_pivot_without_what_it_needs_it_waits_for_somebody() {
    let stuck = TakenUp::from(vec![done("createBook", json!({ "isbn": "i" }))]);
    assert_eq!((stuck.saga.phase, stuck.asks.len()), (Phase::Stuck, 0));
    assert!(stuck.message().unwrap().contains("older backup"));
    let TakenUp { definition, mut saga, .. } = stuck;
    let asks = resolve(definition, &mut saga, Resolution::Settled, NOW_MS).unwrap();
    assert_eq!(
        (saga.phase, asks.iter().filter(|ask| ask.request.action == Action::Undo).count()),
        (Phase::Completed, 0)
    );

    let mut effects = proposed();
    effects.retain(|effect| effect.step != "ensureGenre");
    effects.push(done("createBook", json!({ "isbn": "i" })));
    let without_genre = TakenUp::from(effects);
    assert_eq!(without_genre.asked(), ["Do activateAuthors activate"]);
    let stuck = without_genre.answered(&Outcome::Done { output: json!({}) });
    assert_eq!(stuck.saga.phase, Phase::Stuck);
}

#[test]
fn a_step_that_is_done_after_that_is_news() {
    let TakenUp { definition, saga, .. } = TakenUp::from(vec![done("ensureGenre", json!({ "id": "g" }))]);
    let outcome = Outcome::Done { output: json!({}) };
    let late = |step: &str, action| {
        let (saga, step, outcome) = ("s".to_owned(), step.to_owned(), outcome.clone());
        Reply { saga, step, attempt: 1, generation: 1, action, outcome }
    };
    let asked = late("proposeAuthor#0", Action::Do);
    assert!(answer(definition, &mut saga.clone(), &asked, NOW_MS).is_none(), "it is of an older generation");
    assert!(is_news(&saga, &asked));
    assert!(!is_news(&saga, &late("ensureGenre", Action::Do)), "that was known");
    assert!(!is_news(&saga, &late("proposeAuthor#0", Action::Abandon)), "it says nothing new");
    assert!(!is_news(&Saga { taken_up: false, ..saga.clone() }, &asked), "it was never lost");
    let (effects, before) = (vec![done("proposeAuthor#0", json!({}))], Some(saga.clone()));
    let (again, _) = take_up(definition, Remains { id: "s".into(), began_at: 1, effects, before }, NOW_MS);
    assert!(again.generation > saga.generation && again.version == saga.version + 1);
}
