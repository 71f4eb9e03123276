//! Takes away arguments and input fields whose variable was not given.
//!
//! The specification has one whose variable has neither value nor default be absent, as if it had not been
//! written; async-graphql makes it null, and a change that says nothing of a photo would remove it.

use std::collections::HashSet;

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value as InputValue;

/// The document without what is absent; `None` if it is all there.
pub(super) fn without_absent(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Option<ExecutableDocument> {
    let absent: HashSet<Name> = operation
        .variable_definitions
        .iter()
        .filter(|given| {
            // One that must not be null is the library's to refuse.
            let may_lack = given.node.var_type.node.nullable && given.node.default_value.is_none();
            may_lack && !variables.contains_key(&given.node.name.node)
        })
        .map(|given| given.node.name.node.clone())
        .collect();
    if absent.is_empty() {
        return None;
    }
    let mut document = document.clone();
    match &mut document.operations {
        DocumentOperations::Single(operation) => prune_operation(&mut operation.node, &absent),
        DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                prune_operation(&mut operation.node, &absent);
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        prune(&mut fragment.node.selection_set.node, &absent);
    }
    Some(document)
}

/// Without its definition, validation does not miss the uses of a variable.
fn prune_operation(operation: &mut OperationDefinition, absent: &HashSet<Name>) {
    operation.variable_definitions.retain(|given| !absent.contains(&given.node.name.node));
    prune(&mut operation.selection_set.node, absent);
}

fn prune(set: &mut SelectionSet, absent: &HashSet<Name>) {
    for Positioned { node: selection, .. } in &mut set.items {
        match selection {
            Selection::Field(field) => {
                field.node.arguments.retain_mut(|(_, value)| is_there(&mut value.node, absent));
                prune(&mut field.node.selection_set.node, absent);
            }
            Selection::InlineFragment(fragment) => prune(&mut fragment.node.selection_set.node, absent),
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// Whether a value is there; input fields below it that are not are taken away.
fn is_there(value: &mut InputValue, absent: &HashSet<Name>) -> bool {
    match value {
        InputValue::Variable(name) => return !absent.contains(name),
        InputValue::Object(fields) => fields.retain(|_, field| is_there(field, absent)),
        InputValue::List(items) => {
            // An item has a place in its list, and is null there.
            for item in items {
                if !is_there(item, absent) {
                    *item = InputValue::Null;
                }
            }
        }
        _ => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    #[test]
    fn what_has_no_value_is_not_there() {
        let text = "query($a: Int, $b: Int, $c: Int = 3, $d: Int) { f(a: $a, b: $b, c: $c, o: {a: $a, d: $d}, \
                    l: [$a, $d]) { ...F } } fragment F on T { g(a: $a, d: $d) }";
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let variables = Variables::from_value(value!({ "b": null, "d": 4 }));
        let left = without_absent(&document, &operation.node, &variables).unwrap();
        let (_, operation) = left.operations.iter().next().unwrap();
        let Selection::Field(f) = &operation.node.selection_set.node.items[0].node else {
            panic!("no field")
        };
        let arguments: Vec<_> =
            f.node.arguments.iter().map(|(name, value)| format!("{}: {}", name.node, value.node)).collect();
        assert_eq!(operation.node.variable_definitions.len(), 3);
        assert_eq!(arguments, ["b: $b", "c: $c", "o: {d: $d}", "l: [null, $d]"]);
        let fragment = &left.fragments[&Name::new("F")];
        let Selection::Field(g) = &fragment.node.selection_set.node.items[0].node else { panic!("no field") };
        assert_eq!(g.node.arguments.len(), 1);

        let all = Variables::from_value(value!({ "a": 1, "b": 2, "d": 4 }));
        let (_, operation) = document.operations.iter().next().unwrap();
        assert!(without_absent(&document, &operation.node, &all).is_none());
    }
}
