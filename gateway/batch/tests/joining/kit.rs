//! A subgraph that answers after a while, and notes what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use octavo_batch::{Joined, Options};
use octavo_executor::{
    EntityCall, EntityCallGroup, Headers, SubgraphError, SubgraphPort, SubgraphRequest, SubgraphResponse,
};
use octavo_query_plan::OperationKind;
use serde_json::{Value, json};

/// How long the subgraph takes.
pub(crate) const LATENCY: Duration = Duration::from_millis(100);

/// As an answer: there is none in time.
pub(crate) const LATE: &str = "late";
/// What a joined request comes to where there is too much to do.
pub(crate) const FULL: &str = "full";

pub(crate) type Outcome = Result<SubgraphResponse, SubgraphError>;

#[derive(Default)]
struct Subgraph {
    sent: Mutex<Vec<Bytes>>,
    /// What it says instead of what it was asked for.
    fixed: Mutex<Option<String>>,
    /// What it says to requests for several entities; nothing means that it cannot be reached.
    joined: Mutex<Option<String>>,
}

pub(crate) struct Stand {
    subgraph: Arc<Subgraph>,
    joined: Arc<Joined>,
}

impl Stand {
    pub(crate) fn new(options: Options) -> Self {
        let subgraph = Arc::new(Subgraph::default());
        let joined = Arc::new(Joined::new(Arc::<Subgraph>::clone(&subgraph), options));
        Self { subgraph, joined }
    }

    pub(crate) fn call(&self, request: SubgraphRequest) -> BoxFuture<'static, Outcome> {
        let joined = Arc::clone(&self.joined);
        async move { joined.call(request).await }.boxed()
    }

    /// The bodies that the subgraph got.
    pub(crate) fn sent(&self) -> Vec<Bytes> {
        self.subgraph.sent.lock().expect("no test panics with it").clone()
    }

    pub(crate) fn answer_with(&self, body: &str) {
        *self.subgraph.fixed.lock().expect("no test panics with it") = Some(body.to_owned());
    }

    pub(crate) fn fail_joined_with(&self, body: &str) {
        *self.subgraph.joined.lock().expect("no test panics with it") = Some(body.to_owned());
    }
}

impl SubgraphPort for Subgraph {
    fn call(&self, request: SubgraphRequest) -> BoxFuture<'_, Outcome> {
        async move {
            self.sent.lock().expect("no test panics with it").push(request.body.clone());
            tokio::time::sleep(LATENCY).await;
            self.answer(&request)
        }
        .boxed()
    }
}

impl Subgraph {
    fn answer(&self, request: &SubgraphRequest) -> Outcome {
        let respond =
            |body: String| Ok(SubgraphResponse { body: body.into(), ..SubgraphResponse::default() });
        if let Some(fixed) = &*self.fixed.lock().expect("no test panics with it") {
            return respond(fixed.clone());
        }
        let Some(call) = &request.entities else { return respond(r#"{"data":{}}"#.to_owned()) };
        assert_eq!(call.body(), request.body);
        let ids = entities(&request.body);
        if let Some(failure) =
            self.joined.lock().expect("no test panics with it").as_ref().filter(|_| ids.len() > 1)
        {
            return if failure.is_empty() {
                Err(SubgraphError::Unreachable)
            } else if failure == LATE {
                Err(SubgraphError::Timeout)
            } else if failure == FULL {
                Err(SubgraphError::Overloaded)
            } else {
                respond(failure.clone())
            };
        }
        if ids.iter().any(|id| id == "away") {
            return Err(SubgraphError::Unreachable);
        }
        let mut data = serde_json::Map::new();
        let mut errors = Vec::new();
        for group in &call.groups {
            let list = group.representations.iter().enumerate().map(|(index, text)| {
                let id = id(text);
                if id == "failing" {
                    errors.push(json!({"message": "it fails", "path": [&*group.key, index, "name"]}));
                }
                if ["failing", "missing"].contains(&&*id) { Value::Null } else { json!({"name": id}) }
            });
            let list: Vec<Value> = list.collect();
            data.insert(group.key.to_string(), list.into());
        }
        let mut body = json!({"data": data});
        if !errors.is_empty() {
            body["errors"] = errors.into();
        }
        respond(body.to_string())
    }
}

fn id(representation: &[u8]) -> String {
    let value: Value = serde_json::from_slice(representation).expect("JSON");
    value["id"].as_str().expect("an id").to_owned()
}

/// A request for the books of these ids.
pub(crate) fn ask(ids: &[&str]) -> SubgraphRequest {
    let call = EntityCall {
        head: Bytes::from_static(
            b"{\"query\":\"query($r: [_Any!]!) { _entities(representations: $r) { name } }\",\"variables\":{",
        ),
        groups: vec![group("_entities", "r", ids)],
    };
    SubgraphRequest {
        subgraph: "books".into(),
        kind: OperationKind::Query,
        body: call.body(),
        headers: Headers::default(),
        generation: 1,
        joined: Vec::new(),
        entities: Some(call),
    }
}

fn group(key: &str, variable: &str, ids: &[&str]) -> EntityCallGroup {
    let text = |id: &&str| json!({"__typename": "Book", "id": id}).to_string().into();
    EntityCallGroup {
        key: key.into(),
        variable: variable.into(),
        representations: ids.iter().map(text).collect(),
    }
}

/// A request for a root field.
pub(crate) fn root(query: &str) -> SubgraphRequest {
    SubgraphRequest { body: json!({"query": query}).to_string().into(), entities: None, ..ask(&[]) }
}

pub(crate) trait RequestExt {
    fn change_head(&mut self, variables: &str);
    fn add_group(&mut self, key: &str, ids: &[&str]);
}

impl RequestExt for SubgraphRequest {
    fn change_head(&mut self, variables: &str) {
        let call = self.entities.as_mut().expect("entities");
        call.head = [&call.head, variables.as_bytes()].concat().into();
        self.body = call.body();
    }

    fn add_group(&mut self, key: &str, ids: &[&str]) {
        let call = self.entities.as_mut().expect("entities");
        call.groups.push(group(key, key, ids));
        self.body = call.body();
    }
}

pub(crate) trait IntoShared {
    fn into_shared(self) -> Headers;
}

impl IntoShared for Vec<(Box<str>, Bytes)> {
    fn into_shared(self) -> Headers {
        Arc::new(self)
    }
}

/// The ids that a body asks for, in all of its lists.
pub(crate) fn entities(body: &Bytes) -> Vec<String> {
    let body: Value = serde_json::from_slice(body).expect("JSON");
    let lists = body["variables"].as_object().into_iter().flat_map(|variables| variables.values());
    let all = lists.filter_map(Value::as_array).flatten();
    all.map(|entity| entity["id"].as_str().expect("an id").to_owned()).collect()
}

fn json_of(outcome: &Outcome) -> Value {
    serde_json::from_slice(&outcome.as_ref().expect("an answer").body).expect("JSON")
}

pub(crate) fn names(outcome: &Outcome) -> Vec<String> {
    names_of(outcome, "_entities")
}

pub(crate) fn names_of(outcome: &Outcome, key: &str) -> Vec<String> {
    let body = json_of(outcome);
    let list = body["data"][key].as_array().expect("a list").clone();
    list.iter().map(|entity| entity["name"].as_str().unwrap_or("null").to_owned()).collect()
}

pub(crate) fn errors(outcome: &Outcome) -> Value {
    json_of(outcome)["errors"].clone()
}
