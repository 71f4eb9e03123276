//! Typed ids, indexed vectors and a name interner.
