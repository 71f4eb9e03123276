//! What a client says of a field that may be empty: nothing, that it be empty, or a value.

use async_graphql::MaybeUndefined;
use serde::Serialize;

/// What becomes of a field that may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Patch<T> {
    /// It stays as it is.
    Keep,
    /// It becomes empty.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Patch<T> {
    /// The field afterwards.
    pub fn apply(self, field: Option<T>) -> Option<T> {
        match self {
            Self::Keep => field,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// The same with the value checked, if there is one.
    pub fn check<U, E>(&self, rule: impl FnOnce(&T) -> Result<U, E>) -> Result<Patch<U>, E> {
        match self {
            Self::Keep => Ok(Patch::Keep),
            Self::Clear => Ok(Patch::Clear),
            Self::Set(value) => rule(value).map(Patch::Set),
        }
    }
}

impl<T> From<MaybeUndefined<T>> for Patch<T> {
    fn from(given: MaybeUndefined<T>) -> Self {
        match given {
            MaybeUndefined::Undefined => Self::Keep,
            MaybeUndefined::Null => Self::Clear,
            MaybeUndefined::Value(value) => Self::Set(value),
        }
    }
}
