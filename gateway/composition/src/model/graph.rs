//! One subgraph with what its links say.

use super::Schema;

octavo_index::define_ids! {
    /// Names a subgraph, in the order of names.
    GraphId
}

/// The federation version that a subgraph is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// No link to the federation specification.
    One,
    /// Federation 2, by minor version.
    Two(u32),
}

impl Version {
    /// Whether the subgraph is at least at Federation 2 with this minor version.
    pub(crate) fn reaches(self, minor: u32) -> bool {
        matches!(self, Self::Two(has) if has >= minor)
    }
}

/// An element that a link brings in, by both its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared<'a> {
    /// As the specification calls it, `@` included for directives.
    pub(crate) element: &'a str,
    /// As the subgraph calls it, `@` included for directives.
    pub(crate) local: &'a str,
}

/// A link to a specification.
#[derive(Clone, Debug)]
pub(crate) struct Link<'a> {
    /// The URL up to the version.
    pub(crate) identity: &'a str,
    /// The whole URL.
    pub(crate) url: &'a str,
    /// Last segment of the identity.
    pub(crate) name: &'a str,
    /// Prefix of elements that are not imported.
    pub(crate) namespace: &'a str,
    pub(crate) major: u32,
    pub(crate) minor: u32,
    pub(crate) imports: Vec<Declared<'a>>,
}

/// One subgraph.
#[derive(Clone, Debug)]
pub(crate) struct Subgraph<'a> {
    pub(crate) name: &'a str,
    pub(crate) url: &'a str,
    pub(crate) version: Version,
    pub(crate) links: Vec<Link<'a>>,
    pub(crate) schema: Schema<'a>,
}
