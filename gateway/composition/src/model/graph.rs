//! One subgraph with what its links say.

use super::{Schema, Span};

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

/// The minor version of Federation 2 that a subgraph of Federation 1 is brought to.
const UPGRADED: u32 = 4;

/// An element that a link brings in, by both its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared<'a> {
    /// As the specification calls it, `@` included for directives.
    pub(crate) element: &'a str,
    /// As the subgraph calls it, `@` included for directives.
    pub(crate) local: &'a str,
    pub(crate) span: Span,
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
    pub(crate) span: Span,
}

impl Link<'_> {
    /// The minor version of Federation 2 that the specification belongs to, if to any.
    pub(crate) fn needed_federation(&self) -> Option<u32> {
        let name = self.identity.strip_prefix("https://specs.apollo.dev/")?;
        Some(match (name, self.major, self.minor) {
            ("authenticated", 0, 1) => 5,
            ("cost", 0, 1) => 9,
            ("connect", 0, minor @ 1..) => 9 + minor,
            _ => return None,
        })
    }
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

impl<'a> Subgraph<'a> {
    /// Whether it does not link the federation specification.
    pub(crate) fn is_federation_one(&self) -> bool {
        self.version == Version::One
    }

    /// The version of federation that its links need, and the link that needs more than the subgraph says.
    pub(crate) fn needed_version(&self) -> (Version, Option<&Link<'a>>) {
        let said = match self.version {
            Version::One => UPGRADED,
            Version::Two(minor) => minor,
        };
        let newest = self.links.iter().max_by_key(|link| link.needed_federation());
        let upgrade = newest.and_then(|link| Some((link.needed_federation()?, link)));
        match upgrade.filter(|(needed, _)| *needed > said) {
            Some((needed, link)) => (Version::Two(needed), Some(link)),
            None => (self.version, None),
        }
    }
}
