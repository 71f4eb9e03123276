//! The federation directives that a subgraph may use, and the version that brought each.

/// A federation version, `v2.MINOR`.
pub(super) type Minor = u32;

/// Each directive with the first minor version of federation 2 that has it.
const SINCE: [(&str, Minor); 18] = [
    ("key", 0),
    ("requires", 0),
    ("provides", 0),
    ("external", 0),
    ("extends", 0),
    ("shareable", 0),
    ("inaccessible", 0),
    ("override", 0),
    ("tag", 0),
    ("composeDirective", 1),
    ("interfaceObject", 3),
    ("authenticated", 5),
    ("requiresScopes", 5),
    ("policy", 6),
    ("context", 8),
    ("fromContext", 8),
    ("cost", 9),
    ("listSize", 9),
];

/// The first version of labels on `@override`.
pub(super) const OVERRIDE_LABEL: Minor = 7;

/// The first version that has a directive; `None` if it is not one of federation's.
pub(super) fn since(directive: &str) -> Option<Minor> {
    SINCE.iter().find(|(name, _)| *name == directive).map(|(_, minor)| *minor)
}

/// What the printed SDL must define itself when `@cacheControl` is used.
pub(super) const CACHE_CONTROL: &str = "\
directive @cacheControl(maxAge: Int, scope: CacheControlScope) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION

enum CacheControlScope {
  PUBLIC
  PRIVATE
}
";
