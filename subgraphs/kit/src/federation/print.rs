//! Prints a parsed schema as SDL.

use async_graphql::{
    Name, Positioned,
    parser::types::{
        ConstDirective, EnumValueDefinition, FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind,
    },
};

/// The SDL of a type, with a line's end.
pub(super) fn type_definition(definition: &TypeDefinition) -> String {
    let (keyword, interfaces, body) = match &definition.kind {
        TypeKind::Scalar => ("scalar", String::new(), String::new()),
        TypeKind::Union(union) => ("union", String::new(), format!(" = {}", names(&union.members, " | "))),
        TypeKind::Object(object) => ("type", implements(&object.implements), block(&object.fields, field)),
        TypeKind::Interface(interface) => {
            ("interface", implements(&interface.implements), block(&interface.fields, field))
        }
        TypeKind::Enum(values) => ("enum", String::new(), block(&values.values, enum_value)),
        TypeKind::InputObject(input) => ("input", String::new(), block(&input.fields, input_field)),
    };
    let description = description("", definition.description.as_ref());
    let extend = if definition.extend { "extend " } else { "" };
    let (name, directives) = (&definition.name.node, directives(&definition.directives));
    format!("{description}{extend}{keyword} {name}{interfaces}{directives}{body}\n")
}

/// The members of a type in braces; nothing if there are none.
fn block<T>(members: &[Positioned<T>], print: impl Fn(&T) -> String) -> String {
    if members.is_empty() {
        return String::new();
    }
    let lines: Vec<_> = members.iter().map(|member| print(&member.node)).collect();
    format!(" {{\n{}\n}}", lines.join("\n"))
}

fn field(field: &FieldDefinition) -> String {
    let description = description("  ", field.description.as_ref());
    let (arguments, directives) = (arguments(&field.arguments), directives(&field.directives));
    format!("{description}  {}{arguments}: {}{directives}", field.name.node, field.ty.node)
}

fn arguments(arguments: &[Positioned<InputValueDefinition>]) -> String {
    if arguments.is_empty() {
        return String::new();
    }
    if arguments.iter().all(|argument| argument.node.description.is_none()) {
        let list: Vec<_> = arguments.iter().map(|argument| input_value(&argument.node)).collect();
        return format!("({})", list.join(", "));
    }
    let lines = arguments.iter().map(|argument| {
        let description = description("    ", argument.node.description.as_ref());
        format!("{description}    {}", input_value(&argument.node))
    });
    format!("(\n{}\n  )", lines.collect::<Vec<_>>().join("\n"))
}

fn input_value(value: &InputValueDefinition) -> String {
    let default = value.default_value.as_ref().map(|value| format!(" = {}", value.node)).unwrap_or_default();
    format!("{}: {}{default}{}", value.name.node, value.ty.node, directives(&value.directives))
}

fn input_field(field: &InputValueDefinition) -> String {
    format!("{}  {}", description("  ", field.description.as_ref()), input_value(field))
}

fn enum_value(value: &EnumValueDefinition) -> String {
    let description = description("  ", value.description.as_ref());
    format!("{description}  {}{}", value.value.node, directives(&value.directives))
}

fn implements(interfaces: &[Positioned<Name>]) -> String {
    if interfaces.is_empty() { String::new() } else { format!(" implements {}", names(interfaces, " & ")) }
}

fn names(names: &[Positioned<Name>], separator: &str) -> String {
    names.iter().map(|name| name.node.as_str()).collect::<Vec<_>>().join(separator)
}

fn directives(applied: &[Positioned<ConstDirective>]) -> String {
    let texts: Vec<_> = applied.iter().map(|applied| directive(&applied.node)).collect();
    if texts.is_empty() { String::new() } else { format!(" {}", texts.join(" ")) }
}

fn directive(applied: &ConstDirective) -> String {
    let given = applied.arguments.iter();
    let arguments: Vec<_> = given.map(|(name, value)| format!("{}: {}", name.node, value.node)).collect();
    let name = &applied.name.node;
    if arguments.is_empty() { format!("@{name}") } else { format!("@{name}({})", arguments.join(", ")) }
}

/// A description with the line's end behind it; nothing if there is none.
fn description(indent: &str, text: Option<&Positioned<String>>) -> String {
    let Some(text) = text else { return String::new() };
    let text = text.node.trim();
    if !text.contains(['\n', '"', '\\']) {
        return format!("{indent}\"{text}\"\n");
    }
    let text = text.replace("\"\"\"", "\\\"\"\"");
    let lines = text.lines().map(|line| format!("{indent}{line}").trim_end().to_owned());
    format!("{indent}\"\"\"\n{}\n{indent}\"\"\"\n", lines.collect::<Vec<_>>().join("\n"))
}
