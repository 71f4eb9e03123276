//! Types of fields, arguments and input fields.

use crate::merge::Context;
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
pub(crate) fn merge_output<'a>(
    context: &Context<'a, '_>,
    types: &[TypeReference<'a>],
) -> Option<Agreement<'a>> {
    merge(types, |sub, sup| context.hierarchy.is_subtype(sub, sup))
}

/// The narrowest of input types.
pub(crate) fn merge_input<'a>(
    context: &Context<'a, '_>,
    types: &[TypeReference<'a>],
) -> Option<Agreement<'a>> {
    merge(types, |sub, sup| context.hierarchy.is_subtype(sup, sub))
}

/// Each type in turn must fit the widest so far, or be wider.
fn merge<'a>(
    types: &[TypeReference<'a>],
    fits: impl Fn(TypeReference<'a>, TypeReference<'a>) -> bool,
) -> Option<Agreement<'a>> {
    let (&first, rest) = types.split_first()?;
    if rest.iter().all(|&ty| ty == first) {
        return Some(Agreement::Same(first));
    }
    let mut widest = first;
    for &ty in rest {
        if fits(widest, ty) {
            widest = ty;
        } else if !fits(ty, widest) {
            return Some(Agreement::Mismatch(first));
        }
    }
    Some(Agreement::Compatible(widest))
}
