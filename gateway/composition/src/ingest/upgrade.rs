//! Brings subgraphs without a federation link to Federation 2.
//!
//! In Federation 1 an extension repeats its keys as external, any field may be resolved anywhere, `@external` without use and
//! federation directives on interfaces mean nothing, and `@provides` and `@requires` of own fields are ignored.
//! See <https://www.apollographql.com/docs/graphos/reference/migration/to-federation-version-2>.

use crate::code::Code;
use crate::field_set::{self, Selected, Selection};
use crate::maps::{HashMap, HashSet};
use crate::model::{Builtin, FieldSet, Kind, Schema, Subgraph, TypeDefinition, Version, is_builtin_scalar};
use crate::report::{Place, Report};

/// Upgrades every subgraph of Federation 1; those with errors are left out.
pub(crate) fn to_federation_two(subgraphs: &mut Vec<Subgraph<'_>>, report: &mut Report) {
    report_plain_interface_keys(subgraphs, report);
    let mut refused = extending_nothing(subgraphs, report);
    let defined = defined_types(subgraphs);
    let keys = defined_keys(subgraphs);
    for subgraph in subgraphs.iter_mut().filter(|subgraph| subgraph.is_federation_one()) {
        if refused.contains(subgraph.name) {
            continue;
        }
        let mut own = Report::default();
        upgrade(subgraph, &defined, &keys, &mut own);
        if own.has_errors() {
            refused.insert(subgraph.name);
        }
        report.take(own);
    }
    subgraphs.retain(|subgraph| !refused.contains(subgraph.name));
}

fn upgrade<'a>(
    subgraph: &mut Subgraph<'a>,
    defined: &HashSet<&'a str>,
    keys: &HashMap<String, Vec<String>>,
    report: &mut Report,
) {
    let schema = &mut subgraph.schema;
    drop_external_on_interfaces(schema);
    drop_external_on_types(schema);
    drop_external_on_extension_keys(schema, keys);
    drop_inactive_field_sets(schema);
    drop_from_interfaces(schema);
    drop_unused_external(schema, subgraph.name, report);
    for ty in schema.types.values_mut() {
        share_fields(ty);
        if !ty.defined && defined.contains(ty.name) {
            ty.defined = true;
            let extends = ty.has(Builtin::Extends);
            ty.keys.iter_mut().for_each(|key| key.of_extension = extends);
        }
    }
}

/// Any field may be resolved anywhere, but for those that are added to a value type by a separate extension.
fn share_fields(ty: &mut TypeDefinition<'_>) {
    // Each subscription belongs to one subgraph.
    if ty.kind != Kind::Object || ty.name == "Subscription" {
        return;
    }
    let is_value = ty.keys.is_empty() && ty.defined && !matches!(ty.name, "Query" | "Mutation");
    for field in ty.fields.values_mut() {
        field.shareable = !(is_value && ty.extension_parts.contains(&field.part));
    }
}

/// Types that some subgraph defines rather than extends.
fn defined_types<'a>(subgraphs: &[Subgraph<'a>]) -> HashSet<&'a str> {
    let types = subgraphs.iter().flat_map(|subgraph| subgraph.schema.types.values());
    types.filter(|ty| ty.defined).map(|ty| ty.name).collect()
}

fn drop_external_on_interfaces(schema: &mut Schema<'_>) {
    for ty in schema.types.values_mut().filter(|ty| ty.kind == Kind::Interface) {
        for field in ty.fields.values_mut() {
            field.external = false;
        }
    }
}

/// `@external` on a type as a whole meant nothing.
fn drop_external_on_types(schema: &mut Schema<'_>) {
    for ty in schema.types.values_mut() {
        for field in ty.fields.values_mut() {
            field.external &= field.has(Builtin::External);
        }
    }
}

/// Keys of types where they are defined.
fn defined_keys(subgraphs: &[Subgraph<'_>]) -> HashMap<String, Vec<String>> {
    let mut keys: HashMap<String, Vec<String>> = HashMap::default();
    let types = subgraphs.iter().flat_map(|subgraph| subgraph.schema.types.values());
    for ty in types.filter(|ty| ty.defined && !ty.keys.is_empty()) {
        let texts = ty.keys.iter().map(|key| key.fields.text.clone().into_owned());
        keys.entry(ty.name.to_owned()).or_default().extend(texts);
    }
    keys
}

/// An extension repeats its keys, or those of the definition, as external.
fn drop_external_on_extension_keys(schema: &mut Schema<'_>, defined: &HashMap<String, Vec<String>>) {
    let mut keys: HashSet<(&str, &str)> = HashSet::default();
    for ty in schema.types.values().filter(|ty| ty.is_extension()) {
        let own = ty.keys.iter().map(|key| &*key.fields.text);
        let inherited = defined.get(ty.name).filter(|_| ty.keys.is_empty());
        for text in own.chain(inherited.into_iter().flatten().map(String::as_str)) {
            let Ok(selections) = field_set::parse(text) else { continue };
            for selection in &selections {
                if let Selected::Field { name, .. } = selection.what
                    && let Some((name, _)) = ty.fields.get_key_value(name)
                {
                    keys.insert((ty.name, name));
                }
            }
        }
    }
    for ty in schema.types.values_mut() {
        for field in ty.fields.values_mut() {
            field.external &= !keys.contains(&(ty.name, field.name));
        }
    }
}

/// What is left of a field set.
enum Remainder {
    All,
    Part(String),
    Nothing,
}

/// Takes out of `@requires` and `@provides` what this subgraph resolves itself.
fn drop_inactive_field_sets(schema: &mut Schema<'_>) {
    let mut changed: HashMap<(&str, &str), [Remainder; 2]> = HashMap::default();
    for ty in schema.types.values() {
        for field in ty.fields.values() {
            let left = |parent: &str, set: &Option<FieldSet<'_>>| {
                set.as_ref().map_or(Remainder::All, |set| active(schema, parent, set))
            };
            let remainders = [left(ty.name, &field.requires), left(field.ty.name, &field.provides)];
            changed.insert((ty.name, field.name), remainders);
        }
    }
    for ty in schema.types.values_mut() {
        for field in ty.fields.values_mut() {
            let Some([requires, provides]) = changed.remove(&(ty.name, field.name)) else { continue };
            replace(&mut field.requires, requires);
            replace(&mut field.provides, provides);
        }
    }
}

fn replace(set: &mut Option<FieldSet<'_>>, with: Remainder) {
    match (with, set) {
        (Remainder::Nothing, set) => *set = None,
        (Remainder::Part(text), Some(set)) => set.text = text.into(),
        _ => {}
    }
}

fn active(schema: &Schema<'_>, parent: &str, set: &FieldSet<'_>) -> Remainder {
    let Ok(selections) = field_set::parse(&set.text) else { return Remainder::All };
    match keep_external(schema, parent, &selections) {
        None => Remainder::All,
        Some(kept) if kept == selections => Remainder::All,
        Some(kept) if kept.is_empty() => Remainder::Nothing,
        Some(kept) => Remainder::Part(field_set::print(&kept)),
    }
}

/// Selections that lead to external fields; `None` when a field does not exist.
fn keep_external<'t>(
    schema: &Schema<'_>,
    parent: &str,
    selections: &[Selection<'t>],
) -> Option<Vec<Selection<'t>>> {
    let mut kept = Vec::new();
    for selection in selections {
        let below = match selection.what {
            Selected::Fragment { on } => on.unwrap_or(parent),
            // Every subgraph has the name of a type itself.
            Selected::Field { name: "__typename", .. } => continue,
            Selected::Field { name, .. } => {
                let field = schema.types.get(parent)?.fields.get(name)?;
                let below = schema.types.get(field.ty.name);
                if selection.children.is_empty() && below.is_some_and(|below| below.kind.is_composite()) {
                    return None;
                }
                if field.external {
                    kept.push(selection.clone());
                    continue;
                }
                field.ty.name
            }
        };
        let children = keep_external(schema, below, &selection.children)?;
        if !children.is_empty() {
            kept.push(Selection { children, ..selection.clone() });
        }
    }
    Some(kept)
}

/// The subgraphs that extend an object type or interface that no other subgraph defines, which is an error.
fn extending_nothing<'a>(subgraphs: &[Subgraph<'a>], report: &mut Report) -> HashSet<&'a str> {
    let mut found = HashSet::default();
    let has_fields = |ty: &&TypeDefinition<'_>| matches!(ty.kind, Kind::Object | Kind::Interface);
    let mut definitions: HashMap<&str, usize> = HashMap::default();
    let types = subgraphs.iter().flat_map(|subgraph| subgraph.schema.types.values().filter(has_fields));
    for ty in types.filter(|ty| ty.defined) {
        *definitions.entry(ty.name).or_default() += 1;
    }
    for subgraph in subgraphs.iter().filter(|subgraph| subgraph.is_federation_one()) {
        for ty in subgraph.schema.types.values().filter(has_fields).filter(|ty| ty.is_extension()) {
            let all = definitions.get(ty.name).copied().unwrap_or_default();
            let is_root = matches!(ty.name, "Query" | "Mutation" | "Subscription");
            if !is_root && all - usize::from(ty.defined) == 0 {
                let message = format!("`{}` is only extended; no other subgraph defines it", ty.name);
                let place = Place { subgraph: subgraph.name, span: ty.span };
                report.error(Code::ExtensionWithNoBase, message, place);
                found.insert(subgraph.name);
            }
        }
    }
    found
}

/// An interface object relies on a key of its interface, which Federation 1 cannot offer.
fn report_plain_interface_keys(subgraphs: &[Subgraph<'_>], report: &mut Report) {
    let with_key = |subgraph: &Subgraph<'_>, name: &str| {
        let ty = subgraph.schema.types.get(name);
        ty.is_some_and(|ty| ty.kind == Kind::Interface && !ty.keys.is_empty())
    };
    for subgraph in subgraphs {
        for ty in subgraph.schema.types.values().filter(|ty| ty.is_interface_object()) {
            let mut offering = subgraphs.iter().filter(|other| with_key(other, ty.name)).peekable();
            if offering.peek().is_some() && offering.all(|other| other.version == Version::One) {
                let message = format!(
                    "`{}` is an `@interfaceObject`, but its interface has a key only in subgraphs of Federation 1, where such a key means nothing",
                    ty.name
                );
                let place = Place { subgraph: subgraph.name, span: ty.span };
                report.error(Code::InterfaceObjectUsageError, message, place);
            }
        }
    }
}

/// Keys and field sets on interfaces meant nothing.
fn drop_from_interfaces(schema: &mut Schema<'_>) {
    let leaves: HashSet<&str> =
        schema.types.values().filter(|ty| !ty.kind.is_composite()).map(|ty| ty.name).collect();
    for ty in schema.types.values_mut() {
        if ty.kind == Kind::Interface {
            ty.keys.clear();
            ty.applied.retain(|applied| !applied.is(Builtin::Key));
        }
        for field in ty.fields.values_mut() {
            let on_leaf = leaves.contains(field.ty.name) || is_builtin_scalar(field.ty.name);
            if ty.kind == Kind::Interface || on_leaf {
                field.provides = None;
            }
            if ty.kind == Kind::Interface {
                field.requires = None;
            }
        }
    }
}

/// Removes external fields that nothing uses, and types that had no other fields; entities and what something is of cannot go.
fn drop_unused_external(schema: &mut Schema<'_>, subgraph: &str, report: &mut Report) {
    super::usage::mark(schema, Version::One);
    let mut emptied = Vec::new();
    for ty in schema.types.values_mut() {
        let before = ty.fields.len();
        ty.fields.retain(|_, field| !field.external || field.used);
        if before > 0 && ty.fields.is_empty() {
            emptied.push(ty.name);
        }
    }
    for name in emptied {
        let Some(ty) = schema.types.shift_remove(name) else { continue };
        if !ty.keys.is_empty() || is_referenced(schema, name) {
            let message =
                format!("every field of `{name}` is `@external`, and nothing here uses any of them");
            let place = Place { subgraph, span: ty.span };
            report.error(Code::TypeWithOnlyUnusedExternal, message, place);
        }
    }
}

/// Whether a field is of that type, or a union or a type has it.
fn is_referenced(schema: &Schema<'_>, name: &str) -> bool {
    schema.types.values().any(|ty| {
        ty.implements.contains_key(name)
            || ty.members.contains_key(name)
            || ty.fields.values().any(|field| field.ty.name == name)
    })
}
