//! When what was last touched, so that an entry is known to be older than a change.
//!
//! A clock counts the changes. An entry bears what it showed before the entry's fetch was sent, and is good as long as nothing
//! that it depends on was touched since: whatever was fetched before a change and is kept after it is never given out.
//! So many touched things are remembered; beyond that, all that is older than the oldest of them is forgotten.

use std::collections::{HashMap, VecDeque};

use crate::tag::Tag;

/// How many touched things are remembered.
pub(crate) const REMEMBERED: usize = 100_000;

pub(crate) struct Marks {
    /// Whether every change since the floor has been heard. Otherwise nothing is given out.
    vouches: bool,
    clock: u64,
    /// What is older is not good.
    floor: u64,
    last: HashMap<Tag, u64>,
    order: VecDeque<(u64, Tag)>,
}

impl Marks {
    /// `vouches` from the beginning where no changes are heard of: then lifetimes are all there is.
    pub(crate) fn new(vouches: bool) -> Self {
        Self { vouches, clock: 0, floor: 0, last: HashMap::new(), order: VecDeque::new() }
    }

    pub(crate) fn vouches(&self) -> bool {
        self.vouches
    }

    pub(crate) fn clock(&self) -> u64 {
        self.clock
    }

    /// Whether an entry is good; its tags are asked for where that is not clear without.
    pub(crate) fn allow(&self, stamp: u64, tags: impl FnOnce() -> Vec<Tag>) -> bool {
        let untouched = |tag: &Tag| self.last.get(tag).is_none_or(|touched| *touched <= stamp);
        self.vouches && stamp >= self.floor && (stamp >= self.clock || tags().iter().all(untouched))
    }

    /// Notes a change.
    pub(crate) fn touch(&mut self, tags: &[Tag]) {
        self.clock += 1;
        for tag in tags {
            self.last.insert(*tag, self.clock);
            self.order.push_back((self.clock, *tag));
        }
        while self.order.len() > REMEMBERED
            && let Some((touched, tag)) = self.order.pop_front()
        {
            if self.last.get(&tag) == Some(&touched) {
                self.last.remove(&tag);
                self.floor = touched;
            }
        }
    }

    /// Changes may be missed from now on.
    pub(crate) fn suspend(&mut self) {
        self.vouches = false;
    }

    /// All changes from now on are heard; what was fetched before is not good.
    pub(crate) fn begin(&mut self) {
        self.clock += 1;
        *self = Self { vouches: true, clock: self.clock, floor: self.clock, ..Self::new(true) };
    }
}

#[cfg(test)]
mod tests {
    use super::{Marks, REMEMBERED};
    use crate::events::Touch;
    use crate::tag::{Tag, tags_of_touch};

    fn tags(id: usize) -> Vec<Tag> {
        let touch = format!(r#"{{"type":"Book","keys":[{{"id":{id}}}],"subgraph":"books"}}"#);
        let touch: Touch = serde_json::from_str(&touch).expect("a touch");
        tags_of_touch(&touch).split_off(1)
    }

    #[test]
    fn what_was_touched_and_forgotten_is_not_good_either() {
        let mut marks = Marks::new(true);
        marks.touch(&tags(0));
        let after = marks.clock();
        (1..=REMEMBERED).for_each(|id| marks.touch(&tags(id)));
        assert_eq!(marks.last.len(), REMEMBERED);
        assert!(!marks.allow(after - 1, || tags(0)), "it was forgotten, and with it all that is as old");
        assert!(marks.allow(after, || tags(0)) && !marks.allow(after, || tags(1)));
    }
}
