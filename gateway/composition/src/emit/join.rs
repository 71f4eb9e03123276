//! The vocabulary of the join specification. See <https://specs.apollo.dev/join/v0.3/>.

use std::fmt::Write;

use octavo_index::{Id, IndexVec};

use super::sdl::quote;
use crate::maps::HashSet;
use crate::merged::{JoinField, JoinType};
use crate::model::{GraphId, Subgraph, Version};

/// The version of the join specification that the subgraphs' features need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum JoinVersion {
    V3,
    V4,
    V5,
}

impl JoinVersion {
    pub(crate) fn of(subgraphs: &IndexVec<GraphId, Subgraph<'_>>) -> Self {
        let newest = subgraphs.iter().map(|subgraph| match subgraph.needed_version().0 {
            Version::One => 0,
            Version::Two(minor) => minor,
        });
        match newest.max().unwrap_or_default() {
            0..=6 => Self::V3,
            7 => Self::V4,
            _ => Self::V5,
        }
    }

    /// Whether directives can be carried for the subgraph that has them.
    pub(crate) fn has_directive(self) -> bool {
        self >= Self::V4
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::V3 => "v0.3",
            Self::V4 => "v0.4",
            Self::V5 => "v0.5",
        }
    }

    /// Definitions of the specification's directives.
    pub(crate) fn directives(self) -> Vec<(&'static str, String)> {
        let mut field = "graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean".to_owned();
        if self >= Self::V4 {
            field.push_str(", overrideLabel: String");
        }
        if self >= Self::V5 {
            field.push_str(", contextArguments: [join__ContextArgument!]");
        }
        let mut all = vec![
            ("join__enumValue", "(graph: join__Graph!) repeatable on ENUM_VALUE".to_owned()),
            ("join__field", format!("({field}) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION")),
            ("join__graph", "(name: String!, url: String!) on ENUM_VALUE".to_owned()),
            ("join__implements", "(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE".to_owned()),
            ("join__type", "(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR".to_owned()),
            ("join__unionMember", "(graph: join__Graph!, member: String!) repeatable on UNION".to_owned()),
            ("link", "(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA".to_owned()),
        ];
        if self.has_directive() {
            let directive = "(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION";
            all.push(("join__directive", directive.to_owned()));
        }
        all.into_iter().map(|(name, rest)| (name, format!("directive @{name}{rest}"))).collect()
    }

    /// Definitions of the specification's types other than `join__Graph`.
    pub(crate) fn types(self) -> Vec<(&'static str, &'static str)> {
        let mut all = vec![
            ("join__FieldSet", "scalar join__FieldSet"),
            ("link__Import", "scalar link__Import"),
            ("link__Purpose", PURPOSE),
        ];
        if self >= Self::V4 {
            all.push(("join__DirectiveArguments", "scalar join__DirectiveArguments"));
        }
        if self >= Self::V5 {
            all.push(("join__FieldValue", "scalar join__FieldValue"));
            all.push(("join__ContextArgument", CONTEXT_ARGUMENT));
        }
        all
    }
}

const PURPOSE: &str = r#"enum link__Purpose {
  """
  `SECURITY` features provide metadata necessary to securely resolve fields.
  """
  SECURITY

  """
  `EXECUTION` features provide metadata necessary for operation execution.
  """
  EXECUTION
}"#;

const CONTEXT_ARGUMENT: &str = "input join__ContextArgument {
  name: String!
  type: String!
  context: String!
  selection: join__FieldValue!
}";

/// Names of the subgraphs as values of `join__Graph`: upper case, other characters as `_`, numbered where two would meet.
pub(crate) fn graph_names(subgraphs: &IndexVec<GraphId, Subgraph<'_>>) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::default();
    let base: Vec<String> = subgraphs.iter().map(|subgraph| graph_value(subgraph.name)).collect();
    let mut names = Vec::with_capacity(base.len());
    for name in &base {
        let repeated = base.iter().filter(|other| *other == name).count() > 1;
        let mut unique = name.clone();
        let mut number = 1;
        if repeated {
            unique = format!("{name}_{number}");
        }
        while !taken.insert(unique.clone()) {
            number += 1;
            unique = format!("{name}_{number}");
        }
        names.push(unique);
    }
    names
}

/// A subgraph's name as a value of `join__Graph`, before those that meet are numbered.
pub(crate) fn graph_value(name: &str) -> String {
    let mut value: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if value.starts_with(|c: char| c.is_ascii_digit()) {
        value.insert(0, '_');
    }
    let ends_in_number = value
        .rsplit_once('_')
        .is_some_and(|(_, tail)| !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_digit()));
    if ends_in_number {
        value.push('_');
    }
    value
}

/// `@join__type`.
pub(crate) fn join_type(join: &JoinType<'_>, graphs: &[String]) -> String {
    let mut out = format!("@join__type(graph: {}", graphs[join.graph.index()]);
    if let Some(key) = join.key {
        let _ = write!(out, ", key: {}", quote(key));
    }
    if join.extension {
        out.push_str(", extension: true");
    }
    if let Some(resolvable) = join.resolvable {
        let _ = write!(out, ", resolvable: {resolvable}");
    }
    if join.is_interface_object {
        out.push_str(", isInterfaceObject: true");
    }
    out.push(')');
    out
}

/// `@join__field`.
pub(crate) fn join_field(join: &JoinField<'_>, graphs: &[String]) -> String {
    let mut parts = Vec::new();
    if let Some(graph) = join.graph {
        parts.push(format!("graph: {}", graphs[graph.index()]));
    }
    if let Some(requires) = join.requires {
        parts.push(format!("requires: {}", quote(requires)));
    }
    if let Some(provides) = join.provides {
        parts.push(format!("provides: {}", quote(provides)));
    }
    if let Some(from) = join.overrides {
        parts.push(format!("override: {}", quote(from)));
    }
    if let Some(ty) = join.ty {
        parts.push(format!("type: \"{ty}\""));
    }
    if join.external {
        parts.push("external: true".to_owned());
    }
    if join.used_overridden {
        parts.push("usedOverridden: true".to_owned());
    }
    if let Some(label) = join.label {
        parts.push(format!("overrideLabel: {}", quote(label)));
    }
    if !join.contextual.is_empty() {
        parts.push(format!("contextArguments: [{}]", join.contextual.join(", ")));
    }
    if parts.is_empty() { "@join__field".to_owned() } else { format!("@join__field({})", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::graph_value;

    #[test]
    fn subgraph_names_become_enum_values() {
        for (name, value) in
            [("books", "BOOKS"), ("a-b.c", "A_B_C"), ("1st", "_1ST"), ("books_1", "BOOKS_1_")]
        {
            assert_eq!(graph_value(name), value);
        }
    }
}
