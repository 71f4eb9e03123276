//! The supergraph SDL, in the shape that gateways load: definitions by name, `@join__` directives on every element.

use std::collections::BTreeMap;
use std::fmt::Write;

use octavo_index::{Id, IndexVec};

use super::join::{JoinVersion, graph_names, join_field, join_type};
use super::sdl::{Reader, applied, arguments, description, quote, value};
use crate::merged::{Merged, MergedField, MergedType};
use crate::model::{GraphId, Kind, Subgraph};

/// Whether to say which subgraph has what.
#[derive(Clone, Copy)]
enum Joins<'g> {
    /// With the subgraphs as the values of `join__Graph`, by position.
    Written(&'g [String]),
    LeftOut,
}

/// Prints the supergraph.
pub(crate) fn supergraph(merged: &Merged<'_>, subgraphs: &IndexVec<GraphId, Subgraph<'_>>) -> String {
    print(merged, subgraphs, Joins::Written(&graph_names(subgraphs)))
}

/// Prints the supergraph's types without saying which subgraph has them: a fraction of the text, and all that a validation needs to see.
pub(crate) fn supergraph_types(merged: &Merged<'_>, subgraphs: &IndexVec<GraphId, Subgraph<'_>>) -> String {
    print(merged, subgraphs, Joins::LeftOut)
}

fn print(merged: &Merged<'_>, subgraphs: &IndexVec<GraphId, Subgraph<'_>>, joins: Joins<'_>) -> String {
    let graphs = graph_names(subgraphs);
    let version = JoinVersion::of(subgraphs);
    let mut out = schema(merged, version);
    let mut directives: BTreeMap<&str, String> = version.directives().into_iter().collect();
    for (name, text) in &merged.directives {
        directives.insert(name, text.clone());
    }
    for text in directives.values() {
        let _ = write!(out, "\n{text}\n");
    }
    let mut types: BTreeMap<&str, String> = BTreeMap::new();
    types.extend(version.types().into_iter().map(|(name, text)| (name, text.to_owned())));
    types.extend(merged.support.iter().map(|(name, text)| (name.as_str(), text.clone())));
    types.insert("join__Graph", graph_enum(subgraphs, &graphs));
    types.extend(merged.types.values().map(|ty| (ty.name, type_text(ty, joins))));
    for text in types.values() {
        let _ = write!(out, "\n{text}\n");
    }
    out
}

fn schema(merged: &Merged<'_>, version: JoinVersion) -> String {
    let mut out = String::new();
    description(&mut out, merged.description, "");
    out.push_str("schema\n  @link(url: \"https://specs.apollo.dev/link/v1.0\")\n");
    let _ =
        writeln!(out, "  @link(url: \"https://specs.apollo.dev/join/{}\", for: EXECUTION)", version.as_str());
    for feature in &merged.features {
        let _ = writeln!(out, "  @link({feature})");
    }
    for directive in &merged.applied {
        let _ = writeln!(out, "  {}", directive.text);
    }
    out.push_str("{\n");
    for (operation, name) in &merged.roots {
        let _ = writeln!(out, "  {operation}: {name}");
    }
    out.push_str("}\n");
    out
}

fn graph_enum(subgraphs: &IndexVec<GraphId, Subgraph<'_>>, graphs: &[String]) -> String {
    let mut out = "enum join__Graph {\n".to_owned();
    for (subgraph, name) in subgraphs.iter().zip(graphs) {
        let _ = writeln!(
            out,
            "  {name} @join__graph(name: {}, url: {})",
            quote(subgraph.name),
            quote(subgraph.url)
        );
    }
    out.push('}');
    out
}

fn type_text(ty: &MergedType<'_>, joins: Joins<'_>) -> String {
    let mut out = String::new();
    description(&mut out, ty.description, "");
    let keyword = match ty.kind {
        Kind::Scalar => "scalar",
        Kind::Object => "type",
        Kind::Interface => "interface",
        Kind::Union => "union",
        Kind::Enum => "enum",
        Kind::Input => "input",
    };
    let _ = write!(out, "{keyword} {}", ty.name);
    let mut interfaces: Vec<&str> = Vec::new();
    for (_, interface) in &ty.implements {
        if !interfaces.contains(interface) {
            interfaces.push(interface);
        }
    }
    if !interfaces.is_empty() {
        let _ = write!(out, " implements {}", interfaces.join(" & "));
    }
    if let Joins::Written(graphs) = joins {
        type_joins(&mut out, ty, graphs);
    }
    for directive in &ty.applied {
        let _ = write!(out, "\n  {}", directive.text);
    }
    body(&mut out, ty, joins);
    out
}

fn type_joins(out: &mut String, ty: &MergedType<'_>, graphs: &[String]) {
    for (graph, interface) in &ty.implements {
        let _ = write!(
            out,
            "\n  @join__implements(graph: {}, interface: \"{interface}\")",
            graphs[graph.index()]
        );
    }
    for join in &ty.joins {
        let _ = write!(out, "\n  {}", join_type(join, graphs));
    }
    for (member, from) in &ty.members {
        for graph in from {
            let _ =
                write!(out, "\n  @join__unionMember(graph: {}, member: \"{member}\")", graphs[graph.index()]);
        }
    }
}

fn body(out: &mut String, ty: &MergedType<'_>, joins: Joins<'_>) {
    match ty.kind {
        Kind::Scalar => {}
        Kind::Union => {
            let members: Vec<&str> = ty.members.keys().copied().collect();
            let _ = write!(out, "\n = {}", members.join(" | "));
        }
        Kind::Enum => {
            out.push_str("\n{\n");
            for (name, entry) in &ty.values {
                description(out, entry.description, "  ");
                let _ = write!(out, "  {name}");
                if let Joins::Written(graphs) = joins {
                    for graph in &entry.graphs {
                        let _ = write!(out, " @join__enumValue(graph: {})", graphs[graph.index()]);
                    }
                }
                applied(out, &entry.applied, Reader::Gateway);
                out.push('\n');
            }
            out.push('}');
        }
        Kind::Object | Kind::Interface | Kind::Input => {
            out.push_str("\n{\n");
            for field in ty.fields.values() {
                field_text(out, field, joins);
            }
            out.push('}');
        }
    }
}

fn field_text(out: &mut String, field: &MergedField<'_>, joins: Joins<'_>) {
    description(out, field.description, "  ");
    let _ = write!(out, "  {}", field.name);
    arguments(out, field.arguments.values(), "  ", Reader::Gateway);
    let _ = write!(out, ": {}", field.ty);
    if let Some(default) = field.default {
        let _ = write!(out, " = {}", value(default));
    }
    if let Joins::Written(graphs) = joins {
        for join in &field.joins {
            let _ = write!(out, " {}", join_field(join, graphs));
        }
    }
    applied(out, &field.applied, Reader::Gateway);
    out.push('\n');
}
