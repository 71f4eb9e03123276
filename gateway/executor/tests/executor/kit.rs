//! Plans built by hand, and subgraphs that answer what they are told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::executor::block_on;
use futures::future::BoxFuture;
use octavo_executor::{
    CachePort, ExecutionReport, ExecutionRequest, IntrospectionPort, Options, Ports, Prepared, SubgraphError,
    SubgraphPort, SubgraphRequest, SubgraphResponse, Variables, execute,
};
use octavo_index::{Id, IndexVec};
use octavo_query_plan::{
    ConcreteType, Condition, ConditionId, EntityGroup, Fetch, FetchContent, FetchId, LeafKind, Lifetime,
    Literal, OperationKind, Output, OutputValue, PathStep, PlanNode, QueryPlan, ReadField, ReadTarget,
    Representation, RepresentationField, RepresentationValue, RootFields, Selection, SelectionId, Shape,
    ShapeId, Slot, SlotId, TypeIndex, TypeSet, ValueType,
};
use serde_json::Value;

/// A nullable leaf.
pub(crate) fn leaf(kind: LeafKind) -> ValueType {
    ValueType::Leaf { non_null: false, kind }
}

pub(crate) fn string() -> ValueType {
    leaf(LeafKind::String)
}

pub(crate) fn int() -> ValueType {
    leaf(LeafKind::Int)
}

pub(crate) fn object(shape: ShapeId) -> ValueType {
    ValueType::Object { non_null: false, shape }
}

pub(crate) fn list(item: ValueType) -> ValueType {
    ValueType::List { non_null: false, item: Box::new(item) }
}

/// `value!`
pub(crate) fn non_null(mut value: ValueType) -> ValueType {
    match &mut value {
        ValueType::List { non_null, .. }
        | ValueType::Leaf { non_null, .. }
        | ValueType::Object { non_null, .. } => *non_null = true,
    }
    value
}

pub(crate) fn only(types: &[usize]) -> TypeSet {
    TypeSet::Only(types.iter().map(|&index| TypeIndex::new(index)).collect())
}

/// A plan under construction. Outputs are the slots under their own names, until they are changed.
pub(crate) struct Plan(pub(crate) QueryPlan);

impl Plan {
    pub(crate) fn new() -> Self {
        Self(QueryPlan {
            kind: OperationKind::Query,
            root: ShapeId::new(0),
            shapes: IndexVec::new(),
            selections: IndexVec::new(),
            fetches: IndexVec::new(),
            conditions: IndexVec::new(),
            enums: IndexVec::new(),
            node: None,
            deferred: IndexVec::new(),
        })
    }

    /// A shape; the last one made is the root's.
    pub(crate) fn shape(&mut self, types: &[&str], slots: &[(&str, ValueType)]) -> ShapeId {
        let concrete = |name: &&str| ConcreteType { name: (*name).into(), accessible: true };
        let slot = |(field, value): &(&str, ValueType)| Slot {
            field: (*field).into(),
            value: value.clone(),
            subgraph: Some("s".into()),
        };
        let output = |(index, (key, _)): (usize, &(&str, ValueType))| Output {
            key: (*key).into(),
            types: TypeSet::All,
            when: None,
            defer: None,
            stream: None,
            value: OutputValue::Slot(SlotId::new(index)),
            own: Vec::new(),
        };
        self.0.root = self.0.shapes.push(Shape {
            interface_objects: false,
            types: types.iter().map(concrete).collect(),
            slots: slots.iter().map(slot).collect(),
            outputs: slots.iter().enumerate().map(output).collect(),
        });
        self.0.root
    }

    pub(crate) fn outputs(&mut self, shape: ShapeId) -> &mut Vec<Output> {
        &mut self.0.shapes[shape].outputs
    }

    pub(crate) fn slot(&self, shape: ShapeId, name: &str) -> SlotId {
        let mut slots = self.0.shapes[shape].slots.iter_with_ids();
        slots.find(|(_, slot)| &*slot.field == name).unwrap().0
    }

    /// A selection of `key` or `key=slot`, with the selection of what is in it.
    pub(crate) fn select(&mut self, shape: ShapeId, fields: &[(&str, Option<SelectionId>)]) -> SelectionId {
        let field = |(name, selection): &(&str, Option<SelectionId>)| {
            let (key, slot) = name.split_once('=').unwrap_or((name, name));
            let target = match slot {
                "__typename" => ReadTarget::Typename,
                slot => ReadTarget::Slot { slot: self.slot(shape, slot), selection: *selection },
            };
            ReadField { key: key.into(), types: TypeSet::All, target }
        };
        let fields = fields.iter().map(field).collect();
        self.0.selections.push(Selection { shape, fields })
    }

    pub(crate) fn fetch(&mut self, subgraph: &str, content: FetchContent) -> FetchId {
        self.0.fetches.push(Fetch {
            subgraph: subgraph.into(),
            kind: OperationKind::Query,
            document: "query Q { \"a\" }".into(),
            operation_name: None,
            variables: Vec::new(),
            content,
            after: Vec::new(),
        })
    }

    /// Appends a step.
    pub(crate) fn then(&mut self, node: PlanNode) {
        self.0.node = Some(match self.0.node.take() {
            None => node,
            Some(PlanNode::Sequence(mut nodes)) => {
                nodes.push(node);
                PlanNode::Sequence(nodes)
            }
            Some(first) => PlanNode::Sequence(vec![first, node]),
        });
    }

    /// Appends a fetch of root fields.
    pub(crate) fn then_root(&mut self, subgraph: &str, selection: SelectionId) -> FetchId {
        let fetch = self.fetch(subgraph, FetchContent::Root(RootFields::at_top(selection)));
        self.then(PlanNode::Fetch(fetch));
        fetch
    }

    /// Appends a fetch of entities.
    pub(crate) fn then_entities(&mut self, subgraph: &str, groups: Vec<EntityGroup>) -> FetchId {
        let fetch = self.fetch(subgraph, FetchContent::Entities(groups));
        self.then(PlanNode::Fetch(fetch));
        fetch
    }

    /// A group over the rows at `path` (names of slots), represented by the slots `keys`.
    pub(crate) fn group(&self, path: &[&str], keys: &[&str], selection: SelectionId) -> EntityGroup {
        let mut shape = self.0.root;
        let mut steps = Vec::new();
        for name in path {
            let slot = self.slot(shape, name);
            steps.push(PathStep { types: TypeSet::All, slot });
            shape = self.0.shapes[shape].slots[slot].value.shape().unwrap();
        }
        EntityGroup {
            key: "_entities".into(),
            variable: "representations".into(),
            path: steps,
            representations: vec![Representation {
                types: TypeSet::All,
                typename: None,
                fields: keys.iter().map(|key| self.key_field(shape, key)).collect(),
            }],
            contexts: Vec::new(),
            again: None,
            selection,
            lifetime: Lifetime::UNSAID,
        }
    }

    /// A required field of a representation.
    pub(crate) fn key_field(&self, shape: ShapeId, name: &str) -> RepresentationField {
        let value = RepresentationValue::Slot { slot: self.slot(shape, name), fields: Vec::new() };
        RepresentationField { key: name.into(), types: TypeSet::All, required: true, value }
    }

    /// `$variable == value`
    pub(crate) fn condition(&mut self, variable: &str, value: bool) -> ConditionId {
        let literal = Literal { variable: variable.into(), value };
        self.0.conditions.push(Condition { alternatives: vec![vec![literal]] })
    }

    pub(crate) fn prepare(self) -> Prepared {
        Prepared::new(Arc::new(self.0), Options::default())
    }

    pub(crate) fn prepare_with(self, options: Options) -> Prepared {
        Prepared::new(Arc::new(self.0), options)
    }
}

/// Answers, by subgraph, in order; the last one again and again.
#[derive(Default)]
pub(crate) struct Subgraphs {
    answers: HashMap<&'static str, Vec<Result<SubgraphResponse, SubgraphError>>>,
    /// What was sent: subgraph and body.
    pub(crate) sent: Mutex<Vec<(Arc<str>, Bytes)>>,
    /// When calls began and ended.
    pub(crate) events: Mutex<Vec<String>>,
}

impl Subgraphs {
    pub(crate) fn new(answers: &[(&'static str, &str)]) -> Self {
        let mut subgraphs = Self::default();
        for (subgraph, body) in answers {
            subgraphs.answer(subgraph, body.as_bytes());
        }
        subgraphs
    }

    pub(crate) fn answer(&mut self, subgraph: &'static str, body: &[u8]) {
        let response = SubgraphResponse { body: Bytes::copy_from_slice(body), ..SubgraphResponse::default() };
        self.respond(subgraph, Ok(response));
    }

    pub(crate) fn respond(
        &mut self,
        subgraph: &'static str,
        response: Result<SubgraphResponse, SubgraphError>,
    ) {
        self.answers.entry(subgraph).or_default().push(response);
    }

    /// The body that was sent `index`th, as JSON.
    pub(crate) fn sent(&self, index: usize) -> Value {
        serde_json::from_slice(&self.sent.lock().unwrap()[index].1).unwrap()
    }
}

impl SubgraphPort for Subgraphs {
    fn call(&self, request: SubgraphRequest) -> BoxFuture<'_, Result<SubgraphResponse, SubgraphError>> {
        Box::pin(async move {
            let name = request.subgraph.to_string();
            let nth = {
                let mut sent = self.sent.lock().unwrap();
                let nth = sent.iter().filter(|(subgraph, _)| *subgraph == request.subgraph).count();
                sent.push((request.subgraph, request.body));
                nth
            };
            self.events.lock().unwrap().push(format!("{name} begins"));
            yield_once().await;
            self.events.lock().unwrap().push(format!("{name} ends"));
            let answers = self.answers.get(&*name).expect("an answer for each subgraph that is asked");
            answers[nth.min(answers.len() - 1)].clone()
        })
    }
}

async fn yield_once() {
    let mut yielded = false;
    futures::future::poll_fn(|context| {
        if yielded {
            return std::task::Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// Answers introspection with what it holds.
pub(crate) struct Introspection(pub(crate) Result<String, String>);

impl IntrospectionPort for Introspection {
    fn introspect(&self) -> Result<String, String> {
        self.0.clone()
    }
}

/// Executes a plan against subgraphs.
pub(crate) fn run(prepared: &Prepared, subgraphs: &Subgraphs) -> ExecutionReport {
    run_with(prepared, subgraphs, None, ExecutionRequest::default())
}

pub(crate) fn run_with(
    prepared: &Prepared,
    subgraphs: &Subgraphs,
    cache: Option<&dyn CachePort>,
    request: ExecutionRequest,
) -> ExecutionReport {
    let introspection = Introspection(Err("not here".to_owned()));
    let ports = Ports { subgraphs, cache, introspection: &introspection };
    block_on(execute(prepared, request, ports))
}

/// A request with variables.
pub(crate) fn request(variables: &[(&str, &str)]) -> ExecutionRequest {
    let variables: Variables = variables.iter().copied().collect();
    ExecutionRequest { variables, ..ExecutionRequest::default() }
}

/// The text of a response.
pub(crate) fn text(report: &ExecutionReport) -> &str {
    std::str::from_utf8(&report.body).unwrap()
}

/// A response as JSON.
pub(crate) fn json(report: &ExecutionReport) -> Value {
    serde_json::from_slice(&report.body).unwrap()
}
