//! An operation planned into fetches.
