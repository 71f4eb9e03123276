//! What a service did for a saga is told as a field of the saga, to whoever may see the saga and to nobody else.

use async_graphql::{EmptyMutation, ID, Object, Request as Asking, Variables};
use lms_kit::{
    Sources,
    access::{Caller, Scope},
    graphql::effects_loader,
    idempotency::Call,
    saga::{Action, Effects, Owner, Request},
    service::schema,
};
use serde_json::{Value, json};

use crate::{
    shelf,
    shelf_steps::{Kept, Made},
    steps::{Doing, request},
    world::{Database, ENGINES},
};

lms_kit::effects_of_sagas! {
    /// What notes made of its steps.
    effects_in_notes
}

struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &str {
        "hello"
    }

    #[graphql(entity)]
    async fn find_saga_by_id(&self, id: ID) -> Saga {
        Saga::new(id)
    }
}

const EFFECTS: &str = "query($of: [_Any!]!) { _entities(representations: $of) {
    ... on Saga { id effectsInNotes { step state at cameTo { name value } problem { code } } } } }";

/// What a caller is told of a saga: each step with its state, or the code of the refusal.
async fn told(service: &impl Doing, caller: Caller, saga: &str) -> Result<Value, String> {
    let schema = schema(Query, EmptyMutation).data(effects_loader(service.effects())).finish();
    let of = json!({ "of": [{ "__typename": "Saga", "id": saga }] });
    let call = Call { caller, traceparent: None, sources: Sources::system() };
    let asked = Asking::new(EFFECTS).variables(Variables::from_json(of)).data(call);
    let answer = serde_json::to_value(schema.execute(asked).await).unwrap();
    if let Some(code) = answer["errors"][0]["extensions"]["code"].as_str() {
        assert!(answer["data"]["_entities"][0]["effectsInNotes"].is_null(), "{answer}");
        return Err(code.to_owned());
    }
    let effects = answer["data"]["_entities"][0]["effectsInNotes"].as_array().unwrap().iter();
    Ok(effects.map(|effect| json!([effect["step"], effect["state"], effect["problem"]["code"]])).collect())
}

fn bearer(subject: &str, scope: Scope) -> Caller {
    Caller::Bearer { subject: subject.to_owned(), scopes: vec![scope] }
}

#[tokio::test]
async fn what_was_done_is_told_to_whoever_may_see_the_saga() {
    for engine in ENGINES {
        what_was_done_is_told_on::<Database>(engine).await;
    }
    for engine in shelf::ENGINES {
        what_was_done_is_told_on::<Kept>(engine).await;
        what_was_done_is_told_on::<Made>(engine).await;
    }
}

async fn what_was_done_is_told_on<D: Doing>(engine: &str) {
    let service = D::of(engine).await;
    let of_zoe = |step: &str, action| {
        let step = step.to_owned();
        Request { step, owner: Owner::User("zoe".into()), ..request(action, 1, Value::Null) }
    };
    service.asked(&of_zoe("1", Action::Do)).await;
    service.asked(&Request { input: json!({ "refused": true }), ..of_zoe("2", Action::Do) }).await;
    service.asked(&of_zoe("3", Action::Undo)).await;
    service.asked(&of_zoe("4", Action::Do)).await;
    service.asked(&of_zoe("4", Action::Undo)).await;
    let all = json!([
        ["1", "DONE", null],
        ["2", "REFUSED", "INVALID"],
        ["3", "NEVER", null],
        ["4", "UNDONE", null]
    ]);
    for caller in [bearer("zoe", Scope::Student), bearer("lib", Scope::Librarian)] {
        assert_eq!(told(&service, caller, "saga").await.as_ref(), Ok(&all), "{engine}");
    }
    let other = told(&service, bearer("eve", Scope::Student), "saga").await;
    assert_eq!(other, Err("FORBIDDEN".to_owned()), "{engine}");
    let nobody = told(&service, Caller::Anonymous, "saga").await;
    assert_eq!(nobody, Err("UNAUTHENTICATED".to_owned()), "{engine}");

    // One whose identifier begins with that of another is another; it was begun without a token.
    let open = Request { saga: "saga2".into(), owner: Owner::Anyone, ..request(Action::Do, 1, Value::Null) };
    service.asked(&open).await;
    let open = told(&service, Caller::Anonymous, "saga2").await;
    assert_eq!(open, Ok(json!([["step", "DONE", null]])), "{engine}");
    assert_eq!(told(&service, Caller::Anonymous, "sag").await, Ok(json!([])), "{engine}: nothing is known");

    // A coordinator of an earlier release does not say whose it is.
    service.asked(&Request { saga: "old".into(), ..request(Action::Do, 1, Value::Null) }).await;
    let owner = told(&service, bearer("zoe", Scope::Student), "old").await;
    assert_eq!(owner, Err("FORBIDDEN".to_owned()), "{engine}");
    let staff = told(&service, bearer("lib", Scope::Admin), "old").await;
    assert_eq!(staff, Ok(json!([["step", "DONE", null]])), "{engine}");
}

#[tokio::test]
async fn whoever_lost_sagas_is_told_which_there_were() {
    for engine in ENGINES {
        sagas_are_told_on::<Database>(engine).await;
    }
    for engine in shelf::ENGINES {
        sagas_are_told_on::<Kept>(engine).await;
        sagas_are_told_on::<Made>(engine).await;
    }
}

async fn sagas_are_told_on<D: Doing>(engine: &str) {
    let service = D::of(engine).await;
    // One whose identifier begins with that of another, which has two steps.
    for (saga, step) in [("b", "1"), ("b", "2"), ("ba", "1"), ("a", "1"), ("c", "1")] {
        let (saga, step) = (saga.to_owned(), step.to_owned());
        service.asked(&Request { saga, step, ..request(Action::Do, 1, Value::Null) }).await;
    }
    let effects = service.effects();
    for (after, told) in
        [("", &["a", "b", "ba", "c"][..]), ("a", &["b", "ba", "c"]), ("b", &["ba", "c"]), ("c", &[])]
    {
        assert_eq!(effects.sagas_after(after).await.unwrap(), told, "{engine}: after {after:?}");
    }
}
