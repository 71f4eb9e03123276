//! What the tags of a contract hide by themselves.

use super::{Contract, Hide};
use crate::merged::{Merged, MergedDirective, MergedType};
use crate::model::Kind;

pub(super) fn filter(merged: &mut Merged<'_>, contract: &Contract, hide: &Hide) {
    for ty in merged.types.values_mut() {
        filter_type(ty, contract, hide);
    }
}

fn filter_type(ty: &mut MergedType<'_>, contract: &Contract, hide: &Hide) {
    let whole = contract.includes(&ty.applied);
    if contract.excludes(&ty.applied) || (ty.kind == Kind::Union && !whole) {
        hide.hide(&mut ty.applied);
    }
    let by_inclusion = matches!(ty.kind, Kind::Object | Kind::Interface) && !whole;
    for field in ty.fields.values_mut() {
        if contract.excludes(&field.applied) || (by_inclusion && !contract.includes(&field.applied)) {
            hide.hide(&mut field.applied);
        }
        for argument in field.arguments.values_mut() {
            if contract.excludes(&argument.applied) {
                hide.hide(&mut argument.applied);
            }
        }
    }
    for value in ty.values.values_mut() {
        if contract.excludes(&value.applied) {
            hide.hide(&mut value.applied);
        }
    }
}

impl Contract {
    fn includes(&self, applied: &[MergedDirective]) -> bool {
        self.include_tags.is_empty() || has_one(applied, &self.include_tags)
    }

    fn excludes(&self, applied: &[MergedDirective]) -> bool {
        has_one(applied, &self.exclude_tags)
    }
}

fn has_one(applied: &[MergedDirective], tags: &[String]) -> bool {
    let mut own = applied.iter().filter_map(|directive| directive.tag.as_deref());
    own.any(|tag| tags.iter().any(|wanted| wanted == tag))
}
