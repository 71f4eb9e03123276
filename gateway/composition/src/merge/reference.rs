//! Types of fields, arguments and input fields.

use crate::merge::Context;
use crate::merge::hierarchy::Written;
use crate::model::TypeReference;

/// What the merge of type references found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement<'a> {
    /// All equal.
    Same(TypeReference<'a>),
    /// Different, but one fits all.
    Compatible(TypeReference<'a>),
    /// None fits all; the first.
    Mismatch(TypeReference<'a>),
}

impl<'a> Agreement<'a> {
    pub(crate) fn ty(self) -> TypeReference<'a> {
        match self {
            Self::Same(ty) | Self::Compatible(ty) | Self::Mismatch(ty) => ty,
        }
    }
}

/// The widest of output types.
pub(crate) fn merge_output<'a>(context: &Context<'a, '_>, types: &[Written<'a>]) -> Option<Agreement<'a>> {
    merge(types, |sub, sup| context.hierarchy.is_subtype(sub, sup))
}

/// The narrowest of input types.
pub(crate) fn merge_input<'a>(context: &Context<'a, '_>, types: &[Written<'a>]) -> Option<Agreement<'a>> {
    merge(types, |sub, sup| context.hierarchy.is_subtype(sup, sub))
}

fn merge<'a>(
    types: &[Written<'a>],
    fits: impl Fn(Written<'a>, Written<'a>) -> bool,
) -> Option<Agreement<'a>> {
    let (&first, rest) = types.split_first()?;
    if rest.iter().all(|(_, ty)| *ty == first.1) {
        return Some(Agreement::Same(first.1));
    }
    let widest = rest.iter().fold(first, |widest, &ty| if fits(widest, ty) { ty } else { widest });
    Some(if types.iter().all(|&ty| fits(ty, widest)) {
        Agreement::Compatible(widest.1)
    } else {
        Agreement::Mismatch(first.1)
    })
}
