//! How long it takes to execute a plan whose subgraphs answer at once: `cargo run --release --example read_and_write`.
//!
//! The first plan reads one answer of about 80 KB and writes it out again; the second adds two hundred entities.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::executor::block_on;
use futures::future::BoxFuture;
use octavo_executor::{
    ExecutionRequest, IntrospectionPort, Options, Ports, Prepared, SubgraphError, SubgraphPort,
    SubgraphRequest, SubgraphResponse, execute,
};
use octavo_index::{Id, IndexVec};
use octavo_query_plan::{
    ConcreteType, EntityGroup, Fetch, FetchContent, FetchId, LeafKind, Lifetime, OperationKind, Output,
    OutputValue, PathStep, PlanNode, QueryPlan, ReadField, ReadTarget, Representation, RepresentationField,
    RepresentationValue, RootFields, Selection, SelectionId, Shape, ShapeId, Slot, SlotId, TypeSet,
    ValueType,
};

const RUNS: u32 = 3_000;

fn main() -> std::io::Result<()> {
    let products = Bytes::from(products());
    let entities = Bytes::from(entities());
    let mut out = std::io::stdout().lock();
    for (name, prepared) in [("one answer", plan(false)), ("and 200 entities", plan(true))] {
        let answers = Answers { products: products.clone(), entities: entities.clone() };
        let (size, best, mean) = measure(&prepared, &answers);
        writeln!(out, "{name}: {} bytes in, {size} out, best {best:?}, mean {mean:?}", products.len())?;
    }
    Ok(())
}

/// Response size, shortest and mean time.
fn measure(prepared: &Prepared, answers: &Answers) -> (usize, Duration, Duration) {
    let ports = Ports { subgraphs: answers, cache: None, introspection: answers };
    let (mut size, mut best, mut total) = (0, Duration::MAX, Duration::ZERO);
    for _ in 0..RUNS {
        let start = Instant::now();
        let report = block_on(execute(prepared, ExecutionRequest::default(), ports));
        let time = start.elapsed();
        assert_eq!(report.errors, 0);
        size = report.body.len();
        best = best.min(time);
        total += time;
    }
    (size, best, total / RUNS)
}

struct Answers {
    products: Bytes,
    entities: Bytes,
}

impl SubgraphPort for Answers {
    fn call(&self, request: SubgraphRequest) -> BoxFuture<'_, Result<SubgraphResponse, SubgraphError>> {
        let body = if *request.subgraph == *"products" { &self.products } else { &self.entities };
        let response = SubgraphResponse { body: body.clone(), ..SubgraphResponse::default() };
        Box::pin(futures::future::ready(Ok(response)))
    }
}

impl IntrospectionPort for Answers {
    fn introspect(&self) -> Result<String, String> {
        Err("there is no schema here".to_owned())
    }
}

/// Two hundred products with reviews.
fn products() -> String {
    let review = |id: usize| {
        format!(
            r#"{{"id":"r{id}","body":"A review of some words, number {id}.","rating":{},"author":{{"id":"u{}","name":"Reader {id}"}}}}"#,
            id % 5,
            id % 40
        )
    };
    let product = |id: usize| {
        let reviews: Vec<String> = (0..3).map(|nth| review(id * 3 + nth)).collect();
        format!(
            r#"{{"upc":"{id}","name":"Product number {id}","price":1{id},"reviews":[{}]}}"#,
            reviews.join(",")
        )
    };
    let products: Vec<String> = (0..200).map(product).collect();
    format!(r#"{{"data":{{"products":[{}]}}}}"#, products.join(","))
}

fn entities() -> String {
    let entity = |id: usize| format!(r#"{{"inStock":{},"shippingEstimate":{id}}}"#, id.is_multiple_of(2));
    let entities: Vec<String> = (0..200).map(entity).collect();
    format!(r#"{{"data":{{"_entities":[{}]}}}}"#, entities.join(","))
}

fn leaf(kind: LeafKind) -> ValueType {
    ValueType::Leaf { non_null: true, kind }
}

fn object(shape: ShapeId) -> ValueType {
    ValueType::Object { non_null: false, shape }
}

fn list(shape: ShapeId) -> ValueType {
    ValueType::List { non_null: true, item: Box::new(object(shape)) }
}

fn shape(plan: &mut QueryPlan, name: &str, slots: Vec<(&str, ValueType)>) -> ShapeId {
    let output = |(index, (key, _)): (usize, &(&str, ValueType))| Output {
        key: (*key).into(),
        types: TypeSet::All,
        when: None,
        defer: None,
        stream: None,
        value: OutputValue::Slot(SlotId::new(index)),
        own: Vec::new(),
    };
    plan.shapes.push(Shape {
        interface_objects: false,
        types: [ConcreteType { name: name.into(), accessible: true }].into_iter().collect(),
        outputs: slots.iter().enumerate().map(output).collect(),
        slots: slots
            .into_iter()
            .map(|(field, value)| Slot { field: field.into(), value, subgraph: None })
            .collect(),
    })
}

/// Reads these slots under their own names.
fn select(plan: &mut QueryPlan, shape: ShapeId, slots: &[(usize, Option<SelectionId>)]) -> SelectionId {
    let field = |&(slot, selection): &(usize, Option<SelectionId>)| {
        let slot = SlotId::new(slot);
        ReadField {
            key: plan.shapes[shape].slots[slot].field.clone(),
            types: TypeSet::All,
            target: ReadTarget::Slot { slot, selection },
        }
    };
    let fields = slots.iter().map(field).collect();
    plan.selections.push(Selection { shape, fields })
}

fn fetch(plan: &mut QueryPlan, subgraph: &str, content: FetchContent) -> FetchId {
    plan.fetches.push(Fetch {
        subgraph: subgraph.into(),
        kind: OperationKind::Query,
        document: "{ __typename }".into(),
        operation_name: None,
        variables: Vec::new(),
        content,
        after: Vec::new(),
    })
}

fn plan(with_entities: bool) -> Prepared {
    let mut plan = QueryPlan {
        kind: OperationKind::Query,
        root: ShapeId::new(3),
        shapes: IndexVec::new(),
        selections: IndexVec::new(),
        fetches: IndexVec::new(),
        conditions: IndexVec::new(),
        enums: IndexVec::new(),
        node: None,
        deferred: IndexVec::new(),
    };
    let id = || leaf(LeafKind::Id);
    let string = || leaf(LeafKind::String);
    let int = || leaf(LeafKind::Int);
    let author = shape(&mut plan, "Author", vec![("id", id()), ("name", string())]);
    let review_slots = vec![("id", id()), ("body", string()), ("rating", int()), ("author", object(author))];
    let review = shape(&mut plan, "Review", review_slots);
    let mut product_slots =
        vec![("upc", id()), ("name", string()), ("price", int()), ("reviews", list(review))];
    if with_entities {
        product_slots.push(("inStock", leaf(LeafKind::Boolean)));
        product_slots.push(("shippingEstimate", int()));
    }
    let product = shape(&mut plan, "Product", product_slots);
    let root = shape(&mut plan, "Query", vec![("products", list(product))]);
    let author = select(&mut plan, author, &[(0, None), (1, None)]);
    let review = select(&mut plan, review, &[(0, None), (1, None), (2, None), (3, Some(author))]);
    let read = select(&mut plan, product, &[(0, None), (1, None), (2, None), (3, Some(review))]);
    let root = select(&mut plan, root, &[(0, Some(read))]);
    let mut nodes =
        vec![PlanNode::Fetch(fetch(&mut plan, "products", FetchContent::Root(RootFields::at_top(root))))];
    if with_entities {
        let rest = select(&mut plan, product, &[(4, None), (5, None)]);
        let content = FetchContent::Entities(vec![group(rest)]);
        nodes.push(PlanNode::Fetch(fetch(&mut plan, "inventory", content)));
    }
    plan.node = Some(PlanNode::Sequence(nodes));
    Prepared::new(Arc::new(plan), Options::default())
}

/// The products, by their key.
fn group(selection: SelectionId) -> EntityGroup {
    let upc = RepresentationField {
        key: "upc".into(),
        types: TypeSet::All,
        required: true,
        value: RepresentationValue::Slot { slot: SlotId::new(0), fields: Vec::new() },
    };
    EntityGroup {
        key: "_entities".into(),
        variable: "representations".into(),
        path: vec![PathStep { types: TypeSet::All, slot: SlotId::new(0) }],
        representations: vec![Representation { types: TypeSet::All, typename: None, fields: vec![upc] }],
        contexts: Vec::new(),
        again: None,
        selection,
        lifetime: Lifetime::UNSAID,
    }
}
