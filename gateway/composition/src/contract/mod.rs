//! Contracts: the supergraph with a part of it hidden from clients, chosen by `@tag`.
//!
//! What is hidden becomes `@inaccessible`: the gateway may still ask for it, as a key or for `@requires`, and clients do not see it.
//!
//! 1. [`filter`]: hide what the tags say.
//! 2. [`propagate`]: hide what has lost its type, and types that have lost everything, until nothing changes.
//! 3. [`reach`]: if asked for, hide types that no operation can reach.
//! 4. Check that what is left is a schema.
//!
//! The rules of inclusion are those of <https://www.apollographql.com/docs/graphos/platform/schema-management/delivery/contracts/overview>.

mod filter;
mod propagate;
mod reach;

use std::collections::BTreeSet;

use crate::code::Code;
use crate::merged::{Merged, MergedDirective, Visible, is_inaccessible};
use crate::report::Report;
use octavo_diagnostics::Diagnostic;

/// Which part of a supergraph one kind of client sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contract {
    /// Its name, for messages and for [`ContractVariant::name`](crate::ContractVariant::name).
    pub name: String,
    /// If there are any: fields of objects and interfaces, and unions, are hidden unless one of these tags stands on them or on their
    /// type.
    pub include_tags: Vec<String>,
    /// Whatever has one of these tags is hidden, whatever else it has.
    pub exclude_tags: Vec<String>,
    /// Hides the types that no operation of the contract can name or get.
    pub hide_unreachable_types: bool,
}

/// The merged schema with what the contract leaves out marked.
pub(crate) fn apply<'a>(merged: &Merged<'a>, contract: &Contract, report: &mut Report) -> Merged<'a> {
    report_unknown_tags(merged, contract, report);
    let mut merged = merged.clone();
    let hide = Hide(merged.hiding.directive.clone());
    filter::filter(&mut merged, contract, &hide);
    propagate::propagate(&mut merged, &hide);
    if contract.hide_unreachable_types {
        reach::hide_unreachable(&mut merged, &hide);
    }
    merged.declare_hiding();
    merged
}

/// Marks elements as hidden; holds the directive as it is printed.
struct Hide(String);

impl Hide {
    /// Hides an element; tells whether it was seen until now.
    fn hide(&self, applied: &mut Vec<MergedDirective>) -> bool {
        let seen = !is_inaccessible(applied);
        if seen {
            applied.push(MergedDirective { kind: Visible::Inaccessible, text: self.0.clone(), tag: None });
        }
        seen
    }
}

/// A tag that nothing has is mostly a slip of the pen, and an inclusion of it hides everything.
fn report_unknown_tags(merged: &Merged<'_>, contract: &Contract, report: &mut Report) {
    let known = tags(merged);
    for tag in contract.include_tags.iter().chain(&contract.exclude_tags) {
        if known.contains(tag.as_str()) {
            continue;
        }
        let list = known.iter().map(|tag| format!("`{tag}`")).collect::<Vec<_>>().join(", ");
        let has =
            if known.is_empty() { "there are no tags".to_owned() } else { format!("the tags are {list}") };
        let message =
            format!("the contract `{}` names the tag `{tag}`, which nothing has; {has}", contract.name);
        report.push(Diagnostic::hint(Code::UnknownContractTag.as_str(), message));
    }
}

fn tags<'m>(merged: &'m Merged<'_>) -> BTreeSet<&'m str> {
    let mut lists = Vec::new();
    for ty in merged.types.values() {
        lists.push(&ty.applied);
        lists.extend(ty.values.values().map(|value| &value.applied));
        for field in ty.fields.values() {
            lists.push(&field.applied);
            lists.extend(field.arguments.values().map(|argument| &argument.applied));
        }
    }
    lists.into_iter().flatten().filter_map(|directive| directive.tag.as_deref()).collect()
}
