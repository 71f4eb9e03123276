//! `_entities` and the SDL, as a gateway meets them in a service.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]
#![expect(clippy::unused_async, reason = "a resolver is asynchronous")]

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_graphql::{
    Context, ID, Object, Result, SimpleObject,
    dataloader::{DataLoader, Loader},
};
use async_trait::async_trait;
use lms_kit::{
    Service, Sources, StoreError,
    federation::Annotation,
    graphql::{LoadError, batching},
    service::{Engine, Headers, SchemaParts, schema},
};
use serde_json::{Value, json};

/// A shelf; the loader is asked for its places.
#[derive(SimpleObject, Clone)]
struct Shelf {
    id: ID,
    #[graphql(skip)]
    broken: bool,
}

struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &str {
        "hello"
    }

    #[graphql(entity)]
    async fn find_shelf(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Place>> {
        if id == "failing" {
            return Err(StoreError::Refused("the disk is full of secrets".into()).into());
        }
        let found = ctx.data::<DataLoader<Shelves>>()?.load_one(id.0).await?;
        Ok(found.map(Place))
    }
}

struct Place(Shelf);

#[Object(name = "Shelf")]
impl Place {
    async fn id(&self) -> &ID {
        &self.0.id
    }

    /// Fails for a broken shelf; the shelf itself is still there.
    async fn label(&self) -> Result<Option<&str>> {
        if self.0.broken { Err("no label".into()) } else { Ok(Some("a label")) }
    }

    /// Fails for a broken shelf, and takes the shelf with it.
    async fn code(&self) -> Result<i32> {
        if self.0.broken { Err("no code".into()) } else { Ok(7) }
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn change(&self) -> bool {
        true
    }
}

/// Knows all shelves but those called `missing`.
struct Shelves {
    loads: Arc<AtomicUsize>,
}

impl Loader<String> for Shelves {
    type Value = Shelf;
    type Error = LoadError;

    async fn load(&self, keys: &[String]) -> Result<HashMap<String, Shelf>, LoadError> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        let known = keys.iter().filter(|key| !key.starts_with("missing"));
        Ok(known.map(|key| (key.clone(), Shelf { id: key.into(), broken: key == "broken" })).collect())
    }
}

struct NoEngine(Arc<AtomicUsize>);

#[async_trait]
impl Engine for NoEngine {
    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    async fn now_ms(&self) -> Result<i64, StoreError> {
        Ok(0)
    }

    fn statements(&self) -> u64 {
        self.0.load(Ordering::Relaxed) as u64
    }

    async fn close(&self) {}
}

const ANNOTATIONS: &[Annotation] = &[Annotation::add("Shelf.code", "@cost(weight: 3)")];

fn service() -> Service {
    let loads = Arc::new(AtomicUsize::new(0));
    let loader = batching::<String, _>(Shelves { loads: Arc::clone(&loads) });
    let parts = SchemaParts::new("shelves", schema(Query, Mutation).data(loader).finish(), ANNOTATIONS);
    Service::new(parts, Arc::new(NoEngine(loads)), Sources::repeatable()).unwrap()
}

async fn ask(service: &Service, body: Value) -> Value {
    let answer = service.answer(body.to_string().as_bytes(), Headers::default()).await;
    serde_json::from_slice(&answer).unwrap()
}

fn entities(representations: &[Value], selection: &str) -> Value {
    let query = format!(
        "query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Shelf {{ {selection} }} }} }}"
    );
    json!({ "query": query, "variables": { "r": representations } })
}

fn shelf(id: &str) -> Value {
    json!({ "__typename": "Shelf", "id": id })
}

#[tokio::test]
async fn each_representation_fails_alone() {
    let service = service();
    let representations = [
        shelf("a"),
        shelf("missing"),
        shelf("b"),
        json!({ "__typename": "Shelf", "number": 3 }),
        shelf("failing"),
        shelf("c"),
    ];
    let answer = ask(&service, entities(&representations, "id")).await;
    assert_eq!(
        answer["data"]["_entities"],
        json!([{ "id": "a" }, null, { "id": "b" }, null, null, { "id": "c" }])
    );
    let errors = answer["errors"].as_array().unwrap();
    let told: Vec<_> = errors.iter().map(|error| (&error["path"], &error["extensions"]["code"])).collect();
    assert_eq!(
        told,
        [
            (&json!(["_entities", 1]), &json!("ENTITY_NOT_FOUND")),
            (&json!(["_entities", 3]), &json!("MALFORMED_REPRESENTATION")),
            (&json!(["_entities", 4]), &json!("INTERNAL")),
        ]
    );
    assert!(!answer.to_string().contains("secrets"), "a store's own words stay in the log");
    assert_eq!(service.statements(), 1, "all representations are one load");
}

#[tokio::test]
async fn a_field_that_fails_keeps_its_index() {
    let service = service();
    let answer = ask(&service, entities(&[shelf("a"), shelf("broken")], "id label")).await;
    assert_eq!(answer["data"]["_entities"][1], json!({ "id": "broken", "label": null }));
    assert_eq!(answer["errors"][0]["path"], json!(["_entities", 1, "label"]));

    let answer = ask(&service, entities(&[shelf("a"), shelf("broken")], "code")).await;
    assert_eq!(answer["data"]["_entities"], json!([{ "code": 7 }, null]));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "the null is told once: {answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["_entities", 1, "code"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_is_right_in_lists_of_any_length() {
    let service = service();
    for length in [1, 29, 30, 31, 32, 100, 999] {
        let at = |index: usize| if index % 3 == 1 { format!("missing{index}") } else { format!("s{index}") };
        let representations: Vec<_> = (0..length).map(|index| shelf(&at(index))).collect();
        let answer = ask(&service, entities(&representations, "id")).await;
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        let told: Vec<_> = errors.iter().map(|error| error["path"][1].as_u64().unwrap()).collect();
        let nulls = answer["data"]["_entities"].as_array().unwrap().iter().enumerate();
        let nulls: Vec<_> =
            nulls.filter(|(_, entity)| entity.is_null()).map(|(index, _)| index as u64).collect();
        assert_eq!(told, nulls, "{length}");
        assert_eq!(nulls.len(), (length + 1) / 3, "{length}");
    }
}

#[tokio::test]
async fn two_entity_fields_of_one_request_count_apart() {
    let query = "query($a: [_Any!]!, $b: [_Any!]!) { a: _entities(representations: $a) { __typename } \
                 b: _entities(representations: $b) { __typename } }";
    let variables = json!({ "a": [shelf("x"), shelf("missing")], "b": [shelf("missing"), shelf("y")] });
    let service = service();
    let answer = ask(&service, json!({ "query": query, "variables": variables })).await;
    let paths: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
    assert_eq!(paths, [&json!(["a", 1]), &json!(["b", 0])]);
    assert_eq!(service.statements(), 1);
}

#[tokio::test]
async fn the_service_shows_the_text_that_it_prints() {
    let service = service();
    let answer = ask(&service, json!({ "query": "{ s: _service { text: sdl } }" })).await;
    assert_eq!(answer["data"]["s"]["text"], json!(service.sdl()));
    assert!(service.sdl().contains("code: Int! @cost(weight: 3)"), "{}", service.sdl());
    assert!(service.sdl().contains("type Shelf @key(fields: \"id\")"), "{}", service.sdl());
}
