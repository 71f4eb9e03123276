//! Arguments as text with one spelling.

use octavo_language::{Node, ast};

/// The arguments of a field as text, sorted by name, object fields too, so that equal arguments are equal text;
/// empty when there are none.
pub fn canonical_arguments(arguments: &[Node<ast::Argument>]) -> String {
    let mut sorted: Vec<_> = arguments.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut text = String::new();
    for argument in sorted {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&argument.name);
        text.push_str(": ");
        write_value(&mut text, &argument.value);
    }
    text
}

fn write_value(text: &mut String, value: &ast::Value) {
    match value {
        ast::Value::List(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write_value(text, item);
            }
            text.push(']');
        }
        ast::Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            text.push('{');
            for (index, (name, field)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                text.push_str(name);
                text.push_str(": ");
                write_value(text, field);
            }
            text.push('}');
        }
        leaf => text.push_str(&leaf.serialize().no_indent().to_string()),
    }
}
