//! `@defer` and `@stream`: which parts of the response may come after the rest.
//!
//! A field belongs to the innermost part that holds all of its uses: what is asked outside of every part as well is not deferred at all.

use std::collections::HashMap;

use octavo_index::{Id as _, IndexVec, NameId};

use crate::{SetId, When};

octavo_index::define_ids! {
    /// Names a [`Deferred`] of one operation.
    DeferId
}

/// A part: a fragment that `@defer` stands on, or what follows the first items of a list that `@stream` stands on.
#[derive(Clone, Debug)]
pub struct Deferred {
    /// The client's name for it.
    pub label: Option<NameId>,
    /// The part in which it stands. It comes before in the operation's list.
    pub parent: Option<DeferId>,
    /// When it is deferred; otherwise it comes with what is around it.
    pub when: When,
    /// Where the fragment or the list stands: it is delivered once for each object there.
    pub set: SetId,
    /// For a list, how many items come with the part around it.
    pub first: Option<Count>,
}

/// How many items of a list come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Of(u32),
    /// The value of a variable.
    Variable(NameId),
}

/// The deferred parts of an operation, as they are found.
#[derive(Debug, Default)]
pub(crate) struct Defers {
    found: IndexVec<DeferId, Deferred>,
}

/// Those of one position: a fragment that is spread there twice is one part. Known by the place of its text in memory.
#[derive(Debug, Default)]
pub(crate) struct Here {
    fragments: HashMap<(usize, Option<DeferId>), DeferId>,
    lists: Vec<DeferId>,
}

impl Defers {
    /// The part that a fragment is at a position.
    pub(crate) fn at(
        &mut self,
        here: &mut Here,
        (fragment, parent): (usize, Option<DeferId>),
        (label, when): (Option<NameId>, When),
    ) -> DeferId {
        // The position has no id yet: `settle` gives it.
        let new = || self.found.push(Deferred { label, parent, when, set: SetId::new(0), first: None });
        *here.fragments.entry((fragment, parent)).or_insert_with(new)
    }

    /// The part that the further items of a list are.
    pub(crate) fn list(
        &mut self,
        here: &mut Here,
        parent: Option<DeferId>,
        (label, when, first): (Option<NameId>, When, Count),
    ) -> DeferId {
        let id = self.found.push(Deferred { label, parent, when, set: SetId::new(0), first: Some(first) });
        here.lists.push(id);
        id
    }

    /// Says which position the parts stand at.
    pub(crate) fn settle(&mut self, here: &Here, set: SetId) {
        for &id in here.fragments.values().chain(&here.lists) {
            self.found[id].set = set;
        }
    }

    /// The innermost part that holds both.
    pub(crate) fn around(&self, one: Option<DeferId>, other: Option<DeferId>) -> Option<DeferId> {
        around(&self.found, one, other)
    }

    /// How many parts were found.
    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    pub(crate) fn finish(self) -> IndexVec<DeferId, Deferred> {
        self.found
    }
}

/// The innermost part that holds both.
pub(crate) fn around(
    parts: &IndexVec<DeferId, Deferred>,
    one: Option<DeferId>,
    other: Option<DeferId>,
) -> Option<DeferId> {
    let (mut one, mut other) = (one?, other?);
    // The one around another has the lower id.
    while one != other {
        let later = if one > other { &mut one } else { &mut other };
        *later = parts[*later].parent?;
    }
    // What is asked of every item comes with each of them, the first ones too.
    while parts[one].first.is_some() {
        one = parts[one].parent?;
    }
    Some(one)
}
