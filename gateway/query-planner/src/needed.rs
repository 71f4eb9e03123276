//! When each request is needed: under the conditions of what a client asked in it, and whenever a later request is that sends what
//! was asked in it for no client.

use octavo_index::{IdMap, IndexVec};
use octavo_operation::When;

use crate::planner::Planner;
use crate::state::{FetchIndex, NodeField, NodeId, OutputFrom, PositionId, SlotIndex};

/// What the fields of a selection set are for.
struct Use {
    /// When a client wants one of them.
    client: When,
    /// Whether one is there for later requests.
    later: bool,
}

impl Use {
    fn of_nobody() -> Self {
        Self { client: When::never(), later: false }
    }
}

/// The condition of each fetch, so that it need not be sent unless it holds.
pub(crate) fn conditions(planner: &Planner<'_>) -> IndexVec<FetchIndex, When> {
    let mut conditions: IndexVec<FetchIndex, When> = planner.fetches.iter().map(|_| When::always()).collect();
    let unconditional =
        |field: &NodeField| field.when.is_always() && (field.client.is_always() || field.client.is_never());
    if planner.nodes.iter().flat_map(|node| &node.fields).all(unconditional) {
        return conditions;
    }
    // Whoever waits for a fetch has a higher level.
    let mut order: Vec<FetchIndex> = planner.fetches.ids().collect();
    order.sort_by_key(|&fetch| std::cmp::Reverse(planner.fetches[fetch].level));
    let mut waiting: IdMap<FetchIndex, Vec<FetchIndex>> = IdMap::default();
    for (id, fetch) in planner.fetches.iter_with_ids() {
        fetch.after.iter().for_each(|&before| waiting.entry(before).or_default().push(id));
    }
    for fetch in order {
        let later = waiting.remove(&fetch).unwrap_or_default();
        let later: Vec<_> = later.into_iter().map(|other| &conditions[other]).collect();
        conditions[fetch] = condition(planner, fetch, &later);
    }
    conditions
}

/// The condition of a fetch for which others, each under its own, wait.
fn condition(planner: &Planner<'_>, fetch: FetchIndex, waiting: &[&When]) -> When {
    let root = planner.fetches[fetch].root;
    if planner.nodes[root].fields.is_empty() || planner.tells_type(root) {
        return When::always();
    }
    let mut used = used(planner, root);
    used.client = used.client.and(&planner.wanted(planner.asked_at(&planner.fetches[fetch])));
    if !used.later {
        return used.client;
    }
    if waiting.is_empty() {
        return When::always();
    }
    waiting.iter().fold(used.client, |all, when| all.or(when))
}

impl Planner<'_> {
    /// When a client wants the objects at a position, where they are there although none does: a field on the way is asked for what
    /// needs it, whatever the client's conditions.
    pub(crate) fn wanted(&self, position: PositionId) -> When {
        let Some((parent, slot)) = self.positions[position].parent else { return When::always() };
        self.wanted_in(parent, slot, self.wanted(parent))
    }

    /// The same of the objects in a slot, where a client wants those around them under `around`.
    pub(crate) fn wanted_in(&self, position: PositionId, slot: SlotIndex, around: When) -> When {
        let place = &self.positions[position];
        if !place.slots[slot].when.is_always() {
            return around;
        }
        let outputs = place.outputs.iter().filter(|output| output.value == OutputFrom::Slot(slot));
        let client = outputs.fold(When::never(), |all, output| all.or(&output.when));
        if client.is_never() { around } else { around.and(&client) }
    }
}

fn used(planner: &Planner<'_>, node: NodeId) -> Use {
    let mut all = Use::of_nobody();
    for field in &planner.nodes[node].fields {
        all.client = all.client.or(&field.client);
        let below = field.child.map_or_else(Use::of_nobody, |child| used(planner, child));
        all.later |= field.hidden && (below.later || below.client.is_never());
        if field.client.is_never() {
            all.client = all.client.or(&field.when.and(&below.client));
        }
    }
    all
}
