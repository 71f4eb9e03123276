//! Prints a parsed schema as SDL: definitions in the order of their names, members in their own.

use std::fmt::Write;

use async_graphql::{
    Positioned,
    parser::types::{
        ConstDirective, EnumType, FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind,
    },
};

/// The SDL of a type.
pub(super) fn type_definition(definition: &TypeDefinition) -> String {
    let mut out = String::new();
    description(&mut out, "", definition.description.as_ref());
    let name = &definition.name.node;
    let extend = if definition.extend { "extend " } else { "" };
    let keyword = match &definition.kind {
        TypeKind::Scalar => "scalar",
        TypeKind::Object(_) => "type",
        TypeKind::Interface(_) => "interface",
        TypeKind::Union(_) => "union",
        TypeKind::Enum(_) => "enum",
        TypeKind::InputObject(_) => "input",
    };
    out += &format!("{extend}{keyword} {name}");
    match &definition.kind {
        TypeKind::Object(object) => out += &implements(&object.implements),
        TypeKind::Interface(interface) => out += &implements(&interface.implements),
        _ => {}
    }
    out += &directives(&definition.directives);
    match &definition.kind {
        TypeKind::Scalar => {}
        TypeKind::Object(object) => fields(&mut out, &object.fields),
        TypeKind::Interface(interface) => fields(&mut out, &interface.fields),
        TypeKind::Union(union) => out += &format!(" = {}", names(&union.members, " | ")),
        TypeKind::Enum(values) => enum_values(&mut out, values),
        TypeKind::InputObject(input) => {
            out += " {\n";
            for field in &input.fields {
                description(&mut out, "  ", field.node.description.as_ref());
                out += &format!("  {}\n", input_value(&field.node));
            }
            out.push('}');
        }
    }
    out.push('\n');
    out
}

/// A directive as it is applied.
pub(super) fn directive(applied: &ConstDirective) -> String {
    let mut out = format!("@{}", applied.name.node);
    if !applied.arguments.is_empty() {
        let arguments: Vec<_> =
            applied.arguments.iter().map(|(name, value)| format!("{}: {}", name.node, value.node)).collect();
        write!(out, "({})", arguments.join(", ")).expect("writing to a string succeeds");
    }
    out
}

fn fields(out: &mut String, fields: &[Positioned<FieldDefinition>]) {
    if fields.is_empty() {
        return;
    }
    *out += " {\n";
    for field in fields {
        let field = &field.node;
        description(out, "  ", field.description.as_ref());
        *out += &format!("  {}", field.name.node);
        arguments(out, &field.arguments);
        *out += &format!(": {}{}\n", field.ty.node, directives(&field.directives));
    }
    out.push('}');
}

fn arguments(out: &mut String, arguments: &[Positioned<InputValueDefinition>]) {
    if arguments.is_empty() {
        return;
    }
    if arguments.iter().all(|argument| argument.node.description.is_none()) {
        let list: Vec<_> = arguments.iter().map(|argument| input_value(&argument.node)).collect();
        *out += &format!("({})", list.join(", "));
        return;
    }
    *out += "(\n";
    for argument in arguments {
        description(out, "    ", argument.node.description.as_ref());
        *out += &format!("    {}\n", input_value(&argument.node));
    }
    *out += "  )";
}

fn input_value(value: &InputValueDefinition) -> String {
    let default = value.default_value.as_ref().map(|value| format!(" = {}", value.node)).unwrap_or_default();
    format!("{}: {}{default}{}", value.name.node, value.ty.node, directives(&value.directives))
}

fn enum_values(out: &mut String, values: &EnumType) {
    *out += " {\n";
    for value in &values.values {
        description(out, "  ", value.node.description.as_ref());
        *out += &format!("  {}{}\n", value.node.value.node, directives(&value.node.directives));
    }
    out.push('}');
}

fn implements(interfaces: &[Positioned<async_graphql::Name>]) -> String {
    if interfaces.is_empty() { String::new() } else { format!(" implements {}", names(interfaces, " & ")) }
}

fn names(names: &[Positioned<async_graphql::Name>], separator: &str) -> String {
    names.iter().map(|name| name.node.as_str()).collect::<Vec<_>>().join(separator)
}

fn directives(applied: &[Positioned<ConstDirective>]) -> String {
    applied.iter().map(|applied| format!(" {}", directive(&applied.node))).collect()
}

fn description(out: &mut String, indent: &str, text: Option<&Positioned<String>>) {
    let Some(text) = text else { return };
    let text = text.node.trim();
    if text.contains('\n') || text.contains('"') || text.contains('\\') {
        let body = text.replace("\"\"\"", "\\\"\"\"");
        *out += &format!("{indent}\"\"\"\n");
        for line in body.lines() {
            let line = line.trim_end();
            *out += &if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") };
        }
        *out += &format!("{indent}\"\"\"\n");
    } else {
        *out += &format!("{indent}\"{text}\"\n");
    }
}
