//! The API schema: what clients see.

use std::fmt::Write;

use super::sdl::{Reader, applied, arguments, description, value};
use crate::merged::{Merged, MergedField, MergedType, is_inaccessible, visible_arguments};
use crate::model::Kind;

/// Prints the API schema.
pub(crate) fn api(merged: &Merged<'_>) -> String {
    let mut out = String::new();
    description(&mut out, merged.description, "");
    out.push_str("schema {\n");
    for (operation, name) in &merged.roots {
        if merged.types.get(name).is_some_and(|ty| !is_inaccessible(&ty.applied)) {
            let _ = writeln!(out, "  {operation}: {name}");
        }
    }
    out.push_str("}\n");
    for definition in &merged.executable {
        if let Some(text) = merged.directives.get(definition.name) {
            let _ = write!(out, "\n{text}\n");
        }
    }
    for ty in merged.types.values().filter(|ty| !is_inaccessible(&ty.applied)) {
        out.push('\n');
        type_text(&mut out, merged, ty);
    }
    out
}

fn type_text(out: &mut String, merged: &Merged<'_>, ty: &MergedType<'_>) {
    description(out, ty.description, "");
    let keyword = match ty.kind {
        Kind::Scalar => "scalar",
        Kind::Object => "type",
        Kind::Interface => "interface",
        Kind::Union => "union",
        Kind::Enum => "enum",
        Kind::Input => "input",
    };
    let _ = write!(out, "{keyword} {}", ty.name);
    let visible = |name: &&str| merged.types.get(*name).is_none_or(|ty| !is_inaccessible(&ty.applied));
    let mut interfaces: Vec<&str> = Vec::new();
    for (_, interface) in &ty.implements {
        if !interfaces.contains(interface) && visible(interface) {
            interfaces.push(interface);
        }
    }
    if !interfaces.is_empty() {
        let _ = write!(out, " implements {}", interfaces.join(" & "));
    }
    applied(out, &ty.applied, Reader::Client);
    match ty.kind {
        Kind::Scalar => {}
        Kind::Union => {
            let members: Vec<&str> = ty.members.keys().copied().filter(visible).collect();
            let _ = write!(out, " = {}", members.join(" | "));
        }
        Kind::Enum => {
            out.push_str(" {\n");
            for (name, entry) in ty.values.iter().filter(|(_, entry)| !is_inaccessible(&entry.applied)) {
                description(out, entry.description, "  ");
                let _ = write!(out, "  {name}");
                applied(out, &entry.applied, Reader::Client);
                out.push('\n');
            }
            out.push('}');
        }
        Kind::Object | Kind::Interface | Kind::Input => {
            out.push_str(" {\n");
            for field in ty.fields.values().filter(|field| !is_inaccessible(&field.applied)) {
                field_text(out, field);
            }
            out.push('}');
        }
    }
    out.push('\n');
}

fn field_text(out: &mut String, field: &MergedField<'_>) {
    description(out, field.description, "  ");
    let _ = write!(out, "  {}", field.name);
    let visible = visible_arguments(&field.arguments);
    arguments(out, visible, "  ", Reader::Client);
    let _ = write!(out, ": {}", field.ty);
    if let Some(default) = field.default {
        let _ = write!(out, " = {}", value(default));
    }
    applied(out, &field.applied, Reader::Client);
    out.push('\n');
}
