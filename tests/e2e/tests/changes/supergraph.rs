//! What the supergraph says of keys, and of how long things are kept.

use std::fs;
use std::time::Duration;

use anyhow::Context;
use octavo_e2e::root;

pub(crate) struct Supergraph(String);

impl Supergraph {
    pub(crate) fn read() -> anyhow::Result<Self> {
        Ok(Self(fs::read_to_string(root().join("schema/supergraph.graphql"))?))
    }

    /// What stands before a type's fields, and these.
    pub(crate) fn find(&self, type_name: &str) -> Option<(&str, &str)> {
        let starts = [format!("\ntype {type_name}"), format!("\ninterface {type_name}")];
        let found = starts.iter().find_map(|start| {
            let rests = self.0.match_indices(start.as_str()).map(|(at, start)| &self.0[at + start.len()..]);
            rests.into_iter().find(|rest| rest.starts_with([' ', '\n']))
        })?;
        let (head, rest) = found.split_once("\n{")?;
        Some((head, rest.split_once("\n}")?.0))
    }

    /// Whether entities of this type are kept, and this field with them.
    pub(crate) fn keeps(&self, type_name: &str, field: &str) -> bool {
        let Some((head, fields)) = self.find(type_name) else { return false };
        let is_nought = |text: &str| text.contains("args: {maxAge: 0}");
        let is_field = |line: &&str| {
            let rest = line.trim_start().strip_prefix(field);
            rest.is_some_and(|rest| rest.starts_with([':', '(']))
        };
        let is_live = fields.lines().find(is_field).is_some_and(is_nought);
        head.contains("key: ") && !is_nought(head) && !is_live
    }

    /// The shortest time for which anything is kept at all.
    pub(crate) fn shortest_lifetime(&self) -> anyhow::Result<Duration> {
        let lifetimes = self.0.split("maxAge: ").skip(1).map(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u64>()
        });
        let lifetimes: Vec<u64> = lifetimes.collect::<Result<_, _>>()?;
        let shortest = lifetimes.into_iter().filter(|seconds| *seconds > 0).min();
        Ok(Duration::from_secs(shortest.context("nothing is kept")?))
    }
}
