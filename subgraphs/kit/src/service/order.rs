//! Puts the keys of a response back into the order of the selections.
//!
//! async-graphql inserts a field when it is resolved, so a field that waited for a store comes after one
//! that did not. The specification wants the order of the query; a gateway reads faster what keeps it, and
//! only with it are two answers to one query equal as bytes. Errors come as they happen, too, and are put in
//! the order of their paths.

use std::cmp::Ordering;

use async_graphql::{
    Name, PathSegment, Positioned, ServerError, Value,
    indexmap::IndexMap,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};

/// Restores the order of a whole response.
pub(super) fn restore(data: &mut Value, operation: &OperationDefinition, document: &ExecutableDocument) {
    restore_value(data, &[&operation.selection_set.node], document);
}

/// Puts errors in the order of their paths.
pub(super) fn sort_errors(errors: &mut [ServerError]) {
    errors.sort_by(|one, other| {
        let steps = one.path.iter().zip(&other.path);
        let difference = steps.map(|(one, other)| compare(one, other)).find(|order| order.is_ne());
        difference.unwrap_or_else(|| one.path.len().cmp(&other.path.len()))
    });
}

fn compare(one: &PathSegment, other: &PathSegment) -> Ordering {
    match (one, other) {
        (PathSegment::Field(one), PathSegment::Field(other)) => one.cmp(other),
        (PathSegment::Index(one), PathSegment::Index(other)) => one.cmp(other),
        (PathSegment::Field(_), PathSegment::Index(_)) => Ordering::Less,
        (PathSegment::Index(_), PathSegment::Field(_)) => Ordering::Greater,
    }
}

fn restore_value(value: &mut Value, sets: &[&SelectionSet], document: &ExecutableDocument) {
    match value {
        Value::List(items) => items.iter_mut().for_each(|item| restore_value(item, sets, document)),
        Value::Object(fields) => restore_object(fields, sets, document),
        _ => {}
    }
}

fn restore_object(fields: &mut IndexMap<Name, Value>, sets: &[&SelectionSet], document: &ExecutableDocument) {
    let mut wanted = IndexMap::new();
    for set in sets {
        collect(set, document, &mut wanted);
    }
    let mut next = 0;
    for (name, selected) in wanted {
        let Some(index) = fields.get_index_of(name) else { continue };
        if index != next {
            fields.move_index(index, next);
        }
        next += 1;
        let below: Vec<_> = selected.iter().map(|field| &field.selection_set.node).collect();
        if let Some(value) = fields.get_mut(name) {
            restore_value(value, &below, document);
        }
    }
}

/// The fields of a selection set by response key, fragments of any type included: a key that the object's
/// type does not have is not in the response.
fn collect<'d>(
    set: &'d SelectionSet,
    document: &'d ExecutableDocument,
    wanted: &mut IndexMap<&'d Name, Vec<&'d Field>>,
) {
    for Positioned { node: selection, .. } in &set.items {
        match selection {
            Selection::Field(field) => {
                wanted.entry(&field.node.response_key().node).or_default().push(&field.node);
            }
            Selection::InlineFragment(fragment) => {
                collect(&fragment.node.selection_set.node, document, wanted);
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect(&fragment.node.selection_set.node, document, wanted);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    #[test]
    fn keys_follow_the_selections_through_lists_and_fragments() {
        let document = parse_query(
            "{ ...Top x: a { ... on T { c } b } } fragment Top on Query { z a2: a { d e } x: a { q } }",
        )
        .unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let mut data = value!({
            "x": [{ "b": 1, "c": 2, "q": 3 }, null, { "c": 1 }], "a2": { "e": 1, "d": 2 }, "z": 0,
        });
        restore(&mut data, &operation.node, &document);
        assert_eq!(data.to_string(), "{z: 0, a2: {d: 2, e: 1}, x: [{q: 3, c: 2, b: 1}, null, {c: 1}]}");
    }
}
