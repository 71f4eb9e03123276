//! Subgraphs in memory, answering from a file of data as a subgraph of any make would, and checking what they are asked.
//!
//! Data are a JSON object by type name. Root types hold their fields; an entity type holds a list of records, looked up by
//! whichever keys a representation has, or `{"$any": record}` for every representation. A value may be a rule (see [`rule`]). An object
//! without a field that is asked for is looked up among the records of its type by its keys. `"$fail"` beside the types makes the
//! whole subgraph fail. A field for which there are no data is a violation: the subgraph should not have been asked.

mod records;
mod request;
mod resolve;
mod rule;
mod schema;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use futures::future::BoxFuture;
use octavo_executor::{SubgraphError, SubgraphPort, SubgraphRequest, SubgraphResponse};

use crate::corpus::Suite;
use crate::json::JsonMap;
pub(crate) use schema::SubgraphSchema;

/// The subgraphs of a suite.
#[derive(Debug)]
pub struct Subgraphs {
    by_name: BTreeMap<String, Subgraph>,
    diary: Diary,
}

/// One subgraph: what it says it is, and what it knows.
#[derive(Debug)]
struct Subgraph {
    name: String,
    schema: SubgraphSchema,
    data: JsonMap,
}

/// What happened to the subgraphs of one case.
#[derive(Debug, Default)]
struct Diary {
    requests: Mutex<Vec<(String, String)>>,
    /// The document of each request as it was sent.
    documents: Mutex<Vec<(String, String)>>,
    violations: Mutex<Vec<String>>,
    /// Extensions of errors that were raised, by their message.
    extensions: Mutex<BTreeMap<String, JsonMap>>,
    clock: AtomicI64,
}

impl Subgraphs {
    /// The subgraphs of `suite`, with their data.
    pub fn of(suite: &Suite) -> Result<Self> {
        let mut by_name = BTreeMap::new();
        for name in &suite.subgraphs {
            let schema = SubgraphSchema::parse(&suite.sdl(name)?).with_context(|| name.clone())?;
            let data = suite
                .data(name)?
                .as_object()
                .cloned()
                .ok_or_else(|| anyhow!("{name}: data are an object"))?;
            by_name.insert(name.clone(), Subgraph { name: name.clone(), schema, data });
        }
        Ok(Self { by_name, diary: Diary::default() })
    }

    /// What no subgraph should have been asked.
    pub fn violations(&self) -> Vec<String> {
        locked(&self.diary.violations).clone()
    }

    /// The subgraph of each request, in order.
    pub fn asked(&self) -> Vec<String> {
        locked(&self.diary.requests).iter().map(|(subgraph, _)| subgraph.clone()).collect()
    }

    /// The subgraph and the document of each request, as it was sent.
    pub(crate) fn documents(&self) -> Vec<(String, String)> {
        locked(&self.diary.documents).clone()
    }

    /// The requests as text.
    pub fn requests(&self) -> String {
        let requests = locked(&self.diary.requests);
        let requests = requests.iter().map(|(subgraph, text)| format!("# {subgraph}\n{text}"));
        requests.collect::<Vec<_>>().join("\n")
    }

    fn answer(&self, request: &SubgraphRequest) -> Result<SubgraphResponse, SubgraphError> {
        let Some(subgraph) = self.by_name.get(&*request.subgraph) else {
            self.diary.violation(format!("there is no subgraph `{}`", request.subgraph));
            return Err(SubgraphError::Unreachable);
        };
        let body = subgraph.answer(request, &self.diary);
        body.map(|body| SubgraphResponse { body: Bytes::from(body), ..SubgraphResponse::default() })
    }
}

impl SubgraphPort for Subgraphs {
    fn call(&self, request: SubgraphRequest) -> BoxFuture<'_, Result<SubgraphResponse, SubgraphError>> {
        Box::pin(futures::future::ready(self.answer(&request)))
    }
}

impl Diary {
    fn violation(&self, text: String) {
        locked(&self.violations).push(text);
    }

    fn document(&self, subgraph: &str, document: &str) {
        locked(&self.documents).push((subgraph.to_owned(), document.to_owned()));
    }

    fn request(&self, subgraph: &str, text: String) {
        locked(&self.requests).push((subgraph.to_owned(), text));
    }

    /// One later each time: tells in which order things happened across subgraphs.
    fn tick(&self) -> i64 {
        self.clock.fetch_add(1, Ordering::Relaxed) + 1
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
