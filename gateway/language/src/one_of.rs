//! Input objects of which one field is given (`@oneOf`, <https://spec.graphql.org/draft/#sec-OneOf-Input-Objects>). The rules are:
//!
//! 1. One key is there, and its value is not null.
//! 2. A variable there may not be null.

use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Node, Schema, ast};

use crate::error::{GraphqlError, place};

const DIRECTIVE: &str = "oneOf";

/// Whether the schema has such an input object.
pub(crate) fn is_used(schema: &Schema) -> bool {
    schema.types.values().any(is_one_of)
}

fn is_one_of(ty: &ExtendedType) -> bool {
    matches!(ty, ExtendedType::InputObject(input) if input.directives.has(DIRECTIVE))
}

/// What breaks the rules in the literals of a document.
pub(crate) fn check(schema: &Schema, document: &ExecutableDocument) -> Result<(), Vec<GraphqlError>> {
    let mut check = Check { schema, document, variables: &[], errors: Vec::new() };
    for operation in document.operations.iter() {
        check.variables = &operation.variables;
        for variable in &operation.variables {
            if let Some(default) = &variable.default_value {
                check.value(&variable.ty, default);
            }
        }
        check.set(&operation.selection_set, &mut Vec::new());
    }
    if check.errors.is_empty() { Ok(()) } else { Err(check.errors) }
}

/// What breaks the rules in the values of variables.
pub(crate) fn check_values(
    schema: &Schema,
    operation: &Operation,
    values: &JsonMap,
) -> Result<(), GraphqlError> {
    for variable in &operation.variables {
        if let Some(value) = values.get(variable.name.as_str()) {
            check_json(schema, &variable.ty, value, &format!("${}", variable.name))?;
        }
    }
    Ok(())
}

fn check_json(schema: &Schema, ty: &ast::Type, value: &JsonValue, path: &str) -> Result<(), GraphqlError> {
    match value {
        JsonValue::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            check_json(schema, ty.item_type(), item, &format!("{path}[{index}]"))
        }),
        JsonValue::Object(fields) => {
            let Some(ExtendedType::InputObject(input)) = schema.types.get(ty.inner_named_type()) else {
                return Ok(());
            };
            let given = match fields.iter().next() {
                Some((_, value)) if fields.len() == 1 && !value.is_null() => true,
                _ => !input.directives.has(DIRECTIVE),
            };
            if !given {
                let message = format!("{}, and `{path}` has {}", rule(&input.name), told(fields.len()));
                return Err(GraphqlError { message, location: None, is_syntax: false });
            }
            fields.iter().try_for_each(|(name, value)| match input.fields.get(name.as_str()) {
                Some(field) => check_json(schema, &field.ty, value, &format!("{path}.{}", name.as_str())),
                None => Ok(()),
            })
        }
        _ => Ok(()),
    }
}

fn rule(name: &str) -> String {
    format!("`{name}` is `@oneOf`: one field of it must be given, and not be null")
}

fn told(fields: usize) -> String {
    if fields == 1 { "one that is null".to_owned() } else { fields.to_string() }
}

struct Check<'d> {
    schema: &'d Schema,
    document: &'d ExecutableDocument,
    variables: &'d [Node<ast::VariableDefinition>],
    errors: Vec<GraphqlError>,
}

impl<'d> Check<'d> {
    /// Looks at the arguments of a selection set's fields, in fragments too, since those stand among an operation's variables.
    fn set(&mut self, set: &'d SelectionSet, open: &mut Vec<&'d str>) {
        for selection in &set.selections {
            for directive in selection.directives() {
                let definition = self.schema.directive_definitions.get(&directive.name);
                self.arguments(
                    definition.map_or(&[], |definition| &definition.arguments),
                    &directive.arguments,
                );
            }
            match selection {
                Selection::Field(field) => {
                    self.arguments(&field.definition.arguments, &field.arguments);
                    self.set(&field.selection_set, open);
                }
                Selection::InlineFragment(fragment) => self.set(&fragment.selection_set, open),
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name.as_str();
                    let fragment = self.document.fragments.get(name);
                    if let Some(fragment) = fragment.filter(|_| !open.contains(&name)) {
                        open.push(name);
                        self.set(&fragment.selection_set, open);
                    }
                }
            }
        }
    }

    fn arguments(
        &mut self,
        definitions: &'d [Node<ast::InputValueDefinition>],
        arguments: &'d [Node<ast::Argument>],
    ) {
        for argument in arguments {
            let definition = definitions.iter().find(|definition| definition.name == argument.name);
            if let Some(definition) = definition {
                self.value(&definition.ty, &argument.value);
            }
        }
    }

    fn value(&mut self, ty: &'d ast::Type, value: &'d Node<ast::Value>) {
        match &**value {
            ast::Value::List(items) => items.iter().for_each(|item| self.value(ty.item_type(), item)),
            ast::Value::Object(fields) => {
                let schema = self.schema;
                let Some(ExtendedType::InputObject(input)) = schema.types.get(ty.inner_named_type()) else {
                    return;
                };
                if input.directives.has(DIRECTIVE) {
                    self.one_of(&input.name, fields, value);
                }
                for (name, value) in fields {
                    if let Some(field) = input.fields.get(name) {
                        self.value(&field.ty, value);
                    }
                }
            }
            _ => {}
        }
    }

    fn one_of(
        &mut self,
        name: &str,
        fields: &[(apollo_compiler::Name, Node<ast::Value>)],
        object: &Node<ast::Value>,
    ) {
        let message = match fields {
            [(_, value)] if value.is_null() => format!("{}, and here is one that is null", rule(name)),
            [(field, value)] => {
                let Some(variable) = value.as_variable().filter(|variable| self.may_be_null(variable)) else {
                    return;
                };
                format!("{}: the variable `${variable}` for `{field}` must have a type with `!`", rule(name))
            }
            fields => format!("{}, and here are {}", rule(name), fields.len()),
        };
        let location = place(object, self.document);
        self.errors.push(GraphqlError { message, location, is_syntax: false });
    }

    fn may_be_null(&self, variable: &str) -> bool {
        self.variables.iter().any(|known| known.name == variable && !known.ty.is_non_null())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Limits, ValidDocument, ValidSchema};

    const SCHEMA: &str = "
        directive @oneOf on INPUT_OBJECT
        input By @oneOf { id: ID name: String inner: By }
        input Around { by: By, all: [By!] }
        type Query { book(by: By, around: Around): Book }
        type Book { title(by: By): String }";

    fn refused(text: &str, variables: &str) -> Vec<String> {
        let schema = ValidSchema::parse("schema", SCHEMA, Limits::SCHEMA).expect("a schema");
        let document = match ValidDocument::parse(&schema, text, Limits::OPERATION) {
            Ok(document) => document,
            Err(errors) => return errors.into_iter().map(|error| error.message).collect(),
        };
        let operation = document.operation(None).expect("one operation");
        let coerced = document.coerce_variables(&schema, operation, Some(variables));
        coerced.err().into_iter().map(|error| error.message).collect()
    }

    #[test]
    fn one_field_that_is_not_null_is_given() {
        assert_eq!(refused(r#"{ book(by: {id: 1}) { title(by: {name: "a"}) } }"#, "{}"), [""; 0]);
        assert_eq!(refused("query($id: ID!) { book(by: {id: $id}) { title } }", r#"{"id":"1"}"#), [""; 0]);
        let rule = "`By` is `@oneOf`: one field of it must be given, and not be null";
        let cases = [
            ("{ book(by: {}) { title } }", "{}", ", and here are 0"),
            (r#"{ book(by: {id: 1, name: "a"}) { title } }"#, "{}", ", and here are 2"),
            ("{ book(by: {id: null}) { title } }", "{}", ", and here is one that is null"),
            ("{ book { ...F } } fragment F on Book { title(by: {inner: {}}) }", "{}", ", and here are 0"),
            ("{ book(around: {all: [{id: 1}, {}]}) { title } }", "{}", ", and here are 0"),
            (
                "query($id: ID) { book(by: {id: $id}) { title } }",
                "{}",
                ": the variable `$id` for `id` must have a type with `!`",
            ),
            ("query($by: By = {}) { book(by: $by) { title } }", "{}", ", and here are 0"),
            ("query($by: By) { book(by: $by) { title } }", r#"{"by":{}}"#, ", and `$by` has 0"),
            (
                "query($by: By) { book(by: $by) { title } }",
                r#"{"by":{"id":null}}"#,
                ", and `$by` has one that is null",
            ),
            (
                "query($a: Around) { book(around: $a) { title } }",
                r#"{"a":{"all":[{"id":"1"},{"inner":{"id":"1","name":"x"}}]}}"#,
                ", and `$a.all[1].inner` has 2",
            ),
        ];
        for (text, variables, said) in cases {
            assert_eq!(refused(text, variables), [format!("{rule}{said}")], "{text}");
        }
    }
}
