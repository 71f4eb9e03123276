//! Mistakes of a planner.

use octavo_query_plan::{
    EntityGroup, FetchContent, OutputValue, PlanNode, QueryPlan, ReadTarget, Selection, Shape, TypeSet,
    ValueType,
};

use super::Fault;

/// Makes the mistake wherever it can be made.
pub(super) fn spoil(fault: Fault, plan: &mut QueryPlan) {
    let ids: Vec<_> = plan.shapes.ids().collect();
    for id in ids {
        spoil_shape(fault, &mut plan.shapes[id]);
    }
    let ids: Vec<_> = plan.fetches.ids().collect();
    for id in ids {
        let fetch = &mut plan.fetches[id];
        if fault == Fault::VariablesLost {
            fetch.variables.clear();
        }
        if let FetchContent::Entities(groups) = &mut fetch.content {
            for group in groups {
                spoil_group(fault, group);
            }
        }
    }
    let ids: Vec<_> = plan.selections.ids().collect();
    for id in ids {
        spoil_selection(fault, &mut plan.selections[id]);
    }
    let ids: Vec<_> = plan.conditions.ids().collect();
    for id in ids.into_iter().filter(|_| fault == Fault::ConditionsNegated) {
        for literal in plan.conditions[id].alternatives.iter_mut().flatten() {
            literal.value = !literal.value;
        }
    }
    if let Some(node) = &mut plan.node {
        spoil_node(fault, node);
    }
}

fn spoil_shape(fault: Fault, shape: &mut Shape) {
    let slots: Vec<_> = shape.slots.ids().collect();
    match fault {
        Fault::ConditionsLost => shape.outputs.iter_mut().for_each(|output| output.when = None),
        Fault::TypesIgnored => shape.outputs.iter_mut().for_each(|output| output.types = TypeSet::All),
        Fault::KeysSwapped if shape.outputs.len() > 1 => shape.outputs.swap(0, 1),
        Fault::KeyDropped if shape.outputs.len() > 1 => shape.outputs.truncate(shape.outputs.len() - 1),
        Fault::AliasesIgnored => {
            for output in &mut shape.outputs {
                if let OutputValue::Slot(slot) = output.value {
                    output.key.clone_from(&shape.slots[slot].field);
                }
            }
        }
        Fault::NullAllowed => {
            for slot in slots {
                set_non_null(&mut shape.slots[slot].value, false);
            }
        }
        Fault::NullForbidden => {
            for slot in slots {
                set_non_null(&mut shape.slots[slot].value, true);
            }
        }
        _ => {}
    }
}

fn set_non_null(value: &mut ValueType, to: bool) {
    let (ValueType::List { non_null, .. }
    | ValueType::Leaf { non_null, .. }
    | ValueType::Object { non_null, .. }) = value;
    *non_null = to;
}

fn spoil_group(fault: Fault, group: &mut EntityGroup) {
    if fault == Fault::RepresentationCut {
        for representation in &mut group.representations {
            representation.fields.pop();
        }
    }
}

fn spoil_selection(fault: Fault, selection: &mut Selection) {
    if fault != Fault::ReadSwapped {
        return;
    }
    let leaf = |target: ReadTarget| matches!(target, ReadTarget::Slot { selection: None, .. });
    let mut leaves = selection.fields.iter_mut().filter(|field| leaf(field.target));
    if let (Some(one), Some(other)) = (leaves.next(), leaves.next()) {
        std::mem::swap(&mut one.target, &mut other.target);
    }
}

fn spoil_node(fault: Fault, node: &mut PlanNode) {
    match node {
        PlanNode::Sequence(nodes) | PlanNode::Parallel(nodes) => {
            match fault {
                Fault::RequestsReversed => nodes.reverse(),
                Fault::RequestDropped => nodes.truncate(nodes.len() - 1),
                _ => {}
            }
            for node in nodes {
                spoil_node(fault, node);
            }
        }
        PlanNode::Condition { node, .. } => spoil_node(fault, node),
        _ => {}
    }
}
