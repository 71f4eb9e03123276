//! Where things stand in a text, apart from its tree.

use std::ops::Range;

use apollo_compiler::collections::HashMap;
use apollo_compiler::{Name, Node};

/// Bytes of a schema for each thing with a place, at least.
const BYTES_EACH: usize = 12;

/// Places by the address of what stands there.
///
/// A name or node shares what it holds with its copies, so that the address tells it from everything else in the tree, wherever in
/// there it is moved or copied to, for as long as the tree lives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(HashMap<usize, (u32, u32)>);

impl Places {
    /// Room for the places of a text.
    pub(crate) fn for_text(text: &str) -> Self {
        let mut places = HashMap::default();
        places.reserve(text.len() / BYTES_EACH);
        Self(places)
    }

    pub(crate) fn put_name(&mut self, name: &Name, place: Range<usize>) {
        self.put(address(name.as_str()), place);
    }

    pub(crate) fn put_node<T: ?Sized>(&mut self, node: &Node<T>, place: Range<usize>) {
        self.put(address(&**node), place);
    }

    pub(crate) fn of_name(&self, name: &Name) -> Option<Range<usize>> {
        self.of(address(name.as_str()))
    }

    pub(crate) fn of_node<T: ?Sized>(&self, node: &Node<T>) -> Option<Range<usize>> {
        self.of(address(&**node))
    }

    /// A place behind four gigabytes is none.
    fn put(&mut self, address: usize, place: Range<usize>) {
        if let (Ok(start), Ok(end)) = (u32::try_from(place.start), u32::try_from(place.end)) {
            self.0.insert(address, (start, end));
        }
    }

    fn of(&self, address: usize) -> Option<Range<usize>> {
        let &(start, end) = self.0.get(&address)?;
        Some(start as usize..end as usize)
    }
}

fn address<T: ?Sized>(content: &T) -> usize {
    std::ptr::from_ref(content).addr()
}
