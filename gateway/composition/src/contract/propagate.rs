//! What follows from hiding: a field without its type is nothing, and neither is a type without its fields.

use super::Hide;
use crate::maps::HashSet;
use crate::merged::{Merged, MergedType, is_inaccessible};
use crate::model::Kind;

/// Hides what follows, in rounds: each takes one step from every hidden type, and a schema has finitely many.
pub(super) fn propagate(merged: &mut Merged<'_>, hide: &Hide) {
    loop {
        let hidden: HashSet<&str> =
            merged.types.values().filter(|ty| is_inaccessible(&ty.applied)).map(|ty| ty.name).collect();
        let mut changed = false;
        for ty in merged.types.values_mut().filter(|ty| !hidden.contains(ty.name)) {
            changed |= hide_references(ty, &hidden, hide);
            changed |= is_empty(ty, &hidden) && hide.hide(&mut ty.applied);
        }
        if !changed {
            return;
        }
    }
}

fn hide_references(ty: &mut MergedType<'_>, hidden: &HashSet<&str>, hide: &Hide) -> bool {
    let mut changed = false;
    for field in ty.fields.values_mut() {
        changed |= hidden.contains(field.ty.name) && hide.hide(&mut field.applied);
        for argument in field.arguments.values_mut() {
            changed |= hidden.contains(argument.ty.name) && hide.hide(&mut argument.applied);
        }
    }
    changed
}

fn is_empty(ty: &MergedType<'_>, hidden: &HashSet<&str>) -> bool {
    match ty.kind {
        Kind::Scalar => false,
        Kind::Union => ty.members.keys().all(|member| hidden.contains(member)),
        Kind::Enum => ty.values.values().all(|value| is_inaccessible(&value.applied)),
        Kind::Object | Kind::Interface | Kind::Input => {
            ty.fields.values().all(|field| is_inaccessible(&field.applied))
        }
    }
}
