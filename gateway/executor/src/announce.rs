//! What a part is announced for: each object that its fragment stands on, if it adds something there, and each list with further items.

use octavo_query_plan::ShapeId;

use crate::arena::RowId;
use crate::parts::{Items, Target, Visit};
use crate::write::Path;

/// A part for one object or list.
pub(crate) struct Announced {
    pub(crate) id: usize,
    pub(crate) target: Target,
    /// Where the object or list is, as a JSON list.
    pub(crate) path: Vec<u8>,
    /// For a list, how many items came before.
    pub(crate) first: Option<u32>,
}

/// Finds what a part is announced for.
pub(crate) struct Announcing {
    next: usize,
    /// The object or list at hand, until something is found that the part adds.
    at: Option<(Target, Vec<u8>)>,
    pub(crate) announced: Vec<Announced>,
}

impl Announcing {
    /// `next` is the first id that is free.
    pub(crate) fn new(next: usize) -> Self {
        Self { next, at: None, announced: Vec::new() }
    }

    fn announce(&mut self, first: Option<u32>) {
        if let Some((target, path)) = self.at.take() {
            self.announced.push(Announced { id: self.next, target, path, first });
            self.next += 1;
        }
    }
}

impl Visit for Announcing {
    fn begin(&mut self, target: Target, path: &Path<'_>) {
        self.at = Some((target, path.text()));
    }

    fn object(&mut self, _: (RowId, ShapeId), _: &Path<'_>) {
        self.announce(None);
    }

    fn items(&mut self, items: Items<'_>, _: &Path<'_>) {
        self.announce(Some(items.first));
    }

    fn end(&mut self) {
        self.at = None;
    }
}
