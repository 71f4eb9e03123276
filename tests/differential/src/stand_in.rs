//! Subgraphs in this process: each answers from the data what its own schema lets it answer, and remembers what it should not have
//! been asked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::OperationType;
use apollo_compiler::executable::Field;
use apollo_compiler::validation::Valid;
use bytes::Bytes;
use futures::future::BoxFuture;
use octavo_executor::{SubgraphError, SubgraphPort, SubgraphRequest, SubgraphResponse};
use octavo_query_plan::OperationKind;
use serde_json::{Value as JsonValue, json};

use crate::coerce::{self, Values};
use crate::data::{Data, Object, picked_from};
use crate::fault::Fault;
use crate::interpret::{Execution, Resolved, Resolver};
use crate::json::{FieldError, Json, Step};
use crate::monolith::{root, timed};
use crate::stage::Stage;
use crate::world::{CONTEXT, Context, Pick, SubgraphId, TypeId, World};

/// Documents that were found valid, by subgraph and text.
pub(crate) type Documents = Mutex<HashMap<(SubgraphId, String), Arc<Valid<ExecutableDocument>>>>;

/// The subgraphs of a world during one request.
pub(crate) struct StandIns<'s> {
    pub(crate) stage: &'s Stage,
    pub(crate) data: Data<'s>,
    pub(crate) documents: &'s Documents,
    pub(crate) fault: Option<Fault>,
    clock: AtomicU64,
    diary: Mutex<Diary>,
}

/// What the subgraphs were asked.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    /// Each request and its answer.
    pub(crate) requests: Vec<String>,
    /// What should not have been asked.
    pub(crate) violations: Vec<String>,
    /// The last answer, when there is a mistake to be made with it.
    last: Option<String>,
}

impl<'s> StandIns<'s> {
    pub(crate) fn new(stage: &'s Stage, data: Data<'s>, documents: &'s Documents) -> Self {
        Self { stage, data, documents, fault: None, clock: AtomicU64::new(0), diary: Mutex::default() }
    }

    pub(crate) fn into_diary(self) -> Diary {
        self.diary.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn diary(&self) -> MutexGuard<'_, Diary> {
        self.diary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &SubgraphRequest) -> Bytes {
        let answer = self.execute(request).unwrap_or_else(|why| {
            let body = String::from_utf8_lossy(&request.body);
            self.diary().violations.push(format!("{}: {why}\n{body}", request.subgraph));
            json!({ "errors": [{ "message": why }] }).to_string()
        });
        let body = String::from_utf8_lossy(&request.body);
        let mut diary = self.diary();
        let answer = match self.fault {
            Some(fault) => fault.in_answer(answer, diary.last.as_deref()),
            None => answer,
        };
        diary.requests.push(format!("{}: {body}\n    {answer}", request.subgraph));
        diary.last = self.fault.map(|_| answer.clone());
        Bytes::from(answer)
    }

    fn execute(&self, request: &SubgraphRequest) -> Result<String, String> {
        let subgraphs = &self.data.world.subgraphs;
        let subgraph = subgraphs.iter().position(|part| *part.name == *request.subgraph);
        let subgraph = subgraph.ok_or("there is no such subgraph")?;
        let body: JsonValue = serde_json::from_slice(&request.body).map_err(|e| format!("no JSON: {e}"))?;
        let query = body.get("query").and_then(JsonValue::as_str).ok_or("the body has no query")?;
        let document = self.document(subgraph, query)?;
        let operation = coerce::only_operation(&document).ok_or("the document has no operation")?;
        let expected = match operation.operation_type {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        };
        if expected != request.kind {
            return Err(format!("sent as {:?}, and is {expected:?}", request.kind));
        }
        let none = Values::new();
        let sent = body.get("variables").and_then(JsonValue::as_object).unwrap_or(&none);
        let declared = |name: &String| operation.variables.iter().any(|variable| variable.name == **name);
        if let Some(name) = sent.keys().find(|name| !declared(name)) {
            return Err(format!("`${name}` is sent and not declared"));
        }
        let variables = coerce::variables(self.data.world, operation, sent);
        let variables = variables.map_err(|_| "the variables are not acceptable".to_owned())?;
        let resolver = Subgraph { all: self, subgraph };
        let root = root(expected == OperationKind::Mutation);
        let root = Node { object: root, as_interface: None, representation: None, provided: &[] };
        let schema = &self.stage.parts[subgraph].schema;
        let mut execution = Execution::new(schema, &document, &variables, &resolver);
        execution.fault = self.fault;
        let (data, errors) = execution.run(&root, &operation.selection_set);
        Ok(written(&data, &errors))
    }

    fn document(&self, subgraph: SubgraphId, text: &str) -> Result<Arc<Valid<ExecutableDocument>>, String> {
        let mut known = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (subgraph, text.to_owned());
        if let Some(document) = known.get(&key) {
            return Ok(Arc::clone(document));
        }
        let schema = &self.stage.parts[subgraph].schema;
        let document = ExecutableDocument::parse_and_validate(schema, text, "request.graphql");
        let document = Arc::new(document.map_err(|error| error.errors.to_string())?);
        known.insert(key, Arc::clone(&document));
        Ok(document)
    }
}

impl SubgraphPort for StandIns<'_> {
    fn call(&self, request: SubgraphRequest) -> BoxFuture<'_, Result<SubgraphResponse, SubgraphError>> {
        let body = self.answer(&request);
        Box::pin(futures::future::ready(Ok(SubgraphResponse { body, ..SubgraphResponse::default() })))
    }
}

/// A response as JSON text.
pub(crate) fn written(data: &Json, errors: &[FieldError]) -> String {
    let mut text = "{\"data\":".to_owned();
    data.print(&mut text);
    if !errors.is_empty() {
        let errors: Vec<JsonValue> = errors.iter().map(written_error).collect();
        text.push_str(",\"errors\":");
        text.push_str(&JsonValue::Array(errors).to_string());
    }
    text.push('}');
    text
}

fn written_error(error: &FieldError) -> JsonValue {
    let steps = error.path.iter().map(|step| match step {
        Step::Key(key) => JsonValue::from(key.as_str()),
        Step::Index(index) => JsonValue::from(*index),
    });
    let message = error.message.as_deref().unwrap_or("null is not allowed here");
    json!({ "message": message, "path": steps.collect::<Vec<_>>() })
}

/// What an argument from a context brings, spelled as the monolith spells what it is taken from.
fn around(world: &World, context: &Context, field: &Field, variables: &Values) -> Option<String> {
    let argument = field.arguments.iter().find(|argument| argument.name == CONTEXT)?;
    let value = variables.get(argument.value.as_variable()?.as_str())?;
    let pick = context.picks.first()?;
    Some(format!("{{{}:{}}}", pick.field, picked_from(world, value, &[]).ok()?))
}

/// One of them.
struct Subgraph<'a, 's> {
    all: &'a StandIns<'s>,
    subgraph: SubgraphId,
}

/// An object on its way.
struct Node<'s> {
    object: Object,
    /// The interface that is the object's type here.
    as_interface: Option<TypeId>,
    /// What was sent for it.
    representation: Option<Arc<JsonValue>>,
    /// Fields that are resolved on this way alone.
    provided: &'s [Pick],
}

impl<'s> Resolver for Subgraph<'_, 's> {
    type Node = Node<'s>;

    fn type_name(&self, node: &Node<'s>) -> &str {
        &self.all.data.world.ty(node.as_interface.unwrap_or(node.object.ty)).name
    }

    fn resolve(&self, node: &Node<'s>, field: &Field, variables: &Values) -> Resolved<Node<'s>> {
        let resolved = if field.name == "_entities" {
            self.entities(field, variables)
        } else {
            self.field(node, field, variables)
        };
        resolved.unwrap_or_else(|why| {
            let name = &self.all.data.world.subgraphs[self.subgraph].name;
            self.all.diary().violations.push(format!("{name}: {why}"));
            Resolved::Failure(why)
        })
    }
}

impl<'s> Subgraph<'_, 's> {
    fn field(
        &self,
        node: &Node<'s>,
        field: &Field,
        variables: &Values,
    ) -> Result<Resolved<Node<'s>>, String> {
        let data = self.all.data;
        let world = data.world;
        let ty = node.as_interface.unwrap_or(node.object.ty);
        let place = format!("`{}.{}`", world.ty(ty).name, field.name);
        let index = world.ty(ty).field_index(&field.name);
        let part = &world.subgraphs[self.subgraph];
        let known = index.and_then(|index| part.types.get(&ty)?.fields.get(&index));
        let known = known.ok_or_else(|| format!("{place} is unknown"))?;
        let provided = node.provided.iter().find(|pick| pick.field == *field.name);
        if known.external && provided.is_none() {
            return Err(format!("{place} is external"));
        }
        if known.overridden {
            return Err(format!("{place} belongs to another subgraph"));
        }
        let required = match (&node.representation, &*known.requires) {
            (_, []) => String::new(),
            (Some(representation), picks) => picked_from(world, representation, picks)
                .map_err(|missing| format!("{place} was asked without `{missing}`"))?,
            (None, _) => return Err(format!("{place} was asked without a representation")),
        };
        let definition = world.ty(node.object.ty).field(&field.name);
        let definition = definition.ok_or_else(|| format!("{place} is no field of the object"))?;
        let required = match &definition.context {
            Some(context) => around(world, context, field, variables)
                .ok_or_else(|| format!("{place} was asked without its argument from a context"))?,
            None => required,
        };
        let mut inputs = definition.arguments.clone();
        if self.all.fault == Some(Fault::DefaultsIgnored) {
            inputs.iter_mut().filter(|input| !input.ty.is_non_null()).for_each(|input| input.default = None);
        }
        let arguments = coerce::arguments(world, &inputs, &field.arguments, variables);
        let arguments = arguments.map_err(|_| format!("the arguments of {place} are not acceptable"))?;
        let object = timed(node.object, || self.all.clock.fetch_add(1, Ordering::Relaxed) + 1);
        let value = data.value(object, definition, &JsonValue::Object(arguments).to_string(), &required);
        let inner = definition.ty.inner();
        let as_interface = part.types.get(&inner).is_some_and(|ty| ty.interface_object).then_some(inner);
        let provided = provided.map_or(&*known.provides, |pick| &*pick.below);
        Ok(Resolved::of(value, &|object| Node { object, as_interface, representation: None, provided }))
    }

    fn entities(&self, field: &Field, variables: &Values) -> Result<Resolved<Node<'s>>, String> {
        let argument = field.arguments.first().and_then(|argument| argument.value.as_variable());
        let sent = argument.and_then(|name| variables.get(name.as_str())).and_then(JsonValue::as_array);
        let sent = sent.ok_or("`_entities` has no representations")?;
        let mut nodes = Vec::with_capacity(sent.len());
        for representation in sent {
            let world = self.all.data.world;
            let (ty, object) = self
                .all
                .stage
                .directory
                .find(world, self.subgraph, representation)
                .map_err(|why| format!("{representation} is no representation: {why}"))?;
            let known = world.subgraphs[self.subgraph].types.get(&ty);
            let as_interface = known.is_some_and(|ty| ty.interface_object).then_some(ty);
            let representation = Some(Arc::new(representation.clone()));
            nodes.push(Resolved::Object(Node { object, as_interface, representation, provided: &[] }));
        }
        Ok(Resolved::List(nodes))
    }
}
