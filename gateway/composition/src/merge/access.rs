//! Access rules of merged elements, and of interfaces through their implementations.

use std::collections::BTreeMap;

use crate::access::Access;
use crate::merge::Context;
use crate::merged::{Merged, MergedDirective, MergedType, Visible};
use crate::model::Kind;

/// Gives every element its rules; an interface asks for what all its implementations ask for together.
pub(crate) fn settle<'a>(context: &mut Context<'a, '_>, merged: &mut Merged<'a>) {
    for ty in merged.types.values_mut() {
        ty.access = Access::of(ty.sources.iter().flat_map(|(_, source)| &source.applied));
        for field in ty.fields.values_mut() {
            let own = field.sources.iter().filter(|(_, source)| !source.external);
            field.access = Access::of(own.flat_map(|(_, source)| &source.applied));
        }
    }
    let mut of_types: BTreeMap<&'a str, Access> = BTreeMap::new();
    let mut of_fields: BTreeMap<(&'a str, &'a str), Access> = BTreeMap::new();
    for ty in merged.types.values().filter(|ty| ty.kind == Kind::Object) {
        for &(_, interface) in &ty.implements {
            let entry = of_types.entry(interface).or_default();
            *entry = entry.and(&ty.access);
            for field in ty.fields.values().filter(|field| !field.access.is_open()) {
                let entry = of_fields.entry((interface, field.name)).or_default();
                *entry = entry.and(&field.access);
            }
        }
    }
    for ty in merged.types.values_mut().filter(|ty| ty.kind == Kind::Interface) {
        let name = ty.name;
        if let Some(access) = of_types.get(name) {
            ty.access = access.clone();
        }
        for field in ty.fields.values_mut() {
            if let Some(access) = of_fields.get(&(name, field.name)) {
                field.access = field.access.and(access);
            }
        }
    }
    merged.types.values_mut().for_each(|ty| print(context, ty));
}

fn print<'a>(context: &mut Context<'a, '_>, ty: &mut MergedType<'a>) {
    let mut write = |access: &Access, applied: &mut Vec<MergedDirective>| {
        for (builtin, arguments) in access.arguments() {
            context.features.note(builtin);
            let text = format!("@{}{arguments}", context.features.name(builtin));
            applied.push(MergedDirective { kind: Visible::Gateway, text, tag: None });
        }
    };
    write(&ty.access, &mut ty.applied);
    for field in ty.fields.values_mut() {
        write(&field.access, &mut field.applied);
    }
}
