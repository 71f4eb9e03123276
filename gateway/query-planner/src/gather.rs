//! Requests to one subgraph leave together where fewer of them leave then: the earlier ones wait, and what needs them waits too.
//!
//! 1. All that leaves for a subgraph at one level is tried at each later level at which something leaves for it.
//! 2. What needs it leaves after that, with others of its own subgraph if some leave later anyway.
//! 3. If there are fewer requests then, that is how they leave.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use octavo_index::Id as _;

use crate::planner::Planner;

/// How many fetches may be looked at for each that there is, so that this never takes longer than the walk.
const MOST_LOOKS: usize = 64;

/// At how many later levels a request is tried.
const MOST_LATER: usize = 2;

/// What leaves when. Only what is of one sort leaves together.
struct Timetable {
    fetches: Vec<Leaver>,
    /// By sort: its fetches.
    of_sort: Vec<Vec<usize>>,
    /// By sort: the levels at which some leave, with how many do.
    leaving: Vec<Vec<(u32, usize)>>,
    /// The fetches that a try moves, each with its new level.
    moved: Vec<(usize, u32)>,
    /// What a try has still to look at: level and fetch.
    open: BinaryHeap<Reverse<(u32, usize)>>,
    /// Which fetches go and come by a try: sort, level, and whether one comes.
    changes: Vec<(usize, u32, bool)>,
    looks: usize,
}

/// A fetch.
struct Leaver {
    sort: usize,
    level: u32,
    /// The level at which a try lets it leave.
    tried: Option<u32>,
    before: Vec<usize>,
    after: Vec<usize>,
}

impl Planner<'_> {
    /// Lets requests wait for each other where that spares some.
    pub(crate) fn gather(&mut self) {
        let mut table = Timetable::new(self);
        let mut gathered = false;
        while table.joins_some(MOST_LOOKS * self.fetches.len()) {
            gathered = true;
        }
        self.count(table.looks);
        if gathered {
            for (fetch, leaver) in self.fetches.ids().zip(&table.fetches) {
                self.fetches[fetch].level = leaver.level;
            }
            self.tighten();
        }
    }
}

impl Timetable {
    fn new(planner: &Planner<'_>) -> Self {
        let sorts = planner.sorts.of.iter().copied();
        let leaver = |(fetch, sort): (&crate::state::FetchState<'_>, usize)| Leaver {
            sort,
            level: fetch.level,
            tried: None,
            before: fetch.after.iter().map(|before| before.index()).collect(),
            after: Vec::new(),
        };
        let fetches: Vec<Leaver> = planner.fetches.iter().zip(sorts).map(leaver).collect();
        let sorts = fetches.iter().map(|fetch| fetch.sort + 1).max().unwrap_or(0);
        let mut table = Self {
            fetches,
            of_sort: vec![Vec::new(); sorts],
            leaving: vec![Vec::new(); sorts],
            moved: Vec::new(),
            open: BinaryHeap::new(),
            changes: Vec::new(),
            looks: 0,
        };
        for fetch in 0..table.fetches.len() {
            let Leaver { sort, level, .. } = table.fetches[fetch];
            table.of_sort[sort].push(fetch);
            table.add(sort, level);
            for at in 0..table.fetches[fetch].before.len() {
                let before = table.fetches[fetch].before[at];
                table.fetches[before].after.push(fetch);
            }
        }
        table
    }

    /// One more fetch leaves.
    fn add(&mut self, sort: usize, level: u32) {
        let levels = &mut self.leaving[sort];
        match levels.binary_search_by_key(&level, |(level, _)| *level) {
            Ok(at) => levels[at].1 += 1,
            Err(at) => levels.insert(at, (level, 1)),
        }
    }

    fn remove(&mut self, sort: usize, level: u32) {
        let levels = &mut self.leaving[sort];
        if let Ok(at) = levels.binary_search_by_key(&level, |(level, _)| *level) {
            levels[at].1 -= 1;
            if levels[at].1 == 0 {
                levels.remove(at);
            }
        }
    }

    /// Tries once for all that leaves together whether it could leave later; false when nothing could.
    fn joins_some(&mut self, most_looks: usize) -> bool {
        let mut joined = false;
        for sort in (0..self.leaving.len()).rev() {
            let mut at = self.leaving[sort].len().saturating_sub(1);
            while at > 0 && self.looks < most_looks {
                at -= 1;
                joined |= self.joins(sort, at);
                at = at.min(self.leaving[sort].len());
            }
        }
        joined
    }

    /// Tries to let what leaves at one level leave at a later one.
    fn joins(&mut self, sort: usize, at: usize) -> bool {
        let from = self.leaving[sort][at].0;
        let later = self.leaving[sort][at + 1..].iter().map(|(level, _)| *level);
        let later: Vec<u32> = later.take(MOST_LATER).collect();
        later.into_iter().any(|to| {
            self.moves((sort, from), to);
            let spared = self.spares();
            self.end_try(spared);
            spared
        })
    }

    /// Finds the new levels if all that leaves at one level leaves at another.
    fn moves(&mut self, from: (usize, u32), to: u32) {
        let (sort, level) = from;
        // What a fetch needs has a lower level, and was looked at before.
        let leaving = self.of_sort[sort].iter().filter(|&&fetch| self.fetches[fetch].level == level);
        self.open.extend(leaving.map(|&fetch| Reverse((level, fetch))));
        while let Some(Reverse((level, fetch))) = self.open.pop() {
            self.looks += 1;
            let leaver = &self.fetches[fetch];
            let levels = leaver.before.iter().map(|&before| self.fetches[before].leaves());
            let earliest = levels.max().unwrap_or(0) + 1;
            let new = if (leaver.sort, level) == from {
                earliest.max(to)
            } else if earliest <= level || leaver.tried.is_some() {
                continue;
            } else {
                let later = self.leaving[leaver.sort].iter().map(|(level, _)| *level);
                let mut later = later.filter(|&level| level >= earliest && (leaver.sort, level) != from);
                later.next().unwrap_or(earliest)
            };
            let pushed = leaver.after.iter().filter(|&&after| self.fetches[after].level <= new);
            self.open.extend(pushed.map(|&after| Reverse((self.fetches[after].level, after))));
            self.fetches[fetch].tried = Some(new);
            self.moved.push((fetch, new));
        }
    }

    /// Whether fewer requests leave as tried.
    fn spares(&mut self) -> bool {
        self.changes.clear();
        for &(fetch, level) in &self.moved {
            let leaver = &self.fetches[fetch];
            self.changes.push((leaver.sort, leaver.level, false));
            self.changes.push((leaver.sort, level, true));
        }
        // One number is compared more quickly than two.
        self.changes.sort_unstable_by_key(|&(sort, level, _)| (sort as u64) << 32 | u64::from(level));
        let (mut fewer, mut more) = (0, 0);
        for place in self.changes.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            let (sort, level, _) = place[0];
            let levels = &self.leaving[sort];
            let known = levels.binary_search_by_key(&level, |(level, _)| *level).map_or(0, |at| levels[at].1);
            let come = place.iter().filter(|(.., comes)| *comes).count();
            fewer += usize::from(known > 0 && come == 0 && known == place.len());
            more += usize::from(known == 0 && come > 0);
        }
        fewer > more
    }

    /// Keeps what was tried, or forgets it.
    fn end_try(&mut self, keep: bool) {
        for (fetch, level) in std::mem::take(&mut self.moved) {
            let leaver = &mut self.fetches[fetch];
            leaver.tried = None;
            if keep {
                let (sort, old) = (leaver.sort, std::mem::replace(&mut leaver.level, level));
                self.remove(sort, old);
                self.add(sort, level);
            }
        }
    }
}

impl Leaver {
    /// The level at which it leaves, as tried.
    fn leaves(&self) -> u32 {
        self.tried.unwrap_or(self.level)
    }
}
