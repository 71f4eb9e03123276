//! From the finished walk to the plan: one shape a position, one selection a node, one request a batch.

mod contexts;
mod document;
mod fetches;
mod lifetime;
mod parts;
mod representations;
mod shapes;

use octavo_index::{Id as _, IndexVec};
use octavo_operation::{Literal, When};
use octavo_query_plan::{
    Condition, ConditionId, FetchId, IntrospectionField, OperationKind, OutputValue, PlanNode, QueryPlan,
    ShapeId, TypeIndex, TypeSet,
};
use octavo_supergraph::RootKind;

use crate::order::{Batch, Order, batches, order};
use crate::planner::Planner;
use crate::state::{OutputFrom, PositionId};
use crate::want::Types;

/// Conditions and enums, each kept once.
pub(crate) struct Tables {
    conditions: IndexVec<ConditionId, Condition>,
    enums: shapes::Enums,
}

/// Writes the plan.
pub(crate) fn emit(planner: &Planner<'_>) -> QueryPlan {
    let parts = parts::Parts::new(planner);
    let mut tables = Tables { conditions: IndexVec::new(), enums: shapes::Enums::default() };
    let shapes: IndexVec<ShapeId, _> = planner
        .positions
        .ids()
        .map(|position| shapes::shape(planner, position, &parts, &mut tables))
        .collect();
    let names = document::Names::new(planner);
    let selections = planner.nodes.ids().map(|node| fetches::selection(planner, &names, node)).collect();
    let batches = batches(planner);
    let fetches = fetches::fetches(planner, &names, &batches);
    let node = order(planner, &batches, |batch| batch.part.is_none())
        .map(|order| plan_node(planner, &batches, &order, &mut tables));
    let deferred = parts.deferred(planner, &batches, &mut tables);
    let root = ShapeId::new(0);
    let node = with_introspection(planner, &shapes[root], node);
    QueryPlan {
        kind: kind(planner),
        root,
        shapes,
        selections,
        fetches,
        conditions: tables.conditions,
        enums: tables.enums.values,
        node,
        deferred,
    }
}

/// What the operation does.
pub(crate) fn kind(planner: &Planner<'_>) -> OperationKind {
    match planner.operation.kind() {
        RootKind::Query => OperationKind::Query,
        RootKind::Mutation => OperationKind::Mutation,
        RootKind::Subscription => OperationKind::Subscription,
    }
}

fn plan_node(planner: &Planner<'_>, batches: &[Batch], order: &Order, tables: &mut Tables) -> PlanNode {
    match order {
        Order::Batch(batch) => {
            let fetch = PlanNode::Fetch(FetchId::new(*batch));
            match tables.condition(planner, &batches[*batch].when) {
                Some(when) => PlanNode::Condition { when, node: Box::new(fetch) },
                None => fetch,
            }
        }
        Order::Sequence(steps) => {
            PlanNode::Sequence(steps.iter().map(|s| plan_node(planner, batches, s, tables)).collect())
        }
        Order::Parallel(steps) => {
            PlanNode::Parallel(steps.iter().map(|s| plan_node(planner, batches, s, tables)).collect())
        }
    }
}

/// Puts the gateway's own answer beside the requests.
fn with_introspection(
    planner: &Planner<'_>,
    root: &octavo_query_plan::Shape,
    node: Option<PlanNode>,
) -> Option<PlanNode> {
    let outputs = planner.positions[PositionId::new(0)].outputs.iter().zip(&root.outputs);
    let fields: Vec<_> = outputs
        .filter(|(state, _)| state.value == OutputFrom::Introspection)
        .filter_map(|(_, output)| match output.value {
            OutputValue::Slot(slot) => Some(IntrospectionField { key: output.key.clone(), slot }),
            OutputValue::Typename | OutputValue::Refused { .. } => None,
        })
        .collect();
    if fields.is_empty() {
        return node;
    }
    let introspection = PlanNode::Introspection(fields);
    Some(match node {
        None => introspection,
        Some(node) => PlanNode::Parallel(vec![introspection, node]),
    })
}

impl Tables {
    /// The condition's id; `None` when it always holds.
    fn condition(&mut self, planner: &Planner<'_>, when: &When) -> Option<ConditionId> {
        if when.is_always() {
            return None;
        }
        let literal = |literal: &Literal| octavo_query_plan::Literal {
            variable: planner.operation.text(literal.variable).into(),
            value: literal.value,
        };
        let alternatives = when.alternatives().iter().map(|all| all.iter().map(literal).collect()).collect();
        let condition = Condition { alternatives };
        let known = self.conditions.iter_with_ids().find(|(_, c)| **c == condition).map(|(id, _)| id);
        Some(known.unwrap_or_else(|| self.conditions.push(condition)))
    }
}

/// Object types as types of a position's shape.
pub(crate) fn type_set(planner: &Planner<'_>, position: PositionId, types: &Types) -> TypeSet {
    let Some(types) = types else { return TypeSet::All };
    let possible = &planner.supergraph.ty(planner.positions[position].ty).possible;
    let indices = possible.iter().enumerate().filter(|(_, t)| types.contains(t));
    let indices: Box<[TypeIndex]> = indices.map(|(index, _)| TypeIndex::new(index)).collect();
    // All of them, whether it is known which one or not.
    if indices.len() == possible.len() { TypeSet::All } else { TypeSet::Only(indices) }
}
