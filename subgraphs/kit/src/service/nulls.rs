//! Puts null where a field failed, and takes it up to the nearest place that may be null.
//!
//! async-graphql leaves a failed field out of its object, even one that must not be null. The specification
//! wants null there, or in place of the nearest enclosing value that may be null; a gateway counts on it.
//!
//! 1. The path of each error is walked through the selections, which tells for each step whether it may be
//!    null.
//! 2. From the failed place upwards, the first that may be null becomes null; if none may, all data does.

use std::collections::HashMap;

use async_graphql::{
    Name, PathSegment, Response, Value,
    indexmap::IndexMap,
    parser::{
        parse_schema,
        types::{
            BaseType, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
            Type, TypeKind, TypeSystemDefinition,
        },
    },
};

use crate::federation::SdlError;

/// The type of each field of each type.
pub(super) struct FieldTypes(HashMap<Name, HashMap<Name, Type>>);

impl FieldTypes {
    /// Reads them from a schema's export, which leaves out what federation adds to `Query`.
    pub(super) fn read(exported: &str) -> Result<Self, SdlError> {
        const ADDED: &str =
            " type Query { _entities: [_Entity]! _service: _Service! } type _Service { sdl: String }";
        let mut types: HashMap<_, HashMap<_, _>> = HashMap::new();
        for text in [exported, ADDED] {
            for definition in parse_schema(text).map_err(SdlError::Export)?.definitions {
                let TypeSystemDefinition::Type(definition) = definition else { continue };
                let fields = match definition.node.kind {
                    TypeKind::Object(object) => object.fields,
                    TypeKind::Interface(interface) => interface.fields,
                    _ => continue,
                };
                let fields = fields.into_iter().map(|field| (field.node.name.node, field.node.ty.node));
                types.entry(definition.node.name.node).or_default().extend(fields);
            }
        }
        Ok(Self(types))
    }

    fn of(&self, parent: &str, field: &Name) -> Option<&Type> {
        self.0.get(parent)?.get(field)
    }
}

/// Puts the nulls of a response's errors in their places.
pub(super) fn propagate(
    response: &mut Response,
    operation: &OperationDefinition,
    document: &ExecutableDocument,
    types: &FieldTypes,
) {
    let walk = Walk { document, types };
    let mut nulls: Vec<&[PathSegment]> = Vec::new();
    for error in &response.errors {
        if nulls.iter().any(|null| error.path.starts_with(null)) {
            continue;
        }
        if let Some(nullable) = walk.nullability(&error.path, operation) {
            nulls.extend(put_null(&mut response.data, &error.path, &nullable));
        }
    }
}

struct Walk<'d> {
    document: &'d ExecutableDocument,
    types: &'d FieldTypes,
}

/// A selection set and the type that it selects from.
type Scope<'d> = (&'d str, &'d SelectionSet);

impl<'d> Walk<'d> {
    /// For each step of a path, whether the value there may be null; `None` if the path leads nowhere.
    fn nullability(&self, path: &[PathSegment], operation: &'d OperationDefinition) -> Option<Vec<bool>> {
        let root = match operation.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        let mut scopes: Vec<Scope<'d>> = vec![(root, &operation.selection_set.node)];
        let mut current: Option<&'d Type> = None;
        let mut nullable = Vec::with_capacity(path.len());
        for segment in path {
            let reached = match segment {
                PathSegment::Index(_) => match &current?.base {
                    BaseType::List(inner) => &**inner,
                    BaseType::Named(_) => return None,
                },
                PathSegment::Field(key) => {
                    let mut found = Vec::new();
                    for scope in &scopes {
                        self.find(*scope, key, &mut found);
                    }
                    let (parent, field) = *found.first()?;
                    let field_type = self.types.of(parent, &field.name.node)?;
                    let below = named(field_type);
                    scopes = found.iter().map(|(_, field)| (below, &field.selection_set.node)).collect();
                    field_type
                }
            };
            nullable.push(reached.nullable);
            current = Some(reached);
        }
        Some(nullable)
    }

    /// The fields with a response key in a scope, each with the type that it is selected from.
    fn find(&self, (parent, set): Scope<'d>, key: &str, found: &mut Vec<(&'d str, &'d Field)>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) if field.node.response_key().node == key => {
                    found.push((parent, &field.node));
                }
                Selection::Field(_) => {}
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let inner = condition.map_or(parent, |condition| condition.node.on.node.as_str());
                    self.find((inner, &fragment.node.selection_set.node), key, found);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        let inner = fragment.node.type_condition.node.on.node.as_str();
                        self.find((inner, &fragment.node.selection_set.node), key, found);
                    }
                }
            }
        }
    }
}

fn named(field_type: &Type) -> &str {
    match &field_type.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => named(inner),
    }
}

/// Puts null in the place for a failed path; the place, unless an enclosing value was null already.
fn put_null<'p>(data: &mut Value, path: &'p [PathSegment], nullable: &[bool]) -> Option<&'p [PathSegment]> {
    revive(data, path);
    if value_at(data, path).is_some_and(|value| *value != Value::Null) {
        return None;
    }
    let places = nullable.iter().enumerate().rev().filter(|(_, nullable)| **nullable);
    for place in places.filter_map(|(place, _)| path.get(..=place)) {
        let (last, above) = place.split_last()?;
        match (value_at(data, above), last) {
            (Some(Value::Object(fields)), PathSegment::Field(key)) => {
                fields.insert(Name::new(key), Value::Null);
            }
            (Some(Value::List(items)), PathSegment::Index(index)) => *items.get_mut(*index)? = Value::Null,
            // The list itself is not there: its own field failed.
            (None, _) => continue,
            _ => return None,
        }
        return Some(place);
    }
    *data = Value::Null;
    Some(&[])
}

/// Makes objects again of those that are null only because the library found no field in them: an error
/// below one says that it was there.
fn revive(data: &mut Value, path: &[PathSegment]) {
    for (depth, segment) in path.iter().enumerate() {
        let above = path.get(..depth).and_then(|above| value_at(data, above));
        if let (Some(value @ Value::Null), PathSegment::Field(_)) = (above, segment) {
            *value = Value::Object(IndexMap::new());
        }
    }
}

fn value_at<'v>(data: &'v mut Value, path: &[PathSegment]) -> Option<&'v mut Value> {
    path.iter().try_fold(data, |value, segment| match (value, segment) {
        (Value::Object(fields), PathSegment::Field(key)) => fields.get_mut(key.as_str()),
        (Value::List(items), PathSegment::Index(index)) => items.get_mut(*index),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::{ServerError, parser::parse_query, value};

    use super::*;

    const SCHEMA: &str = "type Query { a: A b: A! list: [A!] } \
        type A { must: Int! may: Int self: A must_self: A! list: [A]! }";

    fn nulls(query: &str, data: Value, path: &[&str]) -> String {
        let document = parse_query(query).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let segments = path.iter().map(|step| match step.parse() {
            Ok(index) => PathSegment::Index(index),
            Err(_) => PathSegment::Field((*step).to_owned()),
        });
        let mut response = Response::new(data);
        response.errors = vec![ServerError::new("failed", None).with_path(segments.collect())];
        propagate(&mut response, &operation.node, &document, &FieldTypes::read(SCHEMA).unwrap());
        response.data.to_string()
    }

    #[test]
    fn a_failed_field_that_may_be_null_is_null() {
        assert_eq!(nulls("{ a { may } }", value!({ "a": {} }), &["a", "may"]), "{a: {may: null}}");
        let data = value!({ "a": { "x": {} } });
        assert_eq!(
            nulls("{ a { ... on A { x: self { y: may } } } }", data, &["a", "x", "y"]),
            "{a: {x: {y: null}}}"
        );
    }

    #[test]
    fn a_failed_field_that_must_not_be_null_takes_its_parents_along() {
        assert_eq!(nulls("{ a { must } }", value!({ "a": {} }), &["a", "must"]), "{a: null}");
        let data = value!({ "b": { "must_self": {} } });
        assert_eq!(nulls("{ b { must_self { must } } }", data, &["b", "must_self", "must"]), "null");
        let data = value!({ "list": [{}, { "must": 1 }] });
        assert_eq!(nulls("{ list { must } }", data, &["list", "0", "must"]), "{list: null}");
        let data = value!({ "b": { "list": [{}, { "must": 1 }] } });
        let query = "{ b { ...F } } fragment F on A { list { must } }";
        assert_eq!(nulls(query, data, &["b", "list", "0", "must"]), "{b: {list: [null, {must: 1}]}}");
    }

    #[test]
    fn an_object_whose_only_field_failed_is_still_there() {
        assert_eq!(nulls("{ a { may } }", value!({ "a": null }), &["a", "may"]), "{a: {may: null}}");
        assert_eq!(nulls("{ a { may } }", value!(null), &["a"]), "{a: null}");
        let data = value!({ "list": [null] });
        assert_eq!(nulls("{ list { may } }", data, &["list", "0", "may"]), "{list: [{may: null}]}");
    }

    #[test]
    fn what_an_error_made_null_stays_null_for_the_next() {
        let document = parse_query("{ list { must may } }").unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        for names in [["must", "may"], ["may", "must"]] {
            let errors = names.map(|name| {
                let at = [
                    PathSegment::Field("list".into()),
                    PathSegment::Index(0),
                    PathSegment::Field(name.into()),
                ];
                ServerError::new("failed", None).with_path(at.to_vec())
            });
            let mut response = Response::new(value!({ "list": [null] }));
            response.errors = errors.to_vec();
            propagate(&mut response, &operation.node, &document, &FieldTypes::read(SCHEMA).unwrap());
            assert_eq!(response.data.to_string(), "{list: null}");
        }
    }
}
