//! `INTERFACE_KEY_NOT_ON_IMPLEMENTATION`: who implements an interface has its keys.

use std::collections::BTreeSet;

use crate::code::Code;
use crate::field_set::{self, Selected, Selection};
use crate::model::{Key, Kind, Subgraph};
use crate::report::{Place, Report};

pub(crate) fn check(subgraph: &Subgraph<'_>, report: &mut Report) {
    let schema = &subgraph.schema;
    for interface in schema.types.values().filter(|ty| ty.kind == Kind::Interface) {
        for key in &interface.keys {
            let Ok(wanted) = field_set::parse(&key.fields.text) else { continue };
            let wanted = normal(&wanted);
            for name in schema.implementers.get(interface.name).into_iter().flatten() {
                let Some(implementation) = schema.types.get(name).filter(|ty| ty.kind == Kind::Object) else {
                    continue;
                };
                let same = implementation
                    .keys
                    .iter()
                    .find(|own| field_set::parse(&own.fields.text).is_ok_and(|own| normal(&own) == wanted));
                let resolves = |key: &Key<'_>| key.resolvable != Some(false);
                if !same.is_some_and(|own| resolves(own) || !resolves(key)) {
                    let message = format!(
                        "`{name}` lacks the key `{}` of its interface `{}`",
                        key.fields.text, interface.name
                    );
                    let place = Place { subgraph: subgraph.name, span: implementation.span };
                    report.error(Code::InterfaceKeyNotOnImplementation, message, place);
                }
            }
        }
    }
}

/// A key as a set, so that order does not matter.
fn normal(selections: &[Selection<'_>]) -> BTreeSet<String> {
    selections
        .iter()
        .map(|selection| {
            let name = match selection.what {
                Selected::Field { name, .. } => name.to_owned(),
                Selected::Fragment { on } => format!("... on {}", on.unwrap_or_default()),
            };
            let children: Vec<String> = normal(&selection.children).into_iter().collect();
            format!("{name} {{{}}}", children.join(" "))
        })
        .collect()
}
