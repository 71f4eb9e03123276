//! Fields that move from one subgraph to another bit by bit (`@override(from:, label:)`): which labels hold for a request, and the
//! graph in which those do.
//!
//! See <https://www.apollographql.com/docs/graphos/schema-design/guides/migrating-fields#incremental-migration-with-progressive-override>.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use octavo_query_graph::{Labels, QueryGraph};
use octavo_supergraph::Supergraph;
use quick_cache::sync::Cache;
use uuid::Uuid;

/// How many graphs are kept, beside the one in which no label holds.
const KEPT: usize = 64;

/// For how many requests of a hundred an override label holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(u32);

impl Share {
    /// For all of them.
    pub const ALWAYS: Self = Self(Self::WHOLE);
    /// For none.
    pub const NEVER: Self = Self(0);
    /// Shares are counted in parts of this.
    const WHOLE: u32 = 1_000_000;

    /// A share in percent; `None` unless it is from 0 to 100.
    #[must_use]
    pub fn percent(percent: f64) -> Option<Self> {
        let parts = percent / 100.0 * f64::from(Self::WHOLE);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to WHOLE")]
        (0.0..=100.0).contains(&percent).then(|| Self(parts.round() as u32))
    }

    /// What a label says of itself: `percent(30)` holds for 30 requests of a hundred, any other for none.
    fn of_label(label: &str) -> Self {
        let percent = label.strip_prefix("percent(").and_then(|rest| rest.strip_suffix(')'));
        percent.and_then(|percent| percent.parse().ok()).and_then(Self::percent).unwrap_or(Self::NEVER)
    }

    /// Whether it holds this time.
    fn draw(self) -> bool {
        // The last bits of such an identifier are random, and many more than are needed.
        let drawn = || (Uuid::now_v7().as_u128() & u128::from(u64::MAX >> 2)) % u128::from(Self::WHOLE);
        self == Self::ALWAYS || (self != Self::NEVER && drawn() < u128::from(self.0))
    }
}

/// A supergraph's labels, and its graph for each set of them that was met.
pub(crate) struct Overrides {
    labels: BTreeSet<String>,
    /// Where none holds.
    none: Arc<QueryGraph>,
    others: Cache<Labels, Arc<QueryGraph>>,
}

impl Overrides {
    pub(crate) fn new(supergraph: Supergraph) -> Self {
        let fields = supergraph.types().iter().flat_map(|ty| &ty.fields);
        let joins = fields.flat_map(|&field| &supergraph.field(field).joins);
        let labels = joins.filter_map(|join| join.override_label);
        let labels = labels.map(|label| supergraph.name(label).to_owned()).collect();
        let none = Arc::new(QueryGraph::new(Arc::new(supergraph), Labels::default()));
        Self { labels, none, others: Cache::new(KEPT) }
    }

    pub(crate) fn labels(&self) -> &BTreeSet<String> {
        &self.labels
    }

    pub(crate) fn supergraph(&self) -> &Arc<Supergraph> {
        self.none.supergraph()
    }

    /// The labels that hold for one request; `shares` goes before what a label says of itself.
    pub(crate) fn draw(&self, shares: &BTreeMap<String, Share>) -> Labels {
        let share = |label: &str| shares.get(label).copied().unwrap_or_else(|| Share::of_label(label));
        Labels(self.labels.iter().filter(|label| share(label).draw()).cloned().collect())
    }

    /// The graph in which these labels hold. It may have to be made, which takes as long as loading a schema.
    pub(crate) fn graph(&self, labels: &Labels) -> Arc<QueryGraph> {
        if labels.0.is_empty() {
            return Arc::clone(&self.none);
        }
        if let Some(known) = self.others.get(labels) {
            return known;
        }
        let graph = Arc::new(QueryGraph::new(Arc::clone(self.supergraph()), labels.clone()));
        self.others.insert(labels.clone(), Arc::clone(&graph));
        graph
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_its_share() {
        for (label, parts) in [
            ("percent(0)", 0),
            ("percent(0.5)", 5_000),
            ("percent(100)", 1_000_000),
            ("percent(101)", 0),
            ("new", 0),
        ] {
            assert_eq!(Share::of_label(label).0, parts, "{label}");
        }
        assert_eq!((Share::percent(-1.0), Share::percent(f64::NAN)), (None, None));
    }

    #[test]
    fn a_share_is_drawn_about_as_often_as_it_says() {
        let drawn = |share: Share| (0..20_000).filter(|_| share.draw()).count();
        assert_eq!((drawn(Share::NEVER), drawn(Share::ALWAYS)), (0, 20_000));
        let third = drawn(Share::percent(30.0).unwrap());
        assert!((5_400..6_600).contains(&third), "{third} of 20,000 are not 30 %");
    }
}
