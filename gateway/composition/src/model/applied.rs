//! A directive where it is used, and what it means whatever it is called there.

use octavo_language::Node;
use octavo_language::ast::{Directive, Value};

use super::Span;

/// Directives that composition knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Builtin {
    Key,
    Requires,
    Provides,
    External,
    Extends,
    Shareable,
    Override,
    Inaccessible,
    Tag,
    ComposeDirective,
    InterfaceObject,
    Authenticated,
    RequiresScopes,
    Policy,
    Context,
    FromContext,
    Cost,
    ListSize,
    CacheTag,
    Connect,
    Source,
    Link,
    Core,
    Deprecated,
    SpecifiedBy,
}

/// What a directive's name resolves to in its subgraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning<'a> {
    /// One that composition knows.
    Builtin(Builtin),
    /// Any other, by the name that the subgraph uses.
    Custom(&'a str),
}

/// A directive where it is used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Applied<'a> {
    pub(crate) meaning: Meaning<'a>,
    pub(crate) node: &'a Directive,
    pub(crate) span: Span,
    /// Which definition or extension of the element it stands on, counted from 0.
    pub(crate) part: u32,
}

impl<'a> Applied<'a> {
    pub(crate) fn is(&self, builtin: Builtin) -> bool {
        self.meaning == Meaning::Builtin(builtin)
    }

    pub(crate) fn argument(&self, name: &str) -> Option<&'a Node<Value>> {
        self.node.arguments.iter().find(|argument| argument.name == name).map(|argument| &argument.value)
    }

    pub(crate) fn string(&self, name: &str) -> Option<&'a str> {
        self.argument(name)?.as_str()
    }

    pub(crate) fn boolean(&self, name: &str) -> Option<bool> {
        self.argument(name)?.to_bool()
    }
}
