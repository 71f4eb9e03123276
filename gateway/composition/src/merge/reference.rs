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

fn merge<'a>(
    types: &[TypeReference<'a>],
    fits: impl Fn(TypeReference<'a>, TypeReference<'a>) -> bool,
) -> Option<Agreement<'a>> {
    let (&first, rest) = types.split_first()?;
    if rest.iter().all(|&ty| ty == first) {
        return Some(Agreement::Same(first));
    }
    let widest = rest.iter().fold(first, |widest, &ty| if fits(widest, ty) { ty } else { widest });
    Some(if types.iter().all(|&ty| fits(ty, widest)) {
        Agreement::Compatible(widest)
    } else {
        Agreement::Mismatch(first)
    })
}
