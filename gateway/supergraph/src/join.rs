//! The directives of the join specification, read from the syntax tree.

use octavo_language::{Node, ast};

use crate::links::Links;

/// The join directives' names in one document.
#[derive(Debug)]
pub(crate) struct JoinNames {
    pub(crate) graph: String,
    pub(crate) ty: String,
    pub(crate) field: String,
    pub(crate) implements: String,
    pub(crate) union_member: String,
    pub(crate) graph_enum: String,
    pub(crate) inaccessible: String,
    pub(crate) directive: String,
    pub(crate) context: String,
}

impl JoinNames {
    pub(crate) fn of(links: &Links) -> Self {
        let join = |name: &str| links.directive("join", name);
        Self {
            graph: join("graph"),
            ty: join("type"),
            field: join("field"),
            implements: join("implements"),
            union_member: join("unionMember"),
            graph_enum: join("Graph"),
            inaccessible: links.directive("inaccessible", "inaccessible"),
            directive: join("directive"),
            context: links.directive("context", "context"),
        }
    }
}

/// A directive with typed access to its arguments.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'a>(&'a ast::Directive);

impl<'a> Arguments<'a> {
    /// A string or enum argument.
    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        match &**self.0.specified_argument_by_name(name)? {
            ast::Value::String(text) => Some(text),
            ast::Value::Enum(value) => Some(value.as_str()),
            _ => None,
        }
    }

    /// The items of a list argument.
    pub(crate) fn items(self, name: &str) -> &'a [Node<ast::Value>] {
        self.0.specified_argument_by_name(name).and_then(|value| value.as_list()).unwrap_or_default()
    }

    /// A Boolean argument, `default` when it is left out.
    pub(crate) fn flag(self, name: &str, default: bool) -> bool {
        self.0.specified_argument_by_name(name).and_then(|v| v.to_bool()).unwrap_or(default)
    }
}

/// Every use of a directive in a list.
pub(crate) fn uses<'a>(
    directives: &'a [Node<ast::Directive>],
    name: &'a str,
) -> impl Iterator<Item = Arguments<'a>> {
    directives.iter().filter(move |d| d.name == name).map(|d| Arguments(d))
}
