//! Access rules of merged elements, and of interfaces through their implementations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use crate::access::Access;
use crate::merge::{Context, differing};
use crate::merged::{Merged, MergedDirective, MergedField, MergedType, Visible};
use crate::model::{Applied, Builtin, GraphId, Kind};

/// Applications of access rules, with their subgraphs.
type Rules<'a> = Vec<(GraphId, &'a Applied<'a>)>;

/// Gives every element its rules; an interface asks for what all its implementations ask for together.
pub(crate) fn settle<'a>(context: &mut Context<'a, '_>, merged: &mut Merged<'a>) {
    let mut of_types: BTreeMap<&'a str, Rules<'a>> = BTreeMap::new();
    let mut of_fields: BTreeMap<(&'a str, &'a str), Rules<'a>> = BTreeMap::new();
    for ty in merged.types.values().filter(|ty| ty.kind == Kind::Object) {
        let interfaces: BTreeSet<&'a str> = ty.implements.iter().map(|(_, interface)| *interface).collect();
        for interface in interfaces {
            of_types.entry(interface).or_default().extend(rules_of_type(ty));
            for field in ty.fields.values() {
                let rules = rules_of_field(field);
                if !rules.is_empty() {
                    of_fields.entry((interface, field.name)).or_default().extend(rules);
                }
            }
        }
    }
    for ty in merged.types.values_mut() {
        let is_interface = ty.kind == Kind::Interface;
        let through = of_types.remove(ty.name).filter(|_| is_interface);
        let rules = through.unwrap_or_else(|| rules_of_type(ty));
        ty.access = merge_one(context, &ty.name, &rules);
        for field in ty.fields.values_mut() {
            let mut rules = rules_of_field(field);
            let through = of_fields.remove(&(ty.name, field.name)).filter(|_| is_interface);
            rules.extend(through.into_iter().flatten());
            field.access = merge_one(context, &format_args!("{}.{}", ty.name, field.name), &rules);
        }
        print(context, ty);
    }
}

fn rules_of_type<'a>(ty: &MergedType<'a>) -> Rules<'a> {
    let lists = ty.sources.iter().map(|(graph, source)| (*graph, &source.applied));
    lists.flat_map(|(graph, list)| rules(graph, list)).collect()
}

fn rules_of_field<'a>(field: &MergedField<'a>) -> Rules<'a> {
    let own = field.sources.iter().filter(|(_, source)| !source.external);
    own.flat_map(|(graph, source)| rules(*graph, &source.applied)).collect()
}

fn rules<'a>(graph: GraphId, list: &'a [Applied<'a>]) -> impl Iterator<Item = (GraphId, &'a Applied<'a>)> {
    let is_rule = |applied: &&Applied<'_>| {
        [Builtin::Authenticated, Builtin::RequiresScopes, Builtin::Policy].iter().any(|b| applied.is(*b))
    };
    list.iter().filter(is_rule).map(move |applied| (graph, applied))
}

/// All rules together, with a hint where they differ.
fn merge_one<'a>(context: &mut Context<'a, '_>, coordinate: &dyn Display, rules: &Rules<'a>) -> Access {
    for builtin in [Builtin::RequiresScopes, Builtin::Policy] {
        let group: Rules<'a> = rules.iter().copied().filter(|(_, applied)| applied.is(builtin)).collect();
        differing::report(context, &format_args!("`{coordinate}`"), builtin, &group);
    }
    Access::of(rules.iter().map(|(_, applied)| *applied))
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
