//! Lists that belong to something, such as the books of an author: those that one request asks for are loaded
//! together, a call for each window.

use std::hash::{Hash, Hasher};

use crate::page::{Page, Window};

/// Whose list, and which part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedList<O> {
    /// The key of whatever it belongs to.
    pub owner: O,
    /// The part.
    pub window: Window,
}

impl<O: Hash> Hash for OwnedList<O> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Lists of one owner are nearly always asked for with one window.
        self.owner.hash(state);
    }
}

impl<O> OwnedList<O> {
    /// The page that was loaded; an owner with nothing has an empty one.
    pub fn page<T>(&self, loaded: Option<Page<T>>) -> Page<T> {
        loaded.unwrap_or_else(|| Page::from_walk(&self.window, Vec::new()))
    }
}

/// The owners asked about for each window: a request names few windows and many owners.
pub fn by_window<'l, O: Clone + 'l>(
    lists: impl Iterator<Item = &'l OwnedList<O>>,
) -> Vec<(&'l Window, Vec<O>)> {
    let mut groups: Vec<(&Window, Vec<O>)> = Vec::new();
    for OwnedList { owner, window } in lists {
        match groups.iter_mut().find(|(known, _)| *known == window) {
            Some((_, owners)) => owners.push(owner.clone()),
            None => groups.push((window, vec![owner.clone()])),
        }
    }
    groups
}

/// What was found for each owner, as the lists that were asked for.
pub fn owned<O, T>(found: Vec<(O, T)>, window: &Window) -> impl Iterator<Item = (OwnedList<O>, T)> {
    found.into_iter().map(|(owner, page)| (OwnedList { owner, window: window.clone() }, page))
}
