//! The rules of `@stream` (<https://github.com/graphql/graphql-spec/pull/1110>, "Directives" in the section on validation); those of
//! `@defer` are the library's.
//!
//! 1. It stands on a list, and not at the root of a mutation or subscription.
//! 2. Its label is a text, and stands on nothing else in the document.
//! 3. `initialCount` is not negative.

use std::collections::HashSet;

use apollo_compiler::executable::{Field, OperationType, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Node, ast};

use crate::error::{GraphqlError, place};

/// What breaks a rule.
pub(crate) fn check(document: &ExecutableDocument) -> Result<(), Vec<GraphqlError>> {
    let mut check = Check { document, labels: HashSet::new(), errors: Vec::new() };
    for operation in document.operations.iter() {
        check.set(&operation.selection_set);
        if operation.operation_type != OperationType::Query {
            check.root(&operation.selection_set, &mut HashSet::new());
        }
    }
    for fragment in document.fragments.values() {
        check.set(&fragment.selection_set);
    }
    if check.errors.is_empty() { Ok(()) } else { Err(check.errors) }
}

struct Check<'d> {
    document: &'d ExecutableDocument,
    labels: HashSet<&'d str>,
    errors: Vec<GraphqlError>,
}

impl<'d> Check<'d> {
    fn set(&mut self, set: &'d SelectionSet) {
        for selection in &set.selections {
            for directive in selection.directives() {
                if matches!(directive.name.as_str(), "defer" | "stream") {
                    self.label(directive);
                }
            }
            match selection {
                Selection::Field(field) => {
                    self.field(field);
                    self.set(&field.selection_set);
                }
                Selection::InlineFragment(fragment) => self.set(&fragment.selection_set),
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn label(&mut self, directive: &'d Node<ast::Directive>) {
        let on_stream = directive.name == "stream";
        match directive.specified_argument_by_name("label").map(|label| &**label) {
            Some(ast::Value::String(label)) if !self.labels.insert(label) && on_stream => {
                self.refuse(
                    directive,
                    format!("`@stream` label `{label}` is not unique within the document"),
                );
            }
            Some(ast::Value::Variable(_)) if on_stream => {
                let message = "`@stream` label argument must be a static String, not a variable".to_owned();
                self.refuse(directive, message);
            }
            _ => {}
        }
    }

    fn field(&mut self, field: &'d Node<Field>) {
        let Some(stream) = field.directives.get("stream") else { return };
        if !field.definition.ty.is_list() {
            let message = format!("`@stream` stands on `{}`, which is not a list", field.name);
            self.refuse(stream, message);
        }
        let count = stream.specified_argument_by_name("initialCount").and_then(|count| count.to_i32());
        if count.is_some_and(i32::is_negative) {
            self.refuse(stream, "`@stream` initialCount must not be negative".to_owned());
        }
    }

    /// Looks at the fields of a root, through fragments.
    fn root(&mut self, set: &'d SelectionSet, seen: &mut HashSet<&'d str>) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    if let Some(stream) = field.directives.get("stream") {
                        let message = "`@stream` is allowed at the root of queries only".to_owned();
                        self.refuse(stream, message);
                    }
                }
                Selection::InlineFragment(fragment) => self.root(&fragment.selection_set, seen),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                        && seen.insert(&spread.fragment_name)
                    {
                        self.root(&fragment.selection_set, seen);
                    }
                }
            }
        }
    }

    fn refuse(&mut self, at: &Node<ast::Directive>, message: String) {
        let location = place(at, self.document);
        self.errors.push(GraphqlError { message, location, is_syntax: false });
    }
}
