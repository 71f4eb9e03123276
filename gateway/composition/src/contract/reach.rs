//! Types that an operation can name or get.

use std::collections::BTreeMap;

use super::Hide;
use crate::maps::HashSet;
use crate::merged::{Merged, MergedType, is_inaccessible, visible_arguments};

/// Hides all others.
pub(super) fn hide_unreachable(merged: &mut Merged<'_>, hide: &Hide) {
    let reached = reached(merged);
    for ty in merged.types.values_mut().filter(|ty| !reached.contains(ty.name)) {
        hide.hide(&mut ty.applied);
    }
}

fn reached<'a>(merged: &Merged<'a>) -> HashSet<&'a str> {
    let mut implementations: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
    for ty in merged.types.values() {
        for (_, interface) in &ty.implements {
            implementations.entry(interface).or_default().push(ty.name);
        }
    }
    let mut open: Vec<&str> = merged.roots.iter().map(|(_, name)| *name).collect();
    open.extend(of_directives(merged));
    let mut reached = HashSet::default();
    while let Some(name) = open.pop() {
        let Some(ty) = merged.types.get(name).filter(|ty| !is_inaccessible(&ty.applied)) else { continue };
        if reached.insert(ty.name) {
            open.extend(named_by(ty));
            open.extend(implementations.get(name).into_iter().flatten());
        }
    }
    reached
}

/// The types that a type names: of fields and their arguments, its interfaces, its members.
fn named_by<'t, 'a>(ty: &'t MergedType<'a>) -> impl Iterator<Item = &'a str> + 't {
    let fields = ty.fields.values().filter(|field| !is_inaccessible(&field.applied)).flat_map(|field| {
        let arguments = visible_arguments(&field.arguments);
        arguments.map(|argument| argument.ty.name).chain([field.ty.name])
    });
    fields.chain(ty.implements.iter().map(|(_, interface)| *interface)).chain(ty.members.keys().copied())
}

/// The types that arguments of executable directives are of.
fn of_directives<'a>(merged: &Merged<'a>) -> Vec<&'a str> {
    let arguments = merged.executable.iter().flat_map(|definition| visible_arguments(&definition.arguments));
    arguments.map(|argument| argument.ty.name).collect()
}
