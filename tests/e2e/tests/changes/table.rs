//! The table of causes, and whether it names the client schema's fields, each once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, ensure};
use octavo_e2e::root;
use octavo_language::{Limits, ValidSchema};

use crate::supergraph::Supergraph;

/// Why nothing that is heard of changes a field.
const REASONS: [(&str, &str); 5] = [
    ("constant", "it is what it was at its object's beginning, until that is gone"),
    ("answer", "it belongs to the answer to one mutation, or to the history of a saga"),
    ("live", "it is kept for no time: each reading asks its owner"),
    ("saga", "a saga changes it before anybody knows its object"),
    ("time", "it changes as time passes, and is kept for no time"),
];

/// A field, and how its change is seen.
pub(crate) struct Field {
    pub(crate) coordinate: String,
    /// The type whose entity is read, or Query.
    pub(crate) of: String,
    pub(crate) read: String,
}

/// The fields of each cause; those that none changes are checked and left out.
pub(crate) fn causes() -> anyhow::Result<BTreeMap<String, Vec<Field>>> {
    let mut causes: BTreeMap<String, Vec<Field>> = BTreeMap::new();
    let mut listed = BTreeSet::new();
    let supergraph = Supergraph::read()?;
    for line in include_str!("causes.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (subject, cause) = line.split_once(['<', '=']).with_context(|| line.to_owned())?;
        let (type_name, fields) = subject.trim().split_once(' ').with_context(|| line.to_owned())?;
        for field in fields.split(' ') {
            let coordinate = format!("{type_name}.{field}");
            ensure!(listed.insert(coordinate.clone()), "{coordinate} stands twice in causes.txt");
            let Some((cause, read)) = cause.split_once(':').filter(|_| line.contains('<')) else {
                let reason = cause.trim();
                let known = REASONS.iter().any(|(name, _)| *name == reason);
                ensure!(known, "{coordinate}: {reason} is no reason");
                let is_kept = ["live", "time"].contains(&reason) && supergraph.keeps(type_name, field);
                ensure!(!is_kept, "{coordinate} is kept for a time: what ends that?");
                continue;
            };
            let (of, read) = read.trim().split_once(' ').with_context(|| line.to_owned())?;
            ensure!(read.contains('*'), "{coordinate}: what is read does not show it");
            let field = Field { coordinate, of: of.to_owned(), read: read.replace('*', field) };
            causes.entry(cause.trim().to_owned()).or_default().push(field);
        }
    }
    let known = fields()?;
    let missing: Vec<_> = known.difference(&listed).collect();
    ensure!(missing.is_empty(), "causes.txt does not say what changes {missing:?}");
    let unknown: Vec<_> = listed.difference(&known).collect();
    ensure!(unknown.is_empty(), "causes.txt names what no query reaches: {unknown:?}");
    Ok(causes)
}

/// Every field of the objects that a query can reach.
fn fields() -> anyhow::Result<BTreeSet<String>> {
    let text = fs::read_to_string(root().join("schema/api.graphql"))?;
    let api = ValidSchema::parse("api.graphql", &text, Limits::SCHEMA);
    let api = api.map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
    let objects: Vec<Object> = api
        .schema()
        .types
        .values()
        .filter_map(|named| named.as_object())
        .map(|object| Object {
            name: object.name.to_string(),
            interfaces: object.implements_interfaces.iter().map(ToString::to_string).collect(),
            fields: (object.fields.iter())
                .map(|(name, field)| (name.to_string(), field.ty.inner_named_type().to_string()))
                .collect(),
        })
        .collect();
    let (mut seen, mut next) = (BTreeSet::new(), vec!["Query".to_owned()]);
    let mut found = BTreeSet::new();
    while let Some(name) = next.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        for object in objects.iter().filter(|object| object.name == name || object.interfaces.contains(&name))
        {
            for (field, of) in &object.fields {
                found.insert(format!("{}.{field}", object.name));
                next.push(of.clone());
            }
        }
    }
    Ok(found)
}

struct Object {
    name: String,
    interfaces: Vec<String>,
    /// Each with the name of its type.
    fields: Vec<(String, String)>,
}
