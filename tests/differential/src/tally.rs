//! What the pairs of a run have met.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use octavo_query_plan::{FetchContent, PlanNode, QueryPlan};

use crate::pair::Answers;
use crate::world::Mark;

/// How many pairs have met what, and how large their plans were.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How many pairs there were.
    pub pairs: u64,
    met: BTreeMap<String, u64>,
    fetches: BTreeMap<usize, u64>,
    steps: BTreeMap<usize, u64>,
}

impl Tally {
    pub(crate) fn count(&mut self, marks: &BTreeSet<Mark>, plan: &QueryPlan, answers: &Answers) {
        self.pairs += 1;
        let is_lookup = |content: &FetchContent| matches!(content, FetchContent::Entities(_));
        let facts = [
            ("Errors", !answers.monolith.1.is_empty()),
            ("NullPropagation", answers.has_propagated()),
            ("Keys", plan.fetches.iter().any(|fetch| is_lookup(&fetch.content))),
        ];
        let marks = marks.iter().map(|mark| format!("{mark:?}"));
        let facts = facts.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name.to_owned());
        for name in marks.chain(facts) {
            *self.met.entry(name).or_default() += 1;
        }
        *self.fetches.entry(plan.fetches.len()).or_default() += 1;
        *self.steps.entry(plan.node.as_ref().map_or(0, steps)).or_default() += 1;
    }

    pub(crate) fn join(&mut self, other: Self) {
        self.pairs += other.pairs;
        for (name, count) in other.met {
            *self.met.entry(name).or_default() += count;
        }
        for (size, count) in other.fetches {
            *self.fetches.entry(size).or_default() += count;
        }
        for (size, count) in other.steps {
            *self.steps.entry(size).or_default() += count;
        }
    }

    /// How many of a hundred pairs have met something.
    #[must_use]
    pub fn share(&self, name: &str) -> u64 {
        self.met.get(name).copied().unwrap_or_default() * 100 / self.pairs.max(1)
    }

    /// How many requests the plan in the middle has.
    #[must_use]
    pub fn median_fetches(&self) -> usize {
        self.median(&self.fetches)
    }

    /// How many requests of the plan in the middle wait for one another at most.
    #[must_use]
    pub fn median_steps(&self) -> usize {
        self.median(&self.steps)
    }

    fn median(&self, sizes: &BTreeMap<usize, u64>) -> usize {
        let mut left = self.pairs / 2;
        for (size, count) in sizes {
            if *count > left {
                return *size;
            }
            left -= count;
        }
        0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} pairs", self.pairs)?;
        for (name, count) in &self.met {
            writeln!(f, "{:>4} % {name} ({count})", count * 100 / self.pairs.max(1))?;
        }
        let (fetches, steps) = (self.median_fetches(), self.median_steps());
        write!(f, "the plan in the middle has {fetches} fetches in {steps} steps")
    }
}

/// How many requests follow one another at most.
fn steps(node: &PlanNode) -> usize {
    match node {
        PlanNode::Fetch(_) => 1,
        PlanNode::Sequence(nodes) => nodes.iter().map(steps).sum(),
        PlanNode::Parallel(nodes) => nodes.iter().map(steps).max().unwrap_or(0),
        PlanNode::Condition { node, .. } => steps(node),
        PlanNode::Introspection(_) => 0,
    }
}
