//! Why each request of a plan is made: what it is for, by which key and after which others, and what else could have been asked.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use octavo_index::Id as _;
use serde::Serialize;

use super::describe::{follow, list_depth, response_key};
use crate::{
    EntityGroup, Fetch, FetchContent, OutputValue, QueryPlan, ReadTarget, Representation,
    RepresentationField, RepresentationValue, SelectionId,
};

/// The subgraphs that could have been asked for a field, weighed when a request was chosen for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Considered {
    /// The field, after its type.
    pub field: String,
    /// The subgraph that is asked.
    pub taken: String,
    /// All of them with what each would cost, the cheapest first.
    pub options: Vec<Weighed>,
}

/// A subgraph and what asking it costs: a thousand a request, ten a step in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Weighed {
    /// The subgraph.
    pub subgraph: String,
    /// The cost of getting there, and what is estimated for the fields below.
    pub cost: u32,
}

/// Why one request is made.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reason {
    /// Its number, from 1, in the order of the plan.
    pub(super) fetch: usize,
    pub(super) service_name: String,
    /// The numbers of the requests that it needs.
    pub(super) after: Vec<usize>,
    /// How entities are looked up; empty for fields of the root.
    pub(super) keys: Vec<LookedUp>,
    /// The client's fields that it answers.
    pub(super) serves: Vec<String>,
    pub(super) considered: Vec<Considered>,
}

/// How the entities at one path are looked up.
#[derive(Serialize)]
pub(super) struct LookedUp {
    pub(super) path: String,
    pub(super) fields: Vec<String>,
}

/// One reason a request; `considered` is by request, and may be empty.
pub(super) fn reasons(plan: &QueryPlan, considered: &[Vec<Considered>]) -> Vec<Reason> {
    let all = plan.fetches.iter().enumerate();
    all.map(|(number, fetch)| Reason {
        fetch: number + 1,
        service_name: fetch.subgraph.to_string(),
        after: fetch.after.iter().map(|before| before.index() + 1).collect(),
        keys: fetch.groups().iter().map(|group| looked_up(plan, group)).collect(),
        serves: serves(plan, fetch).into_iter().collect(),
        considered: considered.get(number).cloned().unwrap_or_default(),
    })
    .collect()
}

/// The reasons as text, a paragraph a request.
pub(super) fn text(reasons: &[Reason]) -> String {
    let mut text = String::new();
    for reason in reasons {
        let after: Vec<_> = reason.after.iter().map(ToString::to_string).collect();
        let after = if after.is_empty() { String::new() } else { format!(", after {}", after.join(" and ")) };
        let _ = writeln!(text, "{}. {}{after}", reason.fetch, reason.service_name);
        for key in &reason.keys {
            let _ = writeln!(text, "   looks up {} by {}", key.path, key.fields.join(" "));
        }
        if reason.serves.is_empty() {
            text.push_str("   is asked for other requests alone\n");
        } else {
            let _ = writeln!(text, "   answers {}", reason.serves.join(", "));
        }
        for considered in &reason.considered {
            let weighed = |one: &Weighed| format!("{} {}", one.subgraph, one.cost);
            let options: Vec<_> = considered.options.iter().map(weighed).collect();
            let Considered { field, taken, .. } = considered;
            let _ = writeln!(text, "   {field} of {taken}; weighed: {}", options.join(", "));
        }
    }
    text
}

fn looked_up(plan: &QueryPlan, group: &EntityGroup) -> LookedUp {
    let (path, _) = follow(plan, &group.path);
    let named = |one: &Representation| one.fields.iter().filter_map(sent).collect::<Vec<_>>();
    let fields: BTreeSet<String> = group.representations.iter().flat_map(named).collect();
    LookedUp { path: path.join("."), fields: fields.into_iter().collect() }
}

/// A field of a representation with what is below it; nothing for the type's name.
fn sent(field: &RepresentationField) -> Option<String> {
    let RepresentationValue::Slot { fields, .. } = &field.value else { return None };
    let below: Vec<_> = fields.iter().filter_map(sent).collect();
    Some(if below.is_empty() {
        field.key.to_string()
    } else {
        format!("{} {{ {} }}", field.key, below.join(" "))
    })
}

/// The paths of the client's leaves that a request answers.
fn serves(plan: &QueryPlan, fetch: &Fetch) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    match &fetch.content {
        FetchContent::Root(root) => {
            answers(plan, root.selection, &follow(plan, &root.path).0.join("."), &mut paths);
        }
        FetchContent::Entities(groups) => {
            for group in groups {
                let path = follow(plan, &group.path).0.join(".");
                answers(plan, group.selection, &path, &mut paths);
            }
        }
    }
    paths
}

fn answers(plan: &QueryPlan, selection: SelectionId, path: &str, paths: &mut BTreeSet<String>) {
    let selection = &plan.selections[selection];
    let shape = &plan.shapes[selection.shape];
    for field in &selection.fields {
        let ReadTarget::Slot { slot, selection } = field.target else { continue };
        let key = response_key(shape, slot);
        let own = if path.is_empty() { key } else { format!("{path}.{key}") };
        match selection {
            Some(below) => {
                let lists = ".@".repeat(list_depth(&shape.slots[slot].value));
                answers(plan, below, &format!("{own}{lists}"), paths);
            }
            None if shape.outputs.iter().any(|output| output.value == OutputValue::Slot(slot)) => {
                paths.insert(own);
            }
            None => {}
        }
    }
}
