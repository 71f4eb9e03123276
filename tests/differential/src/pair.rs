//! One pair: an operation answered by the monolith, and by the gateway over the subgraphs.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use anyhow::{Result, anyhow};
use apollo_compiler::ExecutableDocument;
use apollo_compiler::validation::Valid;
use bytes::Bytes;
use futures::executor::block_on;
use octavo_executor::{ExecutionRequest, IntrospectionPort, Ports, Prepared, SubgraphPort, execute};
use octavo_language::{Limits, ValidDocument};
use octavo_operation::Operation as Bound;
use octavo_query_plan::QueryPlan;
use octavo_query_planner::plan;

use crate::coerce::{self, Values};
use crate::compare::difference;
use crate::data::Data;
use crate::fault::Fault;
use crate::interpret::Execution;
use crate::json::{FieldError, Json};
use crate::monolith::{Monolith, root};
use crate::stage::Stage;
use crate::stand_in::{Diary, Documents, StandIns, written};

/// An operation that was planned.
pub(crate) struct Planned<'s> {
    pub(crate) stage: &'s Stage,
    own: Valid<ExecutableDocument>,
    document: ValidDocument,
    pub(crate) prepared: Prepared,
    pub(crate) documents: Documents,
    /// What is done wrong on purpose.
    fault: Option<Fault>,
}

/// How the two answers came out.
pub(crate) struct Answers {
    pub(crate) monolith: (Json, Vec<FieldError>),
    pub(crate) federated: Bytes,
    pub(crate) diary: Diary,
}

impl<'s> Planned<'s> {
    pub(crate) fn new(stage: &'s Stage, text: &str, fault: Option<Fault>) -> Result<Self> {
        let own = ExecutableDocument::parse_and_validate(&stage.monolith, text, "operation.graphql");
        let own = own.map_err(|error| anyhow!("the monolith refuses the operation: {}", error.errors))?;
        let supergraph = stage.graph.supergraph();
        let document = ValidDocument::parse(supergraph.api_schema(), text, Limits::OPERATION);
        let document = document.map_err(|errors| anyhow!("the gateway refuses the operation: {errors:?}"))?;
        let bound = Bound::bind(supergraph, &document, document.operation(None)?)?;
        let mut planned = plan(&stage.graph, &bound, &options(stage.world.seed))?;
        if let Some(fault) = fault {
            fault.in_plan(&mut planned);
        }
        let prepared = Prepared::new(Arc::new(planned), octavo_executor::Options::default());
        Ok(Self { stage, own, document, prepared, documents: Mutex::default(), fault })
    }

    pub(crate) fn plan(&self) -> &QueryPlan {
        self.prepared.plan()
    }

    /// Both answers over the data of a seed.
    pub(crate) fn answer(&self, variables: &Values, seed: u64) -> Result<Answers> {
        let data = Data::new(&self.stage.world, seed);
        let monolith = self.monolith(data, variables)?;
        let mut subgraphs = StandIns::new(self.stage, data, &self.documents);
        subgraphs.fault = self.fault;
        let federated = self.federated(&subgraphs, variables)?;
        let federated = match self.fault {
            Some(fault) => fault.in_response(String::from_utf8_lossy(&federated).into_owned()).into(),
            None => federated,
        };
        Ok(Answers { monolith, federated, diary: subgraphs.into_diary() })
    }

    fn monolith(&self, data: Data<'_>, variables: &Values) -> Result<(Json, Vec<FieldError>)> {
        let operation = coerce::only_operation(&self.own).ok_or_else(|| anyhow!("no operation"))?;
        let variables = coerce::variables(data.world, operation, variables);
        let variables = variables.map_err(|_| anyhow!("the monolith refuses the variables"))?;
        let resolver = Monolith { data, clock: AtomicU64::new(0) };
        let execution = Execution::new(&self.stage.monolith, &self.own, &variables, &resolver);
        Ok(execution.run(&root(operation.is_mutation()), &operation.selection_set))
    }

    /// The response over any subgraphs.
    pub(crate) fn federated(&self, subgraphs: &dyn SubgraphPort, variables: &Values) -> Result<Bytes> {
        let api = self.stage.graph.supergraph().api_schema();
        let operation = self.document.operation(None)?;
        let sent = serde_json::to_string(variables)?;
        let variables = self.document.coerce_variables(api, operation, Some(&sent))?;
        let request =
            ExecutionRequest { variables: variables.iter().collect(), ..ExecutionRequest::default() };
        let ports = Ports { subgraphs, cache: None, introspection: &NoIntrospection };
        Ok(block_on(execute(&self.prepared, request, ports)).body)
    }
}

/// Plans of some worlds are improved for long, those of others not at all: each plan must be right, not the best alone.
fn options(seed: u64) -> octavo_query_planner::Options {
    let all = octavo_query_planner::Options::default();
    let steps = match seed % 8 {
        0 => all.steps,
        1..=3 => 0,
        _ => 1_000,
    };
    octavo_query_planner::Options { steps, ..all }
}

impl Answers {
    /// What is wrong, if anything.
    pub(crate) fn finding(&self) -> Option<String> {
        if let Some(violation) = self.diary.violations.first() {
            return Some(format!("a subgraph was asked what it cannot answer: {violation}"));
        }
        difference(&self.monolith, &self.federated).err()
    }

    /// Whether a null took more with it than its own position.
    pub(crate) fn has_propagated(&self) -> bool {
        let (data, errors) = &self.monolith;
        errors.iter().any(|error| data.at(&error.path).0 < error.path.len())
    }

    pub(crate) fn monolith_text(&self) -> String {
        written(&self.monolith.0, &self.monolith.1)
    }
}

/// No operation asks for introspection.
struct NoIntrospection;

impl IntrospectionPort for NoIntrospection {
    fn introspect(&self) -> Result<String, String> {
        Err("nobody asks for it".to_owned())
    }
}
