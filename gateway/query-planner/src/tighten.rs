//! Requests leave as early as what they need is there: one that waited for another, which was then not made, need not have waited.

use std::collections::BTreeMap;

use octavo_supergraph::SubgraphId;

use crate::planner::Planner;
use crate::state::FetchIndex;

impl Planner<'_> {
    /// Lowers the levels of fetches as far as those allow that they need. Those that leave together still do.
    pub(crate) fn tighten(&mut self) {
        let mut leaving: BTreeMap<(u32, SubgraphId), Vec<FetchIndex>> = BTreeMap::new();
        for (id, fetch) in self.fetches.iter_with_ids() {
            leaving.entry((fetch.level, fetch.subgraph)).or_default().push(id);
        }
        self.count(self.fetches.len());
        // What a fetch needs is of a lower level, and has its new one already.
        for fetches in leaving.into_values() {
            let earliest = fetches.iter().map(|&fetch| self.level_after(&self.fetches[fetch].after)).max();
            for fetch in fetches {
                let level = &mut self.fetches[fetch].level;
                *level = earliest.map_or(*level, |earliest| earliest.min(*level));
            }
        }
    }
}
